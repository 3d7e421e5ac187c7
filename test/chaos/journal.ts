/**
 * What the table took, in the order in which it took it: the tasks' writes, and the ends of builds.
 * @module
 */
import type { Build } from "#core/build/build.ts";
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

/** The end of a build, as the table took it. */
export interface BuildEnd {
  readonly build: number;
  readonly status: Build["status"];
  readonly statusInfo: string | null;
  /** Of the transaction: the same one may be sent again when its answer was lost. */
  readonly token: string;
}

interface Transaction {
  readonly ClientRequestToken?: string;
  readonly TransactItems?: readonly { readonly Update?: Update }[];
}

const FINAL: readonly Build["status"][] = ["COMPLETED", "FAILED", "CANCELED"];

/** The builds that a transaction ends. */
export function endsOf({ operation, body }: Asked): BuildEnd[] {
  if (operation !== "TransactWriteItems") return [];
  const { ClientRequestToken: token = "", TransactItems = [] } = JSON.parse(
    body.toString("utf8"),
  ) as Transaction;
  return TransactItems.flatMap(({ Update }) => {
    const { Key, ExpressionAttributeValues: values = {} } = Update ?? {};
    const status = FINAL.find((each) => each === values[":set_status"]?.S);
    if (status === undefined || Key?.sk?.S !== "BUILD") return [];
    const build = Number(Key.pk?.S?.split("#")[1]);
    return [{ build, status, statusInfo: values[":set_statusInfo"]?.S ?? null, token }];
  });
}

/** What is wrong with the ends: a build that ended twice, or without a reason. */
export function faultsOfEnds(ends: readonly BuildEnd[]): string[] {
  return [...Map.groupBy(ends, ({ build }) => build)].flatMap(([build, own]) => {
    const faults: string[] = [];
    if (new Set(own.map(({ token }) => token)).size > 1) {
      faults.push(`build ${build} ended more than once: ${own.map(({ status }) => status).join(", ")}`);
    }
    for (const { status, statusInfo } of own) {
      if (status !== "COMPLETED" && !statusInfo) faults.push(`build ${build} is ${status} without a reason`);
    }
    return faults;
  });
}
