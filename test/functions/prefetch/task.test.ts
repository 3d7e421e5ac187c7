import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { openDb } from "#adapters/dynamodb/db.ts";
import { deleteRepodata, putRepodata } from "#adapters/dynamodb/repodata.ts";
import { VARIABLES, variables } from "#core/layout.ts";
import { readRepodataOrder } from "#core/repodata/order.ts";
import type { RepodataState } from "#core/repodata/state.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import type { PrefetchContext } from "#functions/prefetch/context.ts";
import { taskStarter } from "#functions/prefetch/hand-over.ts";
import { readOrdered, Stopped } from "#functions/prefetch/read-one.ts";
import { useEcs } from "#test/kit/ecs.ts";
import { useFlakyDynamoDb } from "#test/kit/flaky-dynamodb.ts";
import { filesOf, record, useIndexChannel } from "#test/kit/index-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { readerContext, usePrefetching } from "#test/kit/prefetching.ts";

const aws = useMiniStack();
const ecs = useEcs();
const channel = useIndexChannel();
const kept = usePrefetching({ aws, name: "task", channel: () => channel });
const flaky = useFlakyDynamoDb(aws, "PutItem");

const WHOLE = "noarch/repodata.json.zst";
const PATIENCE = { timeout: 60_000, interval: 20 };
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
});

/** What a run in a function has; its clock is the processes' own, so many seconds ahead. */
const inFunction = (secondsAhead = 0, memoryMb = 1769): Partial<PrefetchContext> => ({
  clock: () => new Date(Date.now() + secondsAhead * 1000),
  inFunction: { memoryMb, startTask: taskStarter(ecs.tasks) },
});
const run = (secondsAhead = 0, request = {}) => kept.run(request, inFunction(secondsAhead));

/** A program of ours that reads channels, in a process of its own. */
function program(
  path: string,
  more: Readonly<Record<string, string>> = {},
  launcher: readonly string[] = [],
): ChildProcess {
  const [command = "", ...before] = [...launcher, process.execPath];
  const child = spawn(
    command,
    [
      ...before,
      ...["--input-type=module", "--eval"],
      `const { handler } = await import(${JSON.stringify(path)}); await handler?.({ now: true }, { memoryLimitInMB: "1769", getRemainingTimeInMillis: () => 900_000 });`,
    ],
    {
      cwd: join(import.meta.dirname, "..", "..", ".."),
      stdio: "ignore",
      env: {
        ...process.env,
        ...variables({
          table: kept.db.table,
          bucket: aws.bucket,
          settings: JSON.stringify({
            conda_indexed_channels: [channel.url],
            conda_platforms: ["noarch"],
          }),
          allowedPrivateHosts: channel.host,
          channelSecrets: "task/",
          privateIndexedChannels: "{}",
          cluster: "builds",
          taskDefinition: "prefetch:1",
          subnets: "subnet-1",
          securityGroups: "sg-1",
          assignsPublicIp: "true",
          logLevel: "info",
        }),
        ...more,
      },
    },
  );
  children.add(child);
  return child;
}
const inRoot = (path: string): string => join(import.meta.dirname, "..", "..", "..", path);
const aFunction = (): ChildProcess => program(inRoot("functions/prefetch/handler.ts"));

/** What the task was told that was asked for last. */
function lastOrder(): string {
  const { overrides } = ecs.requests.at(-1) ?? {};
  expect(overrides).toEqual({
    containerOverrides: [
      { name: "prefetch", environment: [{ name: VARIABLES.repodataOrder, value: expect.any(String) }] },
    ],
  });
  return /"value":"((?:[^"\\]|\\.)*)"/.exec(JSON.stringify(overrides))?.[1]?.replaceAll('\\"', '"') ?? "";
}
const aTask = (order = lastOrder()): ChildProcess =>
  program(inRoot("functions/prefetch/task.ts"), { [VARIABLES.repodataOrder]: order });

const ended = async (child: ChildProcess): Promise<number | null> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode;
};

/** The channel begins to send its whole index and then stands still, until somebody is killed over it. */
function standStill(): { readonly asked: () => boolean } {
  const held: ServerResponse[] = [];
  const begun = channel.read(WHOLE).subarray(0, 16);
  channel.fail({
    [WHOLE]: (_, response) => {
      held.push(response);
      response.writeHead(200, { "content-length": 1_000_000 }).write(begun);
    },
  });
  return { asked: () => held.length > 0 };
}

