import { describe, expect, it } from "vitest";
import { openDb } from "#adapters/dynamodb/db.ts";
import { putRepodata } from "#adapters/dynamodb/repodata.ts";
import { decodeShardIndex } from "#adapters/repodata/read-shard.ts";
import { listObjects } from "#adapters/s3/objects.ts";
import { PREFIXES } from "#core/layout.ts";
import type { RepodataState } from "#core/repodata/state.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { type Mishap, useFlakyDynamoDb } from "#test/kit/flaky-dynamodb.ts";
import { filesOf, record, shardIndexOf, useIndexChannel } from "#test/kit/index-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { usePrefetching } from "#test/kit/prefetching.ts";

const aws = useMiniStack();
const channel = useIndexChannel();
const flaky = useFlakyDynamoDb(aws, "DeleteItem");
const kept = usePrefetching({ aws, name: "prefetch", channel: () => channel });

const THREE = {
  ...filesOf(record("numpy", "1.26.4"), record("numpy", "2.0.0"), record("pandas", "2.2.0")),
  "numpy-1.0-h0_0.tar.bz2": record("numpy", "1.0"),
};
const pathsAsked = (): string[] => channel.asked.map(({ path, status }) => `${path} ${status}`);

describe("the first time", () => {
  it("a channel is read whole, and kept name by name with every file", async () => {
    channel.publish("noarch", THREE);

    expect(await kept.run()).toMatchObject({ changed: 1, failed: 0 });

    const { live, checkedAt, error } = await kept.state();
    expect({ checkedAt, error }).toEqual({ checkedAt: "2026-03-04T05:06:07.890Z", error: null });
    expect(live).toMatchObject({ names: 2, records: 4, skipped: 0 });
    const index = await kept.index();
    expect(index.names).toEqual(["numpy", "pandas"]);
    expect(index.versionsAt(0)).toEqual(["1.0", "1.26.4", "2.0.0"]);
    const files = await kept.files();
    expect(Object.keys(files).sort()).toEqual(Object.keys(THREE).sort());
    expect(files["numpy-1.0-h0_0.tar.bz2"]?.section).toBe("packages");
    expect(files["numpy-2.0.0-h0_0.conda"]).toMatchObject({
      section: "packages.conda",
      record: { sha256: Buffer.from(String(record("numpy", "2.0.0")["sha256"]), "hex"), size: 1000 },
    });
  });

  it.each([
    [["repodata.json.zst"], "repodata_shards.msgpack.zst 404,repodata.json.zst 200"],
    [["repodata.json"], "repodata_shards.msgpack.zst 404,repodata.json.zst 404,repodata.json 200"],
    [
      ["repodata_shards.msgpack.zst", "repodata.json.zst"],
      "repodata_shards.msgpack.zst 200,repodata.json.zst 200",
    ],
  ] as const)("the best form that the channel has is read: %j", async (forms, asked) => {
    channel.publish("noarch", THREE, forms);

    await kept.run();

    const index = asked.split(",").map((each) => `noarch/${each}`);
    expect(pathsAsked()).toEqual([...index, "channeldata.json 404"]);
    expect((await kept.state()).live).toMatchObject({ records: 4 });
  });

  it("a channel of nothing but shards is read shard by shard", async () => {
    channel.publish("noarch", THREE, ["repodata_shards.msgpack.zst"]);

    await kept.run();

    expect(Object.keys(await kept.files()).sort()).toEqual(Object.keys(THREE).sort());
  });

  it("a subdir that the channel has not is known to be absent", async () => {
    expect(await kept.run()).toMatchObject({ changed: 0, failed: 0 });

    expect(await kept.state()).toMatchObject({ absent: true, live: null, error: null });
  });
});

