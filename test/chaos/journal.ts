/**
 * The tasks' writes that the table took, in the order in which it took them.
 * @module
 */
import type { Asked } from "./proxy.ts";

export interface TaskWrite {
  readonly build: number;
  readonly attempt: number;
  readonly owner: string;
  /** The step that is marked, if this is a mark. */
  readonly step: string | null;
}

interface Update {
  readonly Key?: { readonly pk?: { readonly S?: string }; readonly sk?: { readonly S?: string } };
  readonly ExpressionAttributeValues?: Readonly<Record<string, { readonly S?: string }>>;
}

/** A task's write to its attempt, or null. */
export function taskWriteOf({ operation, body }: Asked): TaskWrite | null {
  if (operation !== "UpdateItem") return null;
  const { Key, ExpressionAttributeValues: values = {} } = JSON.parse(body.toString("utf8")) as Update;
  const [kind, build] = (Key?.pk?.S ?? "").split("#");
  const owner = values[":is_owner"]?.S;
  if (kind !== "ATTEMPT" || owner === undefined) return null;
  return {
    build: Number(build),
    attempt: Number(Key?.sk?.S),
    owner,
    step: values[":set_step"]?.S ?? null,
  };
}

/** What is wrong with the order of writes: an attempt or owner that came back after another had begun. */
export function faultsOfJournal(writes: readonly TaskWrite[]): string[] {
  const faults: string[] = [];
  for (const [build, own] of Map.groupBy(writes, (write) => write.build)) {
    const over = new Set<string>();
    let last: string | undefined;
    for (const { attempt, owner } of own) {
      const who = `attempt ${attempt} of ${owner}`;
      if (over.has(who)) faults.push(`build ${build}: ${who} wrote after ${last} had begun`);
      if (last !== undefined && last !== who) over.add(last);
      last = who;
    }
  }
  return faults;
}