/** @returns the state after the program was killed while it read the channel whole */
async function killed(child: ChildProcess): Promise<RepodataState> {
  await vi.waitFor(
    async () => expect(await kept.state()).toMatchObject({ readsWhole: { by: expect.any(String) } }),
    PATIENCE,
  );
  child.kill("SIGKILL");
  await ended(child);
  channel.fail({});
  return await kept.state();
}

/** A channel that a function was killed over, and the next one found dead. */
async function tooLarge(): Promise<void> {
  const still = standStill();
  const child = aFunction();
  await vi.waitFor(() => expect(still.asked()).toBe(true), PATIENCE);
  await killed(child);
}

const SOON = 16 * 60;

describe("a channel that a function is killed over while it reads it whole", () => {
  beforeEach(() => {
    channel.publish("noarch", filesOf(record("numpy", "1.0")), ["repodata.json.zst"]);
  });

  it("is handed over to a task by the next function, which says so; the task's program reads it", async () => {
    await tooLarge();
    expect(await run(0, { now: true })).toMatchObject({ left: 1, handedOver: 0 });

    expect(await run(SOON)).toMatchObject({ handedOver: 1, failed: 0 });

    expect(await kept.state()).toMatchObject({
      tooLargeForMb: 1769,
      error: expect.stringContaining("a task reads it from now on"),
    });
    expect(await run(SOON, { now: true })).toMatchObject({ left: 1 });
    expect(ecs.requests).toHaveLength(1);
    expect(await ended(aTask())).toBe(0);
    expect(await kept.state()).toMatchObject({
      tooLargeForMb: 1769,
      readsWhole: null,
      busyUntil: null,
      error: null,
      failures: 0,
      live: { names: 1, records: 1 },
    });
    expect(Object.keys(await kept.files())).toEqual(["numpy-1.0-h0_0.conda"]);
  });

  it("costs no task while it stays as it is, and one for each change", async () => {
    await tooLarge();
    await run(SOON);
    await ended(aTask());

    expect(await run()).toMatchObject({ unchanged: 1 });
    expect(ecs.requests).toHaveLength(1);

    channel.publish("noarch", filesOf(record("numpy", "2.0")), ["repodata.json.zst"]);
    expect(await run()).toMatchObject({ handedOver: 1 });
    await ended(aTask());
    expect(Object.keys(await kept.files())).toEqual(["numpy-2.0-h0_0.conda"]);
  });

  it("is refreshed shard by shard without a task", async () => {
    const more = Array.from({ length: 9 }, (_, i) => record(`other-${i}`, "1.0"));
    channel.publish("noarch", filesOf(record("numpy", "1.0"), ...more));
    await tooLarge();
    await run(SOON);
    await ended(aTask());

    channel.publish("noarch", filesOf(record("numpy", "2.0"), ...more));

    expect(await run()).toMatchObject({ changed: 1, handedOver: 0 });
    expect(Object.keys(await kept.files())).toContain("numpy-2.0-h0_0.conda");
  });

  it("is read by the function again once that has more memory, and stays with it when that suffices", async () => {
    await tooLarge();
    await run(SOON);
    await ended(aTask());
    channel.publish("noarch", filesOf(record("numpy", "2.0")), ["repodata.json.zst"]);

    expect(await kept.run({}, inFunction(0, 3008))).toMatchObject({ changed: 1, handedOver: 0 });

    expect(await kept.state()).toMatchObject({ tooLargeForMb: null });
    channel.publish("noarch", filesOf(record("numpy", "3.0")), ["repodata.json.zst"]);
    expect(await run()).toMatchObject({ changed: 1, handedOver: 0 });
  });

  it("is read whole by one task when more of its shards have changed than are worth asking for", async () => {
    const many = (version: string) =>
      filesOf(...Array.from({ length: 150 }, (_, i) => record(`name-${i}`, version)));
    channel.publish("noarch", many("1.0"));
    await tooLarge();
    await run(SOON);
    await ended(aTask());
    channel.publish("noarch", many("2.0"));

    expect(await run()).toMatchObject({ handedOver: 1 });
    await ended(aTask());

    expect(Object.keys(await kept.files())).toContain("name-7-2.0-h0_0.conda");
    expect(await run()).toMatchObject({ unchanged: 1, handedOver: 0 });
    expect(channel.asked.filter(({ path }) => path.includes("/shards/"))).toEqual([]);
  });

  it("is tried again by another task when the first is killed, which is told; each time later", async () => {
    await tooLarge();
    await run(SOON);
    const still = standStill();
    const child = aTask();
    await vi.waitFor(() => expect(still.asked()).toBe(true), PATIENCE);
    await killed(child);

    expect(await run(0, { now: true })).toMatchObject({ left: 1 });
    expect(await run(SOON)).toMatchObject({ left: 1 });
    expect(await run(3 * SOON)).toMatchObject({ handedOver: 1 });

    expect(await kept.state()).toMatchObject({
      failures: 2,
      error: expect.stringMatching(/^The task that was to read it ended without a word/),
    });
    expect(new Set(ecs.requests.map(({ clientToken }) => clientToken)).size).toBe(2);
  });

  it("says that its task was told to stop, and is read by the next", async () => {
    await tooLarge();
    await run(SOON);
    const still = standStill();
    const child = aTask();
    await vi.waitFor(() => expect(still.asked()).toBe(true), PATIENCE);

    child.kill("SIGTERM");

    expect(await ended(child)).toBe(0);
    expect(await kept.state()).toMatchObject({
      error: "The task that read it was told to stop.",
      busyUntil: null,
    });
    channel.fail({});
    expect(await run(0, { now: true })).toMatchObject({ handedOver: 1 });
    await ended(aTask());
    expect(await kept.state()).toMatchObject({ error: null, live: { records: 1 } });
  });

  it("gets no other task for as long as one was busy with it that found no end", async () => {
    await tooLarge();
    await run(SOON);
    const still = standStill();
    const order = readRepodataOrder(JSON.parse(lastOrder()));
    if (order === null) throw new Error("the task was told nothing");
    const time = new AbortController();
    const reading = readOrdered(
      readerContext({
        ...{ db: kept.db, bucket: kept.bucket, settings: deploymentSettings({}) },
        ...{ allowPrivateHosts: [channel.host], signal: time.signal },
      }),
      order,
    );
    await vi.waitFor(() => expect(still.asked()).toBe(true), PATIENCE);

    time.abort(Stopped.after(6));

    expect(await reading).toMatchObject({ kind: "failed", state: { error: "It took longer than 6 hours." } });
    channel.fail({});
    expect(await run(5.9 * 3600)).toMatchObject({ left: 1 });
    expect(await run(6.1 * 3600)).toMatchObject({ handedOver: 1 });
  });

  it.each([
    ["refuse", "A task is to read it, and there is none. ECS refused the task (AccessDeniedException)."],
    [
      "no room",
      "A task is to read it, and there is none. ECS has no place for the task: Capacity is unavailable",
    ],
  ] as const)(
    "is left alone for a while when ECS starts none (%s), and says why",
    async (behaviour, error) => {
      await tooLarge();
      ecs.behaviour = behaviour;

      expect(await run(SOON)).toMatchObject({ failed: 1, handedOver: 0 });

      const state = await kept.state();
      expect(state.error).toContain(error);
      expect(state).toMatchObject({ busyUntil: null, tooLargeForMb: 1769 });
      expect(await run(SOON)).toMatchObject({ left: 1 });
      ecs.behaviour = "start";
      expect(await run(SOON, { now: true })).toMatchObject({ handedOver: 1 });
    },
  );

  it("whose task's start was not heard of is read by that one or by the next, and never twice at a time", async () => {
    await tooLarge();
    ecs.behaviour = "start and lose the answer";
    await run(SOON);
    const first = lastOrder();
    ecs.behaviour = "start";
    await run(SOON, { now: true });

    await ended(aTask(first));
    expect(await kept.state()).toMatchObject({ live: null });

    await Promise.all([aTask(), aTask()].map(ended));
    expect(await kept.state()).toMatchObject({ error: null, live: { records: 1 } });
    expect(channel.asked.filter(({ path, status }) => path === WHOLE && status === 200)).toHaveLength(4);
  });

  it("that has lost most of its packages is believed by the task if the function was asked to", async () => {
    const many = Array.from({ length: 120 }, (_, i) => record(`name-${i}`, "1.0"));
    channel.publish("noarch", filesOf(...many), ["repodata.json.zst"]);
    await tooLarge();
    await run(SOON);
    await ended(aTask());
    channel.publish("noarch", filesOf(record("numpy", "1.0")), ["repodata.json.zst"]);

    await run(0, { now: true });
    await ended(aTask());
    expect(await kept.state()).toMatchObject({
      error: expect.stringContaining("believe_loss"),
      live: { records: 120 },
    });
    await run(0, { now: true, believeLoss: true });
    await ended(aTask());
    expect(await kept.state()).toMatchObject({ error: null, live: { records: 1 } });
  });
});