describe("later", () => {
  it("nothing is sent again while nothing has changed", async () => {
    for (const forms of [
      ["repodata_shards.msgpack.zst", "repodata.json.zst"],
      ["repodata.json.zst"],
    ] as const) {
      channel.publish("noarch", THREE, forms);
      await kept.run();
      const { live } = await kept.state();
      channel.asked.length = 0;
      kept.later(900);

      expect(await kept.run()).toMatchObject({ changed: 0, unchanged: 1 });

      expect(channel.asked.every(({ status }) => status === 304 || status === 404)).toBe(true);
      expect(await kept.state()).toMatchObject({ live: { index: live?.index } });
    }
  });

  it("only the shards that changed are fetched; what was removed is gone, and the rest stays where it is", async () => {
    const more = Array.from({ length: 20 }, (_, number) => record(`other-${number}`, "1.0"));
    channel.publish("noarch", { ...THREE, ...filesOf(...more) });
    await kept.run();
    const before = await kept.index();
    channel.asked.length = 0;
    const rest = Object.fromEntries(Object.entries(THREE).filter(([, { name }]) => name !== "pandas"));
    channel.publish("noarch", {
      ...rest,
      ...filesOf(...more, record("numpy", "2.1.0"), record("newcomer", "0.1")),
    });

    expect(await kept.run()).toMatchObject({ changed: 1 });

    expect(channel.asked.filter(({ path }) => path.includes("/shards/"))).toHaveLength(2);
    expect(channel.asked.map(({ path }) => path)).not.toContain("noarch/repodata.json.zst");
    const after = await kept.index();
    expect(after.names).toEqual(["newcomer", "numpy", ...more.map(({ name }) => name).sort()]);
    expect(after.versionsAt(after.find("numpy"))).toEqual(["1.0", "1.26.4", "2.0.0", "2.1.0"]);
    const untouched = (index: typeof after) => index.at(index.find("other-7"));
    expect(untouched(after)).toEqual(untouched(before));
    expect(Object.keys(await kept.files())).toHaveLength(25);
  });

  it("a channel without shards is read whole when it changes", async () => {
    channel.publish("noarch", THREE, ["repodata.json.zst"]);
    await kept.run();
    channel.publish("noarch", filesOf(record("numpy", "3.0.0")), ["repodata.json.zst"]);

    await kept.run();

    expect(Object.keys(await kept.files())).toEqual(["numpy-3.0.0-h0_0.conda"]);
  });

  it("a channel is read whole again after a week, whatever its shards say", async () => {
    channel.publish("noarch", THREE);
    await kept.run();
    channel.asked.length = 0;
    kept.later(8 * 86_400);

    await kept.run();

    expect(pathsAsked()).toContain("noarch/repodata.json.zst 200");
  });

  it("what was replaced is removed once nobody can be reading it any more, and nothing else", async () => {
    const own = async (): Promise<number> =>
      (await listObjects(kept.bucket, PREFIXES.repodata)).length +
      (await listObjects(kept.bucket, PREFIXES.index)).length;
    const before = await own();
    channel.publish("noarch", THREE, ["repodata.json.zst"]);
    await kept.run();
    channel.publish("noarch", filesOf(record("numpy", "3.0.0")), ["repodata.json.zst"]);
    await kept.run();
    expect(await own()).toBe(before + 4);
    kept.later(3 * 3600);

    await kept.run();

    expect(await own()).toBe(before + 2);
    expect(Object.keys(await kept.files())).toEqual(["numpy-3.0.0-h0_0.conda"]);
  });

  it.each<[string, readonly Mishap[]]>([
    ["the table answers", []],
    ["its answers are lost", ["lose the answer", "pass on", "lose the answer", "pass on"]],
  ])(
    "a channel that is not configured any more is forgotten with all that was kept of it: %s",
    async (_, mishaps) => {
      const keys = async () => (await listObjects(kept.bucket, PREFIXES.repodata)).map(({ key }) => key);
      const before = await keys();
      channel.publish("noarch", THREE);
      await kept.run();
      expect(await keys()).not.toEqual(before);
      flaky.mishaps = [...mishaps];

      await kept.run(
        {},
        {
          db: openDb({ table: kept.db.table, endpoint: flaky.endpoint }),
          settings: deploymentSettings({ conda_indexed_channels: [] }),
        },
      );

      expect(flaky.mishaps).toEqual([]);
      await expect(kept.state()).rejects.toThrow("nothing is kept");
      expect(await keys()).toEqual(before);
    },
  );
});

