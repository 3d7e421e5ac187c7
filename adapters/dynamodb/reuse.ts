/**
 * What a build with the same lock left behind in the same namespace, to be lent instead of made again; and that it passed tests.
 * @module
 */
import type { Artifact } from "#core/build/status.ts";
import { parseTestResults, type TestResult } from "#core/build/test-result.ts";
import { ConditionalCheckFailedException, DeleteCommand, GetCommand, PutCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { expressions } from "./expression.ts";
import { packJson, unpackJson, withVersion } from "./item.ts";

export interface Reusable {
  /** The build that made it. */
  readonly build: number;
  /** Name of its directory. */
  readonly directory: string;
  readonly sizeBytes: number;
  /** Number of packages. */
  readonly packages: number;
  readonly artifacts: readonly Artifact[];
}

const keyOf = (reuseKey: string) => ({ pk: `REUSE#${reuseKey}`, sk: "REUSE" });

/** @returns null when there is nothing to lend; what is named may have gone since: look before lending */
export async function getReusable(db: Db, reuseKey: string): Promise<Reusable | null> {
  const { Item } = await db.client.send(new GetCommand({ TableName: db.table, Key: keyOf(reuseKey) }));
  if (!Item) return null;
  return {
    build: Item["build"] as number,
    directory: Item["directory"] as string,
    sizeBytes: Item["sizeBytes"] as number,
    packages: Item["packages"] as number,
    artifacts: Item["artifacts"] as readonly Artifact[],
  };
}

/**
 * Nothing is lent any more of what one build made, while it is being removed.
 * @param directory whose it is: a newer one that took its place stays. An object has no other in its place.
 */
export async function dropReusable(db: Db, reuseKey: string, directory?: string): Promise<void> {
  try {
    await db.client.send(
      new DeleteCommand({
        TableName: db.table,
        Key: keyOf(reuseKey),
        ...(directory === undefined ? {} : expressions({ where: { directory } })),
      }),
    );
  } catch (error) {
    if (!(error instanceof ConditionalCheckFailedException)) throw error;
  }
}

/** The newest one is kept: its directory lives longest. */
export async function putReusable(db: Db, reuseKey: string, reusable: Reusable): Promise<void> {
  const Item = withVersion({ ...keyOf(reuseKey), ...reusable });
  await db.client.send(new PutCommand({ TableName: db.table, Item }));
}

/** An environment is tested by the tests' digest. */
export const greenTestsKey = (reuseKey: string, testsDigest: string): string => `${reuseKey}#${testsDigest}`;

const greenKeyOf = (key: string) => ({ pk: `REUSE#${key}`, sk: "TESTS" });

/** The results of tests that all passed. */
export async function putGreenTests(db: Db, key: string, results: readonly TestResult[]): Promise<void> {
  const content = await packJson(results, "The output of the tests");
  await db.client.send(
    new PutCommand({ TableName: db.table, Item: withVersion({ ...greenKeyOf(key), content }) }),
  );
}

/** @returns null when these tests were not run on this environment, or did not all pass */
export async function getGreenTests(db: Db, key: string): Promise<readonly TestResult[] | null> {
  const { Item } = await db.client.send(new GetCommand({ TableName: db.table, Key: greenKeyOf(key) }));
  return Item ? parseTestResults(await unpackJson(Item["content"])) : null;
}