describe("a function that ran out of time", () => {
  const outOfTime = async (secondsSpent: number): Promise<void> => {
    channel.publish("noarch", filesOf(record("numpy", "1.0")), ["repodata.json.zst"]);
    const still = standStill();
    const time = new AbortController();
    let ahead = 0;
    const running = kept.run(
      { now: true },
      { ...inFunction(), clock: () => new Date(Date.now() + ahead * 1000), signal: time.signal },
    );
    await vi.waitFor(() => expect(still.asked()).toBe(true), PATIENCE);
    await vi.waitFor(
      async () => expect(await kept.state()).toMatchObject({ readsWhole: { by: expect.any(String) } }),
      PATIENCE,
    );
    ahead = secondsSpent;
    time.abort(new DOMException("too late", "TimeoutError"));
    expect(await running).toMatchObject({ failed: 1 });
    channel.fail({});
  };

  it("over one channel leaves it to a task", async () => {
    await outOfTime(14 * 60);

    expect(await kept.state()).toMatchObject({
      tooLargeForMb: 1769,
      error: "It took longer than a function may run: a task reads it from now on.",
    });
    expect(await run(SOON)).toMatchObject({ handedOver: 1 });
  });

  it("over the channels before it tries it again itself", async () => {
    await outOfTime(60);

    expect(await kept.state()).toMatchObject({
      tooLargeForMb: null,
      error: "It took longer than a function may run.",
    });
    expect(await run(SOON)).toMatchObject({ changed: 1 });
  });

  it("over the channels before it time after time leaves it to a task in the end", async () => {
    await outOfTime(60);
    await outOfTime(60);
    expect(await kept.state()).toMatchObject({ tooLargeForMb: null, failures: 2 });

    await outOfTime(60);

    expect(await kept.state()).toMatchObject({ tooLargeForMb: 1769, failures: 3 });
    expect(await run(SOON)).toMatchObject({ handedOver: 1 });
  });
});

