import { beforeEach, describe, expect, it } from "vitest";
import { putRepodata } from "#adapters/dynamodb/repodata.ts";
import { loadSummaries } from "#adapters/repodata/stored-index.ts";
import { listObjects } from "#adapters/s3/objects.ts";
import { PREFIXES } from "#core/layout.ts";
import { REPODATA_LIMITS } from "#core/repodata/limits.ts";
import { SUMMARIES } from "#core/repodata/state.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { FAULTS, type Fault, filesOf, record, useIndexChannel } from "#test/kit/index-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { usePrefetching } from "#test/kit/prefetching.ts";

const aws = useMiniStack();
const channel = useIndexChannel();
const kept = usePrefetching({ aws, name: "summaries", channel: () => channel });

const FILE = "channeldata.json";
const say = (packages: unknown): void =>
  channel.put(FILE, Buffer.from(JSON.stringify({ channeldata_version: 1, packages, subdirs: ["noarch"] })));
const said = async (): Promise<Record<string, string>> => {
  const state = await kept.state(SUMMARIES);
  if (state.live === null) throw new Error(`nothing is kept: ${state.error}`);
  return Object.fromEntries(await loadSummaries(kept.bucket, state, state.live.index));
};
const objects = async (): Promise<string[]> =>
  (await listObjects(kept.bucket, PREFIXES.index)).map(({ key }) => key);
const asked = (): number[] => channel.asked.filter(({ path }) => path === FILE).map(({ status }) => status);

beforeEach(() => {
  channel.publish("noarch", filesOf(record("numpy", "1.0")), ["repodata.json.zst"]);
  say({ numpy: { summary: "Arrays.", description: "Long.", version: "1.0" }, six: { summary: null } });
});

describe("what a channel says of its packages", () => {
  it("is kept for the names of which it says something, beside the index of each subdir", async () => {
    expect(await kept.run()).toMatchObject({ changed: 1, failed: 0 });

    expect(await said()).toEqual({ numpy: "Arrays." });
    expect((await kept.state(SUMMARIES)).live).toMatchObject({ names: 1, skipped: 0, file: FILE });
    expect((await kept.index()).names).toEqual(["numpy"]);
  });

  it("is not sent again while it has not changed, and is replaced when it has", async () => {
    await kept.run();
    kept.later(900);
    await kept.run();
    expect(asked()).toEqual([200, 304]);
    say({ numpy: { summary: "Fast arrays." }, scipy: { summary: "Algorithms." } });
    kept.later(900);

    await kept.run();

    expect(await said()).toEqual({ numpy: "Fast arrays.", scipy: "Algorithms." });
  });

  it("that was replaced is removed from the bucket once nobody can be reading it, and nothing else", async () => {
    const before = await objects();
    await kept.run();
    say({ numpy: { summary: "Fast arrays." } });
    await kept.run({ now: true });
    expect(await objects()).toHaveLength(before.length + 3);
    kept.later(3 * 3600);

    await kept.run();

    expect(await objects()).toHaveLength(before.length + 2);
    expect(await said()).toEqual({ numpy: "Fast arrays." });
  });

  it("goes with the channel when that is not configured any more", async () => {
    const before = await objects();
    await kept.run();

    await kept.run({}, { settings: deploymentSettings({ conda_indexed_channels: [] }) });

    await expect(kept.state(SUMMARIES)).rejects.toThrow("nothing is kept");
    expect(await objects()).toEqual(before);
  });

  it("is nothing where the channel has no such file: no failure, asked for once a run", async () => {
    channel.put(FILE, null);
    for (const _ of [1, 2]) {
      expect(await kept.run()).toMatchObject({ failed: 0 });
      kept.later(900);
    }

    expect(await kept.state(SUMMARIES)).toMatchObject({ absent: true, live: null, error: null, failures: 0 });
    expect(asked()).toEqual([404, 404]);
  });

  it("is nothing any more when the file has gone, and something again when it is back", async () => {
    await kept.run();
    const file = channel.read(FILE);
    channel.put(FILE, null);
    await kept.run({ now: true });
    expect(await kept.state(SUMMARIES)).toMatchObject({ absent: true, live: null, error: null });
    channel.put(FILE, file);

    await kept.run({ now: true });

    expect(await said()).toEqual({ numpy: "Arrays." });
  });

  it("leaves out and counts entries that break the shape", async () => {
    const good = { summary: "Good." };
    channel.put(
      FILE,
      Buffer.from(
        `{"packages":{"__proto__":{"summary":"Polluted?"},"constructor":${JSON.stringify(good)},"numpy":` +
          `${JSON.stringify(good)},"../up":${JSON.stringify(good)},"a":7,"b":null,"c":{"summary":[]},"d":"x"}}`,
      ),
    );

    await kept.run();

    const { live } = await kept.state(SUMMARIES);
    expect(live).toMatchObject({ names: 3, skipped: 5 });
    const summaries = await loadSummaries(kept.bucket, await kept.state(SUMMARIES), live?.index ?? "");
    expect([...summaries.keys()]).toEqual(["__proto__", "constructor", "numpy"]);
  });
});

