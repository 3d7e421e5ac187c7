/**
 * Posting a specification.
 * @module
 */
import * as v from "valibot";
import type { CountedRequest } from "#adapters/dynamodb/rates.ts";
import { submitSpecification } from "#adapters/dynamodb/submit.ts";
import { notAuthorized } from "#core/access/may.ts";
import { ofEnvironment, ofNamespace } from "#core/access/pattern.ts";
import { dataReply } from "#core/contract/shapes.ts";
import type { postSpecification } from "#core/contract/specifications.ts";
import { AppError } from "#core/errors.ts";
import { NewNamespaceName } from "#core/names.ts";
import { prepareSubmission } from "../../prepare-submission.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { accepted } from "./accepted.ts";
import { countedSubmission } from "./count-request.ts";

let opened: ReturnType<typeof openReaders> | undefined;

/** The YAML parser is half as large as the rest of the API, and only this route needs it. */
async function openReaders() {
  const [posted, clone, solved] = await Promise.all([
    import("#core/specification/posted.ts"),
    import("./clone.ts"),
    import("./solved.ts"),
  ]);
  return { ...posted, ...clone, ...solved };
}

/** Text, name, permission, settings, one transaction, wake-up: a refusal at any point leaves nothing behind. */
export const posting =
  (services: Services): Tell<typeof postSpecification> =>
  async (given) => {
    const { own, c } = given;
    const buildId = await countedSubmission(services, own, c, (counted) => submit(services, given, counted));
    await accepted(services, c, buildId);
    return dataReply({ build_id: buildId });
  };

type Given = Parameters<Tell<typeof postSpecification>>[0];

async function submit(
  services: Services,
  { db, body, own, can, allow }: Given,
  counted: CountedRequest,
): Promise<number> {
  opened ??= openReaders();
  const { readPosted, sourceOf, readClone, readSolved } = await opened;
  const namespace = namespaceOf(body.namespace || own.primaryNamespace);
  const source = sourceOf(body);
  const posted =
    source === "clone"
      ? await readClone(services, body, can)
      : source === "solve"
        ? await readSolved(services, body, namespace, can)
        : readPosted(body);
  await allow(ofEnvironment(namespace, posted.name));
  const { buildId } = await submitSpecification(db, {
    ...(await prepareSubmission(services, namespace, posted)),
    counted,
    createNamespace: await can("namespace::create", ofNamespace(namespace)),
  }).catch((error: unknown) => {
    // Who may not make the namespace learns no more than that he may not.
    throw error instanceof AppError && error.code === "namespace_not_found" ? notAuthorized() : error;
  });
  return buildId;
}

function namespaceOf(text: string): string {
  const result = v.safeParse(NewNamespaceName, text);
  if (!result.success) throw new AppError("invalid_name", result.issues[0].message);
  return result.output;
}
