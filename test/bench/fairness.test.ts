import { expect, test } from "vitest";
import { openDb } from "#adapters/dynamodb/db.ts";
import { readTurns } from "#adapters/dynamodb/line.ts";
import { openLog } from "#adapters/log.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { drain, type Started } from "#bench/fairness/drain.ts";
import { LINE, postAll } from "#bench/fairness/main.ts";
import { isFair, renderWaits, waitsOf } from "#bench/fairness/report.ts";
import type { WakeUp } from "#core/build/messages.ts";
import { dispatch } from "#functions/dispatch/dispatch.ts";
import { auditTable } from "#test/kit/audit.ts";
import { audited } from "#test/kit/audited.ts";
import { POLICY } from "#test/kit/builds.ts";
import { useEcs } from "#test/kit/ecs.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const ecs = useEcs();

const context = (table: string) => ({
  db: audited(openDb({ table })),
  tasks: ecs.tasks,
  wakeUps: openQueue<WakeUp>(aws.wakeUpQueue),
  slots: 6,
  slotsPerNamespace: 3,
  taskSizes: POLICY.taskSizes,
  clock: () => new Date(),
  log: openLog({ write: () => {} }),
});

/** Builds of two dispatchers' passes are started side by side, so each knows the order but for so many. */
const AT_ONCE = 6;

test("200 builds of several namespaces start in turns, and at no moment one has more than its share", async () => {
  const into = context(await createTable("fairness"));
  const namespaces = await postAll(into.db);
  expect(namespaces.size).toBe(200);
  const seen = { looks: 0, slots: 0, shares: new Map<string, number>() };

  const started = await drain({
    context: into,
    dispatchers: 2,
    namespaces,
    asked: () => [...new Set(ecs.requests.map(({ startedBy }) => startedBy))],
    watch: ({ slots, shares }) => {
      seen.looks++;
      seen.slots = Math.max(seen.slots, slots.length);
      for (const { namespace } of shares) {
        const held = shares.filter((share) => share.namespace === namespace).length;
        seen.shares.set(namespace, Math.max(seen.shares.get(namespace) ?? 0, held));
      }
    },
  });

  expect(started.map(({ build }) => build).sort((a, b) => a - b)).toEqual([...namespaces.keys()]);
  expect(seen.looks).toBeGreaterThan(200);
  expect(seen.slots).toBe(6);
  // The longest lines come to have as much as they may.
  expect([seen.shares.get("crowd"), seen.shares.get("team")]).toEqual([3, 3]);
  expect(Math.max(...seen.shares.values())).toBe(3);
  const waits = waitsOf([...namespaces.values()], started);
  expect(isFair(waits, 6), renderWaits(waits)).toBe(true);
  expectOldestFirst(started);
  expectTurns(started);
  // What is left of the ring goes with the next pass, and nothing is held.
  await dispatch(into);
  expect(await readTurns(into.db)).toEqual([]);
  expect(await auditTable(into.db)).toEqual([]);
}, 300_000);

function expectOldestFirst(started: readonly Started[]): void {
  for (const namespace of Object.keys(LINE)) {
    const own = started.filter((each) => each.namespace === namespace).map(({ build }) => build);
    own.forEach((build, i) => {
      expect(own.slice(i + AT_ONCE).every((later) => later > build)).toBe(true);
    });
  }
}

/** While two namespaces wait, neither is served more often than the other but for what was at once. */
function expectTurns(started: readonly Started[]): void {
  const names = Object.keys(LINE);
  const counts = new Map(names.map((name) => [name, 0]));
  for (const { namespace } of started) {
    const left = names.filter((name) => (counts.get(name) ?? 0) < LINE[name as keyof typeof LINE]);
    counts.set(namespace, (counts.get(namespace) ?? 0) + 1);
    const served = left.map((name) => counts.get(name) ?? 0);
    expect(Math.max(...served) - Math.min(...served)).toBeLessThanOrEqual(AT_ONCE);
  }
}
