import { beforeEach, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { GetCommand, UpdateCommand } from "#adapters/dynamodb/commands.ts";
import { type Db, openDb } from "#adapters/dynamodb/db.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import {
  attemptKey,
  buildItemKey,
  environmentKey,
  type Key,
  SCHEMA_VERSION,
} from "#adapters/dynamodb/keys.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { audited } from "#test/kit/audited.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { completedResult, dispatched, submitted } from "#test/kit/submissions.ts";

useMiniStack();
let db: Db;
let tables = 0;
beforeEach(async () => {
  db = openDb({ table: await createTable(`neighbours-${++tables}`) });
});

const change = (Key: Key, UpdateExpression: string, values?: Record<string, unknown>) =>
  db.client.send(
    new UpdateCommand({
      TableName: db.table,
      Key,
      UpdateExpression,
      ...(values && { ExpressionAttributeValues: values }),
    }),
  );
const read = async (Key: Key) =>
  (await db.client.send(new GetCommand({ TableName: db.table, Key, ConsistentRead: true }))).Item;

/** From the line to its end, as dispatch, a task and finish do. */
async function run(id: number): Promise<void> {
  await dispatched(db, id);
  const claim = await claimBuild(db, id, "task", new Date());
  if (!claim.won) throw new Error(claim.why);
  const { attempt } = claim;
  const move = {
    name: "complete",
    by: "finish",
    at: new Date(),
    attempt,
    result: completedResult(),
  } as const;
  const outcome = await makeMove(audited(db), id, move);
  if (!outcome.won) throw new Error(outcome.why);
}

test("what a newer version wrote is understood, and what only it knows is still there afterwards", async () => {
  const id = await submitted(db);
  const keys = [buildItemKey(id), environmentKey("team", "demo")];
  for (const key of keys) {
    await change(key, "SET v = :v, fromLater = :what", { ":v": SCHEMA_VERSION + 1, ":what": "kept" });
  }

  await run(id);

  expect(await getBuild(db, id)).toMatchObject({ id, status: "COMPLETED" });
  expect((await getEnvironment(db, "team", "demo"))?.currentBuildId).toBe(id);
  for (const key of keys) expect(await read(key)).toMatchObject({ fromLater: "kept" });
});

test("a build that an older version accepted is built, without what has come since", async () => {
  const id = await submitted(db);
  const since = [
    "requestId",
    "artifactsWanted",
    "baseImage",
    "frozenLock",
    "waitingSince",
    "memoryMiB",
    "tries",
    "lastTrouble",
  ];
  await change(buildItemKey(id), `REMOVE ${[...since, "pinnedOn", "deletedOn"].join(", ")}`);

  await run(id);

  const build = await getBuild(db, id);
  expect(build).toMatchObject({ status: "COMPLETED", requestId: null, frozenLock: null, pinnedOn: null });
  expect((await read(attemptKey(id, 1)))?.["v"]).toBe(SCHEMA_VERSION);
});