const mayMount = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

it.skipIf(!mayMount)("a function whose disk is full leaves the channel to a task", async () => {
  const many = Array.from({ length: 3_000 }, (_, i) => record(`name-${i}`, "1.0"));
  channel.publish("noarch", filesOf(...many), ["repodata.json.zst"]);
  const disk = mkdtempSync(join(tmpdir(), "small-disk-"));
  const small = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"', disk];

  await ended(program(inRoot("functions/prefetch/handler.ts"), { TMPDIR: disk }, small));

  rmSync(disk, { recursive: true });
  expect(await kept.state()).toMatchObject({
    tooLargeForMb: 1769,
    busyUntil: null,
    error: "It needs more room than a function has for temporary files: a task reads it from now on.",
  });
  expect(await run(SOON)).toMatchObject({ handedOver: 1 });
  expect(await ended(aTask())).toBe(0);
  expect(await kept.state()).toMatchObject({ error: null, live: { records: 3_000 } });
});

describe("a table whose answers to writes are lost", () => {
  const all = Array.from({ length: 10 }, () => ["lose the answer", "pass on"] as const).flat();
  const unheard = () => ({ db: openDb({ table: kept.db.table, endpoint: flaky.endpoint }) });
  beforeEach(() => {
    channel.publish("noarch", filesOf(record("numpy", "1.0")), ["repodata.json.zst"]);
    flaky.mishaps = [...all];
    flaky.asked = 0;
  });

  it("holds no function up: what it wrote is its own", async () => {
    expect(await kept.run({}, { ...inFunction(), ...unheard() })).toMatchObject({ changed: 1, left: 0 });

    expect(await kept.state()).toMatchObject({ busyUntil: null, tooLargeForMb: null, live: { records: 1 } });
    expect(flaky.asked).toBeGreaterThanOrEqual(2 * 3);
  });

  it("keeps no channel from its task", async () => {
    flaky.mishaps = [];
    await tooLarge();
    flaky.mishaps = [...all];

    expect(await kept.run({}, { ...inFunction(SOON), ...unheard() })).toMatchObject({ handedOver: 1 });

    await ended(aTask());
    expect(await kept.state()).toMatchObject({ error: null, live: { records: 1 } });
  });

  it("does not make of two writers of the same state two winners", async () => {
    await kept.run();
    const state = await kept.state();

    const both = await Promise.all([1, 2].map(() => putRepodata(unheard().db, state)));

    expect(both.filter((stored) => stored !== null)).toHaveLength(1);
  });
});

