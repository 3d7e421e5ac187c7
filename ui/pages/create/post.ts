/**
 * Sends a draft as what it is.
 * @module
 */
import type { Client, Outcome } from "#core/contract/client.ts";
import type { Reply } from "#core/contract/route.ts";
import { postSpecification } from "#core/contract/specifications.ts";
import type { Draft } from "../../draft.ts";

/** @param solveId of a solve of this very text, whose packages are built; null for a solve of its own */
export function post(
  client: Client,
  draft: Draft,
  solveId: string | null,
): Promise<Outcome<Reply<typeof postSpecification>>> {
  const namespace = draft.namespace.trim() || null;
  const name = draft.name.trim();
  switch (draft.format) {
    case "environment":
      if (solveId !== null) return client(postSpecification, { body: { namespace, solve_id: solveId } });
      return client(postSpecification, { body: { namespace, specification: draft.text } });
    case "lockfile":
      return client(postSpecification, {
        body: { namespace, specification: draft.text, is_lockfile: true, environment_name: name },
      });
    case "pip": {
      const file = { name: "requirements.txt", content: draft.text, format: "pip" } as const;
      return client(postSpecification, { body: { namespace, files: [file], environment_name: name } });
    }
  }
}