describe("a change of many shards", () => {
  const many = (version: string) =>
    filesOf(...Array.from({ length: 620 }, (_, number) => record(`name-${number}`, version)));
  const shards = () =>
    channel.asked.filter(({ path, status }) => path.includes("/shards/") && status === 200);
  const versions = async (): Promise<string[]> => {
    const index = await kept.index();
    return [...new Set(index.names.flatMap((_, at) => index.versionsAt(at)))];
  };

  it("that is broken off is gone on with, and is in force when it is whole", async () => {
    channel.publish("noarch", many("1.0"), ["repodata_shards.msgpack.zst"]);
    await kept.run();
    channel.publish("noarch", many("2.0"), ["repodata_shards.msgpack.zst"]);
    const last = [...(await shardsOf())].at(-1)?.[1] ?? "";
    channel.fail({ [`noarch/shards/${last}.msgpack.zst`]: 503 });
    channel.asked.length = 0;

    expect(await kept.run({ now: true })).toMatchObject({ failed: 1 });
    expect(await versions()).toEqual(["1.0"]);
    expect(shards().length).toBeGreaterThanOrEqual(500);

    channel.fail({});
    channel.asked.length = 0;
    expect(await kept.run({ now: true })).toMatchObject({ changed: 1 });
    expect(shards()).toHaveLength(120);
    expect(await versions()).toEqual(["2.0"]);
    expect(await kept.state()).toMatchObject({ staged: null });
  });

  it("that the channel takes back while it is on its way leaves nothing behind", async () => {
    channel.publish("noarch", many("1.0"), ["repodata_shards.msgpack.zst"]);
    await kept.run();
    const before = channel.read("noarch/repodata_shards.msgpack.zst");
    channel.publish("noarch", many("2.0"), ["repodata_shards.msgpack.zst"]);
    const last = [...(await shardsOf())].at(-1)?.[1] ?? "";
    channel.fail({ [`noarch/shards/${last}.msgpack.zst`]: 503 });
    await kept.run({ now: true });
    channel.fail({});
    // Another index of the same shards, so that it is no news that was known.
    const index = await decodeShardIndex(before);
    channel.put(
      "noarch/repodata_shards.msgpack.zst",
      shardIndexOf("noarch", Object.fromEntries(index.shards), { created_at: "later" }),
    );

    expect(await kept.run({ now: true })).toMatchObject({ changed: 1, failed: 0 });

    expect(await versions()).toEqual(["1.0"]);
  });

  const shardsOf = async () =>
    (await decodeShardIndex(channel.read("noarch/repodata_shards.msgpack.zst"))).shards;
});

describe("of two runs at the same time", () => {
  it("one reads a channel, and the other leaves it alone", async () => {
    channel.publish("noarch", THREE);

    const runs = await Promise.all([kept.run({ now: true }), kept.run({ now: true })]);

    expect(runs.reduce((sum, { changed }) => sum + changed, 0)).toBe(1);
    expect(runs.reduce((sum, { left }) => sum + left, 0)).toBe(1);
    expect(Object.keys(await kept.files())).toHaveLength(4);
  });

  it("one that died is not waited for longer than a function may run", async () => {
    channel.publish("noarch", THREE);
    const died = new AbortController();
    channel.fail({
      "noarch/repodata.json.zst": () => died.abort(new Error("killed")),
    });
    await kept.run({}, { signal: died.signal });
    const state = await kept.state();
    await putRepodata(kept.db, { ...state, busyUntil: "2026-03-04T05:21:07.890Z", nextAt: null });
    channel.fail({});

    expect(await kept.run({ now: true })).toMatchObject({ left: 1 });
    kept.later(900);
    expect(await kept.run()).toMatchObject({ changed: 1 });
  });

  it("that was killed is told in the state by the next one; who is killed each time leaves the channel alone for longer", async () => {
    channel.publish("noarch", THREE);
    /** Leaves in the table what a run leaves that is killed while it reads. */
    const killed = async (): Promise<RepodataState> => {
      let during: RepodataState | undefined;
      channel.fail({
        "noarch/repodata.json.zst": (_, response) => {
          void kept
            .state()
            .then((state) => {
              during = state;
            })
            .finally(() => response.destroy());
        },
      });
      expect(await kept.run()).toMatchObject({ failed: 1 });
      channel.fail({});
      if (!during) throw new Error("the channel was not asked");
      return (await putRepodata(kept.db, { ...during, version: (await kept.state()).version })) ?? during;
    };
    expect(await killed()).toMatchObject({ failures: 0, error: null, nextAt: null });
    for (const [failures, seconds] of [60, 120, 240].entries()) {
      kept.later(900 + (failures === 0 ? 0 : seconds / 2));
      expect(await killed()).toMatchObject({
        failures: failures + 1,
        error: "The function that read it ended without a word.",
      });
      kept.later(900 + seconds - 1);
      expect(await kept.run()).toMatchObject({ left: 1 });
      kept.later(1 - 900 - seconds);
    }
    kept.later(900 + 240);
    expect(await kept.run()).toMatchObject({ changed: 1 });
    expect(await kept.state()).toMatchObject({ failures: 0, error: null, nextAt: null });
  });
});
