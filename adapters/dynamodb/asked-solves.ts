/**
 * Solves that somebody asked for, each for a day; and which one is the newest for a question.
 * Cost: docs/access-patterns.md, 112 to 115.
 * @module
 */
import { createHash } from "node:crypto";
import { minutesAfter } from "#core/build/job.ts";
import {
  areInForce,
  isFresh,
  keptPlacesOf,
  SOLVE_KEPT_HOURS,
  type Solve,
  type SolveAnswer,
  type SolveFault,
  type SolveQuestion,
} from "#core/solve/solve.ts";
import { ConditionalCheckFailedException, GetCommand, UpdateCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { putDue } from "./due.ts";
import { expressions, UNSET } from "./expression.ts";
import { type Item, packJson, toDate, toDateOrNull, toSeconds, unpackJson, withVersion } from "./item.ts";
import { askedSolveKey, newestSolveKey, SCHEMA_VERSION, thingKey } from "./keys.ts";
import { getRepodata } from "./repodata.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { transact } from "./transact.ts";
import { change } from "./transact-items.ts";

export interface StoredSolve {
  readonly solve: Solve;
  readonly question: SolveQuestion;
  readonly answer: SolveAnswer | null;
}

type Asked = Pick<Solve, "namespace" | "environment" | "sha256" | "document"> &
  SolveQuestion & {
    /** As `solvedBy` tells it. */
    readonly by: object;
  };

/** What makes two questions one. */
const questionOf = ({ namespace, environment, document, by }: Asked): string =>
  `${namespace}/${environment}/${document}/${createHash("sha256").update(JSON.stringify(by)).digest("hex")}`;

/**
 * Notes a question; one that was asked a moment ago is the same solve, unless an index that it read has been replaced since.
 * @returns `isNew`: the caller is to have it solved
 * @throws AppError invalid_request when the specification does not fit into an item
 */
export async function askSolve(db: Db, asked: Asked, now: Date): Promise<{ solve: Solve; isNew: boolean }> {
  const newest = newestSolveKey(questionOf(asked));
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: newest, ConsistentRead: true }),
  );
  const known = Item && (await getAskedSolve(db, String(Item["id"]), now));
  if (known && isFresh(known.solve, now) && (await holds(db, known)))
    return { solve: known.solve, isNew: false };
  const { namespace, environment, sha256, document, posted, spec } = asked;
  const id = crypto.randomUUID();
  const question = await packJson({ posted, spec }, "The specification");
  const expiresAt = toSeconds(minutesAfter(now, SOLVE_KEPT_HOURS * 60));
  const item = { id, namespace, environment, sha256, document, status: "QUEUED", askedOn: now.toISOString() };
  await withRetry(async () => {
    const outcome = await transact(db, [
      {
        Put: {
          TableName: db.table,
          Item: withVersion({ ...askedSolveKey(id), ...item, question, expiresAt }),
        },
      },
      { Put: { TableName: db.table, Item: withVersion({ ...newest, id, expiresAt }) } },
    ]);
    return outcome.kind === "done" ? "done" : AGAIN;
  });
  return { solve: toSolve(item), isNew: true };
}

async function holds(db: Db, { solve, answer }: StoredSolve): Promise<boolean> {
  const sources = answer?.sources ?? [];
  const places = keptPlacesOf(solve.namespace, sources);
  return places.length === 0 || areInForce(sources, await getRepodata(db, places));
}

/** The solve with what was asked and answered; null for none, or one whose day is over. */
export async function getAskedSolve(db: Db, id: string, now: Date): Promise<StoredSolve | null> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: askedSolveKey(id), ConsistentRead: true }),
  );
  if (!Item || Number(Item["expiresAt"]) <= toSeconds(now)) return null;
  return {
    solve: toSolve(Item),
    question: await unpackJson<SolveQuestion>(Item["question"]),
    answer: Item["answer"] === undefined ? null : await unpackJson<SolveAnswer>(Item["answer"]),
  };
}

/** Begins it. @returns false when somebody has begun already, so that a message which comes twice is solved once */
export const beginSolve = (db: Db, id: string): Promise<boolean> =>
  update(db, id, { set: { status: "SOLVING" }, where: { status: "QUEUED" } });

/** Ends it with a lock. The lock's object must be there. */
export async function endSolve(
  db: Db,
  id: string,
  {
    lockDigest,
    answer,
    now,
  }: { readonly lockDigest: string; readonly answer: SolveAnswer; readonly now: Date },
): Promise<void> {
  const packed = await packJson(answer, "The solve");
  const set = { status: "SOLVED", lockDigest, answer: packed, endedOn: now.toISOString() };
  await update(db, id, { set, where: { status: "SOLVING" } });
}

export async function failSolve(
  db: Db,
  id: string,
  { message, fault, now }: { readonly message: string; readonly fault: SolveFault; readonly now: Date },
): Promise<void> {
  const set = { status: "FAILED", message, fault, endedOn: now.toISOString() };
  await update(db, id, { set, where: { status: "SOLVING" } });
}

/**
 * Sees to it that a solve's lock goes some time after the solve, unless a build holds it then. To be done before the lock is stored.
 * @returns false while the same lock is being removed
 */
export async function keepForSolve(db: Db, thing: string, now: Date): Promise<boolean> {
  const due = minutesAfter(now, (SOLVE_KEPT_HOURS + 1) * 60);
  return await withRetry(async () => {
    const outcome = await transact(db, [
      change(db, thingKey(thing), {
        set: { thing, givenBackOn: now.toISOString(), v: SCHEMA_VERSION },
        add: { holders: 0 },
        where: { condemned: UNSET },
      }),
      putDue(db, { due, job: { kind: "thing", thing } }),
    ]);
    return outcome.kind === "contention" ? AGAIN : outcome.kind === "done";
  });
}

async function update(db: Db, id: string, wanted: Parameters<typeof expressions>[0]): Promise<boolean> {
  const Key = askedSolveKey(id);
  try {
    await db.client.send(new UpdateCommand({ TableName: db.table, Key, ...expressions(wanted) }));
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

const toSolve = (item: Item): Solve => ({
  id: String(item["id"]),
  namespace: String(item["namespace"]),
  environment: String(item["environment"]),
  status: item["status"] as Solve["status"],
  askedOn: toDate(item["askedOn"]),
  endedOn: toDateOrNull(item["endedOn"] ?? null),
  sha256: String(item["sha256"]),
  document: String(item["document"]),
  message: (item["message"] as string | undefined) ?? null,
  fault: (item["fault"] as SolveFault | undefined) ?? null,
  lockDigest: (item["lockDigest"] as string | undefined) ?? null,
});
