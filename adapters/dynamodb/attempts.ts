/**
 * What a task writes while it works: beat, step, result. Each write names the attempt and its owner, and none reaches
 * an attempt that was closed: a task that lost its lease can change nothing.
 * @module
 */
import { type Attempt, type AttemptResult, parseAttemptResult } from "#core/build/attempt.ts";
import { parseTestResults, type TestResult } from "#core/build/test-result.ts";
import { batchGet } from "./batch-get.ts";
import { ConditionalCheckFailedException, GetCommand, UpdateCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { expressions } from "./expression.ts";
import { type Item, packJson, unpackJson } from "./item.ts";
import { attemptKey } from "./keys.ts";

/** Who writes: the attempt and the owner that claimed it. */
export interface AttemptOwner {
  readonly build: number;
  readonly attempt: number;
  readonly owner: string;
}

/**
 * Raises the beat to `beat`, which must not be less than any before.
 * @returns false when the attempt is closed or another's: the task must stop working
 */
export const beat = (db: Db, who: AttemptOwner, beat: number): Promise<boolean> =>
  // "At most" and not "less": the SDK may repeat a write whose answer it did not hear.
  write(db, who, { beat }, { beat: { atMost: beat } });

/** Notes the step that begins. @returns false as `beat` does */
export const saveStep = (db: Db, who: AttemptOwner, step: string): Promise<boolean> =>
  write(db, who, { step });

/** Stores the result; `finish` decides by it. A repeat of the same write is harmless. @returns false as `beat` does */
export const putResult = (db: Db, who: AttemptOwner, result: AttemptResult): Promise<boolean> =>
  write(db, who, { result });

/** Stores what came of the specification's tests. @returns false as `beat` does */
export const saveTests = async (db: Db, who: AttemptOwner, tests: readonly TestResult[]): Promise<boolean> =>
  write(db, who, { tests: await packJson(tests, "The output of the tests") });

/** What came of the tests of an attempt; null when it did not get so far, or has none. */
export async function getTests(
  db: Db,
  build: number,
  attempt: number,
): Promise<readonly TestResult[] | null> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: attemptKey(build, attempt), ProjectionExpression: "tests" }),
  );
  return Item?.["tests"] === undefined ? null : parseTestResults(await unpackJson(Item["tests"]));
}

/** The attempt's record, or null. A malformed result reads as none. */
export async function getAttempt(db: Db, build: number, attempt: number): Promise<Attempt | null> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: attemptKey(build, attempt), ConsistentRead: true }),
  );
  return Item ? toAttempt(Item) : null;
}

/** Attempts' records; missing ones are absent from the map, whose keys are builds: one attempt of each is asked for. */
export async function getAttempts(
  db: Db,
  wanted: readonly { readonly build: number; readonly attempt: number }[],
): Promise<Map<number, Attempt>> {
  const items = await batchGet(
    db,
    wanted.map(({ build, attempt }) => attemptKey(build, attempt)),
  );
  return new Map(items.map(toAttempt).map((attempt) => [attempt.build, attempt]));
}

async function write(
  db: Db,
  { build, attempt, owner }: AttemptOwner,
  set: Readonly<Record<string, unknown>>,
  where: Readonly<Record<string, unknown>> = {},
): Promise<boolean> {
  try {
    await db.client.send(
      new UpdateCommand({
        TableName: db.table,
        Key: attemptKey(build, attempt),
        ...expressions({ set, where: { owner, closed: false, ...where } }),
      }),
    );
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}

function toAttempt(item: Item): Attempt {
  return {
    build: item["build"] as number,
    attempt: item["attempt"] as number,
    owner: item["owner"] as string | null,
    beat: item["beat"] as number,
    step: item["step"] as string | null,
    result: parseAttemptResult(item["result"]),
    closed: item["closed"] as boolean,
  };
}
