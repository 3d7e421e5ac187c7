/**
 * Who asked for builds, as the audit has it: told of all builds to who manages the namespace, else of one's own.
 * @module
 */
import { listAudit } from "#core/contract/audit.ts";
import { api } from "./api.ts";
import type { Build } from "./follow-build.ts";
import { parseTime } from "./format.ts";
import { canIn, session } from "./session.ts";

/** So far back is looked. */
const ENTRIES_MAX = 500;

/** @returns names by the build's id; empty for who may not know */
async function ask(
  namespace: string,
  narrowed: { readonly since?: string; readonly until?: string; readonly limit: string },
): Promise<ReadonlyMap<number, string>> {
  if (session.value?.authenticated !== true) return new Map();
  const ofAll = canIn("namespace-role-mapping::update", namespace);
  const outcome = await api(listAudit, { query: { ...narrowed, ...(ofAll ? { namespace } : {}) } });
  if (!outcome.ok) return new Map();
  return new Map(
    outcome.value.data.flatMap(({ action, build_id, by }) =>
      action === "build.create" && build_id !== null ? [[build_id, by.name || by.kind]] : [],
    ),
  );
}

/** Of the builds that were asked for last in a namespace. */
export const newestAuthors = (namespace: string): Promise<ReadonlyMap<number, string>> =>
  ask(namespace, { limit: String(ENTRIES_MAX) });

/** Of one build: its entry has the very time at which it was asked for. */
export async function authorOf(
  namespace: string,
  { id, scheduled_on }: Pick<Build, "id" | "scheduled_on">,
): Promise<string | null> {
  const at = parseTime(scheduled_on);
  const until = new Date(at.getTime() + 1);
  const found = await ask(namespace, {
    since: at.toISOString(),
    until: until.toISOString(),
    limit: String(ENTRIES_MAX),
  });
  return found.get(id) ?? null;
}