describe("who is at work", () => {
  beforeEach(() => {
    channel.publish("noarch", filesOf(record("numpy", "1.0")), ["repodata.json.zst"]);
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("goes on saying so for as long as it takes, and not after that", async () => {
    const still = standStill();
    const stop = new AbortController();
    const running = kept.run({}, { ...inFunction(), signal: stop.signal });
    await vi.waitFor(() => expect(still.asked()).toBe(true), PATIENCE);
    const { busyUntil } = await kept.state();

    vi.advanceTimersByTime(5 * 60_000);

    await vi.waitFor(async () => expect((await kept.state()).busyUntil).not.toBe(busyUntil), PATIENCE);
    stop.abort(new DOMException("too late", "TimeoutError"));
    await running;
    const { busyUntil: after, version } = await kept.state();
    expect(after).toBeNull();
    vi.advanceTimersByTime(60 * 60_000);
    expect((await kept.state()).version).toBe(version);
  });

  it("leaves off when somebody else has it, and changes nothing of theirs", async () => {
    const still = standStill();
    const running = kept.run({}, inFunction());
    await vi.waitFor(() => expect(still.asked()).toBe(true), PATIENCE);
    await vi.waitFor(
      async () => expect(await kept.state()).toMatchObject({ readsWhole: { by: expect.any(String) } }),
      PATIENCE,
    );
    const theirs = await putRepodata(kept.db, { ...(await kept.state()), error: "theirs" });

    vi.advanceTimersByTime(5 * 60_000);

    expect(await running).toMatchObject({ left: 1, failed: 0 });
    expect(await kept.state()).toEqual(theirs);
    expect(kept.lines.join("")).not.toContain("could not be read");
    // What went on renewing could meet the same version again, of an entry that was made anew.
    expect(vi.getTimerCount()).toBe(0);
  });
});

it("who has lost the entry without noticing it removes nothing: it may be in force again", async () => {
  channel.publish("noarch", filesOf(record("numpy", "1.0")), ["repodata.json.zst"]);
  await kept.run({}, inFunction());
  const first = await kept.state();
  channel.publish("noarch", filesOf(record("numpy", "2.0")), ["repodata.json.zst"]);
  await run();
  const bytes = channel.read(WHOLE);
  const held: ServerResponse[] = [];
  channel.publish("noarch", filesOf(record("numpy", "3.0")), ["repodata.json.zst"]);
  channel.fail({
    [WHOLE]: (_, response) => {
      held.push(response);
      response.writeHead(200, { "content-length": bytes.length }).flushHeaders();
    },
  });
  const running = run(3 * 3600);
  await vi.waitFor(
    async () => expect(await kept.state()).toMatchObject({ readsWhole: { by: "function" } }),
    PATIENCE,
  );
  const theirs = await putRepodata(kept.db, { ...(await kept.state()), live: first.live, garbage: [] });

  for (const response of held) response.end(bytes);

  expect(await running).toMatchObject({ left: 1 });
  expect(await kept.state()).toEqual(theirs);
  expect(Object.keys(await kept.files())).toEqual(["numpy-1.0-h0_0.conda"]);
});

it("a channel that is configured anew within a day gets a task of its own, and none that was started before", async () => {
  const leftToATask = async (): Promise<void> => {
    await tooLarge();
    expect(await run(SOON)).toMatchObject({ handedOver: 1 });
  };
  channel.publish("noarch", filesOf(record("numpy", "1.0")), ["repodata.json.zst"]);
  await leftToATask();
  const before = lastOrder();
  const { version } = await kept.state();
  await deleteRepodata(kept.db, await kept.state());

  await leftToATask();

  expect(await kept.state()).toMatchObject({ version });
  expect(new Set(ecs.requests.map(({ clientToken }) => clientToken)).size).toBe(2);
  await ended(aTask(before));
  expect(await kept.state()).toMatchObject({ version, live: null });
  await ended(aTask());
  expect(await kept.state()).toMatchObject({ live: { records: 1 } });
});

it("a task for a channel that is not kept any more reads nothing", async () => {
  channel.publish("noarch", filesOf(record("numpy", "1.0")), ["repodata.json.zst"]);
  await tooLarge();
  await run(SOON);
  await deleteRepodata(kept.db, await kept.state());
  channel.asked.length = 0;

  expect(await ended(aTask())).toBe(0);

  expect(channel.asked).toEqual([]);
  await expect(kept.state()).rejects.toThrow("nothing is kept");
});
