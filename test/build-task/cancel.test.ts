import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { getAttempt } from "#adapters/dynamodb/attempts.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { auditTable } from "#test/kit/audit.ts";
import { processesOf, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const workshop = useWorkshop({ aws, python: demo.python, channel: demo.url });

test("the task of a canceled build ends itself, writes no result and leaves neither directory nor process", async () => {
  const id = await workshop.order(JSON.stringify({ name: "unwanted", dependencies: ["demo-links"] }));
  const task = workshop.start(id);
  await vi.waitFor(async () => expect((await getAttempt(workshop.db, id, 1))?.step).toBeTruthy(), {
    timeout: 30_000,
    interval: 20,
  });

  expect((await makeMove(workshop.db, id, { name: "cancel", by: "api", at: new Date() })).won).toBe(true);

  const { code, output } = await task.ended;
  expect([code, output]).toEqual([0, expect.stringContaining("The attempt was closed")]);
  const build = await getBuild(workshop.db, id);
  expect(build?.status).toBe("CANCELED");
  expect((await getAttempt(workshop.db, id, 1))?.result).toBeNull();
  expect(existsSync(join(workshop.disk, build?.namespace ?? "", build?.buildKey ?? ""))).toBe(false);
  expect(readdirSync(workshop.work)).toEqual([]);
  expect(processesOf(workshop.work)).toEqual([]);
  expect(await auditTable(workshop.db)).toEqual([]);
}, 60_000);