describe("a file of summaries that", () => {
  it.each<[string, Fault, RegExp]>([
    ["is a web page", "html", /answers with a web page/],
    ["is half there", "half", /ends in the middle/],
    ["breaks off", "cut", /breaks off/],
    ["redirects inward", FAULTS.inward, /169\.254\.169\.254/],
    ["redirects for ever", FAULTS.round, /redirects more than 5 times/],
    ["says that it has 20 GB", FAULTS.huge, /has 21474836480 bytes/],
    ["is refused", 403, /HTTP 403/],
  ])(
    "%s is an error of its own: what was kept stays, and the index is read all the same",
    async (_, fault, reason) => {
      await kept.run();
      channel.publish("noarch", filesOf(record("numpy", "2.0")), ["repodata.json.zst"]);
      say({ numpy: { summary: "Fast arrays." } });
      channel.fail({ [FILE]: fault });

      expect(await kept.run({ now: true })).toMatchObject({ changed: 1, failed: 0 });

      expect((await kept.index()).versionsAt(0)).toEqual(["2.0"]);
      expect(await kept.state(SUMMARIES)).toMatchObject({
        error: expect.stringMatching(reason),
        failures: 1,
        nextAt: expect.any(String),
      });
      expect(await said()).toEqual({ numpy: "Arrays." });
      channel.fail({});
      say({ numpy: { summary: "Again." } });
      await kept.run({ now: true });
      expect(await kept.state(SUMMARIES)).toMatchObject({ error: null, failures: 0 });
      expect(await said()).toEqual({ numpy: "Again." });
    },
  );

  it.each([
    ["is too large", `{"packages":{},"more":"${" ".repeat(9000)}"}`, /bytes, more than the 5000/],
    ["has an entry too large", `{"packages":{"a":{"summary":"${"a".repeat(3000)}"}}}`, /larger than 2000/],
    ["has too many names", '{"packages":{"a":{"summary":"a"},"b":{"summary":"b"}}}', /more than 1 names/],
    ["says too much", `{"packages":{"a":{"summary":"${"a".repeat(90)}"}}}`, /more than the 80 characters/],
    ["is no JSON", "<xml/>", /is not JSON/],
    ["is a list", "[]", /is not JSON/],
  ])("%s is refused", async (_, text, reason) => {
    channel.put(FILE, Buffer.from(text));
    const limits = {
      ...REPODATA_LIMITS,
      channelDataBytes: 5000,
      channelDataEntryBytes: 2000,
      names: 1,
      summaryLength: 80,
    };

    expect(await kept.run({}, { limits })).toMatchObject({ changed: 1, failed: 0 });

    expect((await kept.state(SUMMARIES)).error).toMatch(reason);
  });

  it("has lost most of its names is not believed, unless somebody says that it is meant", async () => {
    const many = Array.from({ length: 200 }, (_, number) => [`name-${number}`, { summary: "One." }]);
    say(Object.fromEntries(many));
    await kept.run();
    channel.put(FILE, Buffer.from('{"error": "try again later"}'));

    await kept.run({ now: true });
    expect((await kept.state(SUMMARIES)).error).toMatch(/has 0 packages where it had 200/);
    expect(Object.keys(await said())).toHaveLength(200);

    await kept.run({ now: true, believeLoss: true });
    expect(await said()).toEqual({});
  });

  it("cannot be read for days ages no index", async () => {
    await kept.run();
    channel.fail({ [FILE]: 500 });
    kept.later(86_400);
    await kept.run();
    kept.later(3600);

    expect((await kept.run()).oldestSeconds).toBe(0);
  });
});

describe("a run", () => {
  it("that dies between storing and switching leaves in force what was, and the next one makes it good", async () => {
    await kept.run();
    say({ numpy: { summary: "Fast arrays." } });
    const before = await kept.state(SUMMARIES);
    await kept.run({ now: true });
    // As it is when the last write never came: the object is there, and the state still says that somebody is at it.
    const after = await kept.state(SUMMARIES);
    const busyUntil = new Date(Date.parse(after.triedAt ?? "") + 900_000).toISOString();
    await putRepodata(kept.db, { ...before, version: after.version, busyUntil });
    expect(await said()).toEqual({ numpy: "Arrays." });

    kept.later(60);
    await kept.run({ now: true });
    expect(await said()).toEqual({ numpy: "Arrays." });
    kept.later(900);
    await kept.run();

    expect(await said()).toEqual({ numpy: "Fast arrays." });
  });

  it("beside another reads them once", async () => {
    await Promise.all([kept.run(), kept.run()]);

    expect(asked()).toEqual([200]);
    expect(await said()).toEqual({ numpy: "Arrays." });
  });
});
