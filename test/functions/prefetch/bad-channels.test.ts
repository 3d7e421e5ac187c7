import { zstdCompressSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { REPODATA_LIMITS } from "#core/repodata/limits.ts";
import {
  FAULTS,
  type Fault,
  filesOf,
  record,
  repodataOf,
  sha256,
  shardIndexOf,
  shardOf,
  useIndexChannel,
} from "#test/kit/index-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { usePrefetching } from "#test/kit/prefetching.ts";

const aws = useMiniStack();
const channel = useIndexChannel();
const kept = usePrefetching({ aws, name: "bad", channel: () => channel });

const GOOD = filesOf(record("numpy", "1.26.4"), record("pandas", "2.2.0"));
const NEWER = filesOf(record("numpy", "9.0.0"), record("pandas", "2.2.0"));
const [ZST, SHARDS] = ["noarch/repodata.json.zst", "noarch/repodata_shards.msgpack.zst"];
const files = async (): Promise<string[]> => Object.keys(await kept.files()).sort();

/** A quick test's limits: what is beyond them is refused in the same place. */
const SMALL = { ...REPODATA_LIMITS, compressedBytes: 20_000, textBytes: 50_000, recordBytes: 4_000 };

/** What each test begins with: an index in force, and a channel that has changed since. */
beforeEach(async () => {
  channel.publish("noarch", GOOD, ["repodata.json.zst"]);
  await kept.run();
  channel.publish("noarch", NEWER, ["repodata.json.zst"]);
});

/** Whatever the channel does: what is in force stays, it is said why, and the next good answer makes it good. */
async function refused(reason: RegExp, more: Parameters<typeof kept.run>[1] = {}): Promise<void> {
  expect(await kept.run({ now: true }, more)).toMatchObject({ changed: 0, failed: 1 });
  expect((await kept.state()).error).toMatch(reason);
  expect(await files()).toEqual(Object.keys(GOOD));
}
afterEach(async () => {
  channel.fail({});
  channel.publish("noarch", NEWER, ["repodata.json.zst"]);
  expect(await kept.run({ now: true, believeLoss: true })).toMatchObject({ failed: 0 });
  expect(await kept.state()).toMatchObject({ error: null, failures: 0 });
  expect(await files()).toEqual(Object.keys(NEWER).sort());
});

describe("a channel that", () => {
  const unasked: Fault = (_, response) => {
    response.writeHead(304).end();
  };
  it.each<[string, Readonly<Record<string, Fault>>, RegExp]>([
    ["has gone", { [ZST]: (request) => request.destroy() }, /^The channel cannot be reached: .*hang up/],
    ["is not there any more", { [ZST]: 404 }, /has no index any more/],
    ["is broken", { [ZST]: 503 }, /HTTP 503/],
    ["wants a password", { [ZST]: 401 }, /HTTP 401/],
    ["redirects for ever", { [ZST]: FAULTS.round }, /redirects more than 5 times/],
    ["redirects inward", { [ZST]: FAULTS.inward }, /cannot be reached: .*169\.254\.169\.254/],
    ["serves a page", { [ZST]: "html" }, /answers with a web page/],
    ["serves half a file", { [ZST]: "half" }, /is no zstd, or breaks off/],
    ["breaks off", { [ZST]: "cut" }, /breaks off/],
    ["says that it sends 20 GB", { [ZST]: FAULTS.huge }, /has 21474836480 bytes, more than the/],
    ["says that nothing changed, though it is not known what it had", { [SHARDS]: unasked }, /answers 304/],
  ])("%s", async (_, faults, reason) => {
    channel.fail(faults);

    await refused(reason);
  });

  it("sends and sends", async () => {
    channel.fail({
      [ZST]: (_, response) => {
        const send = (): void => {
          while (!response.destroyed && response.write(Buffer.alloc(4096, 1)));
          if (!response.destroyed) response.once("drain", send);
        };
        response.writeHead(200);
        send();
      },
    });

    await refused(/is no zstd|more than the 20000 bytes/, { limits: SMALL });
  });

  it("unpacks to more than anybody can hold", async () => {
    channel.put(ZST, zstdCompressSync(`{"packages":{}, "more": "${" ".repeat(1_000_000)}"}`));

    await refused(/unpacks to more than the 50000 bytes/, { limits: SMALL });
  });

  it.each([
    ["ends too early", '{"packages":{"a-1-0.conda":', /ends in the middle/],
    ["is no JSON", '{"packages":[}', /ends in the middle|is not JSON/],
    ["is something else", "Hello", /is not JSON/],
    ["has two halves", '{"packages":{},"packages":{}}', /with packages twice/],
    ["goes on behind its end", "{}{}", /goes on behind its end/],
    [
      "has an entry without end",
      `{"packages":{"a-1-0.conda":{"name":"${"a".repeat(9000)}"}}}`,
      /entry larger than 4000 bytes/,
    ],
  ])("has an index that %s", async (_, text, reason) => {
    channel.put(ZST, zstdCompressSync(text));

    await refused(reason, { limits: SMALL });
  });

  it("lost most of its packages: unless somebody says that it is meant", async () => {
    const many = (count: number) =>
      filesOf(...Array.from({ length: count }, (_, number) => record("numpy", `1.${number}`)));
    channel.publish("noarch", many(200), ["repodata.json.zst"]);
    await kept.run({ now: true });
    channel.publish("noarch", many(50), ["repodata.json.zst"]);

    await kept.run({ now: true });
    expect((await kept.state()).error).toMatch(/has 50 packages where it had 200/);
    expect(await files()).toHaveLength(200);

    expect(await kept.run({ now: true, believeLoss: true })).toMatchObject({ changed: 1 });
    expect(await files()).toHaveLength(50);
    channel.publish("noarch", NEWER, ["repodata.json.zst"]);
    await kept.run({ now: true });
  });
});

describe("a channel whose shards", () => {
  const names = (shards: Readonly<Record<string, Buffer>>, info: object = {}): void => {
    const digests = Object.entries(shards).map(([name, shard]) => [name, sha256(shard)] as const);
    for (const [name, digest] of digests)
      channel.put(`noarch/shards/${digest}.msgpack.zst`, shards[name] ?? null);
    channel.put(SHARDS, shardIndexOf("noarch", Object.fromEntries(digests), info));
  };
  beforeEach(async () => {
    channel.publish("noarch", GOOD);
    await kept.run({ now: true });
  });
  const numpy = shardOf(filesOf(record("numpy", "9.0.0")));
  const pandas = shardOf(filesOf(record("pandas", "2.2.0")));

  it("are not what their index says", async () => {
    names({ numpy, pandas });
    channel.put(`noarch/shards/${sha256(numpy)}.msgpack.zst`, pandas);

    await refused(/has a shard of numpy that is not the one its index names/);
  });

  it("are not there", async () => {
    names({ numpy, pandas });
    channel.put(`noarch/shards/${sha256(numpy)}.msgpack.zst`, null);

    await refused(/has no shard of numpy/);
  });

  it.each([
    ["no shard", Buffer.from("no zstd")],
    ["no msgpack", zstdCompressSync(Buffer.from([0xc1]))],
    ["a list", zstdCompressSync(encode([1, 2]))],
  ])("are none: %s", async (_, shard) => {
    names({ numpy: shard, pandas });

    await refused(/zstd|msgpack|shard/);
  });

  it.each([
    ["no zstd", Buffer.from("no zstd")],
    ["a list", zstdCompressSync(encode([]))],
    ["shards by number", zstdCompressSync(encode({ info: {}, shards: 7 }))],
  ])("have an index that is none: %s", async (_, index) => {
    channel.put(SHARDS, index);

    await refused(/zstd|index of shards/);
  });

  it("lie on another host, which may not be visited", async () => {
    names({ numpy, pandas }, { shards_base_url: "http://169.254.169.254/" });

    await refused(/169\.254\.169\.254/);
  });

  it("are of packages that lie elsewhere", async () => {
    names({ numpy, pandas }, { base_url: "https://elsewhere.example.org/" });

    await refused(/its packages lie at another address/);
  });

  it("are 48 MB large are taken", async () => {
    const depends = Array.from({ length: 60 }, (_, number) => `a-package-that-is-needed-${number} >=1.0`);
    const large = filesOf(
      ...Array.from({ length: 22_000 }, (_, number) => record("numpy", `1.${number}`, { depends })),
    );
    const shard = shardOf(large);
    names({ numpy: shard, pandas });

    expect(await kept.run({ now: true })).toMatchObject({ changed: 1, failed: 0 });

    const index = await kept.index();
    expect(index.recordsAt(index.find("numpy"))).toBe(22_000);
  });

  it("are of no name: a name that leads elsewhere, and a hash that is none, are left out and counted", async () => {
    const info = { subdir: "noarch", base_url: "", shards_base_url: "./shards/" };
    const digest = (bytes: Buffer) => Buffer.from(sha256(bytes), "hex");
    channel.put(`noarch/shards/${sha256(pandas)}.msgpack.zst`, pandas);
    const shards = { "../../etc": digest(pandas), numpy: Buffer.alloc(7), pandas: digest(pandas) };
    channel.put(SHARDS, zstdCompressSync(encode({ info, shards })));

    expect(await kept.run({ now: true })).toMatchObject({ failed: 0 });

    expect((await kept.index()).names).toEqual(["pandas"]);
  });
});

describe("records that nobody could use", () => {
  const good = record("numpy", "9.0.0");
  const BAD: Readonly<Record<string, unknown>> = {
    "../../../etc/passwd": good,
    "numpy-9.0.0-../x.conda": good,
    "..conda": good,
    "a.exe": good,
    "no-name-1-0.conda": { ...good, name: "" },
    "outward-1-0.conda": { ...good, name: "../up" },
    "no-version-1-0.conda": { ...good, version: undefined },
    "version-1-0.conda": { ...good, version: "1 0" },
    "number-1-0.conda": { ...good, build_number: "0" },
    "depends-1-0.conda": { ...good, depends: "python" },
    "depends-2-0.conda": { ...good, depends: [1] },
    "size-1-0.conda": { ...good, size: -1 },
    "hash-1-0.conda": { ...good, sha256: "abc" },
    "no-hash-1-0.conda": { ...good, sha256: undefined, md5: undefined },
    "text-1-0.conda": "text",
    "list-1-0.conda": [good],
    "null-1-0.conda": null,
  };

  it("are left out and counted, whichever form they come in, and the others are kept", async () => {
    const records = { ...NEWER, ...(BAD as typeof NEWER) };
    const conda = Object.fromEntries(Object.entries(records).filter(([name]) => name.endsWith(".conda")));
    const text = JSON.stringify({
      packages: { "a.exe": good, "../../../etc/passwd": good },
      "packages.conda": conda,
    });
    channel.put(ZST, zstdCompressSync(text));

    expect(await kept.run({ now: true })).toMatchObject({ changed: 1, failed: 0 });

    expect((await kept.state()).live).toMatchObject({ records: 2, skipped: Object.keys(BAD).length });
    expect(await files()).toEqual(Object.keys(NEWER).sort());
  });

  it("do not spoil a shard: the others of the name are kept", async () => {
    channel.publish("noarch", GOOD);
    await kept.run({ now: true });
    const shard = shardOf({ ...filesOf(good), "outward-1-0.conda": { ...good, name: "../up" } });
    channel.put(`noarch/shards/${sha256(shard)}.msgpack.zst`, shard);
    const pandas = shardOf(filesOf(record("pandas", "2.2.0")));
    channel.put(SHARDS, shardIndexOf("noarch", { numpy: sha256(shard), pandas: sha256(pandas) }));

    expect(await kept.run({ now: true })).toMatchObject({ changed: 1, failed: 0 });

    expect((await kept.state()).live).toMatchObject({ records: 2, skipped: 1 });
    expect(await files()).toEqual(Object.keys(NEWER).sort());
  });
});

describe("a channel that fails", () => {
  it("is left alone for longer each time, or as long as it says", async () => {
    const wait = async (): Promise<number> => {
      const { nextAt, triedAt } = await kept.state();
      return (Date.parse(nextAt ?? "") - Date.parse(triedAt ?? "")) / 1000;
    };
    channel.fail({ [ZST]: 500 });
    const waits: number[] = [];
    for (const _ of [1, 2, 3]) {
      await kept.run({ now: true });
      waits.push(await wait());
    }
    expect(waits).toEqual([60, 120, 240]);
    channel.asked.length = 0;
    expect(await kept.run()).toMatchObject({ left: 1 });
    expect(channel.asked.filter(({ path }) => path.startsWith("noarch/"))).toEqual([]);

    channel.fail({ [ZST]: (_, response) => void response.writeHead(429, { "retry-after": "1000" }).end() });
    await kept.run({ now: true });
    expect(await wait()).toBe(1000);
  });
});

it("the text of an index that was tampered with in the bucket is not taken for one", async () => {
  const { nameIndexKey } = await import("#core/layout.ts");
  const { channelKeyOf } = await import("#core/repodata/state.ts");
  const { putObject } = await import("#adapters/s3/objects.ts");
  const state = await kept.state();
  const key = nameIndexKey(channelKeyOf(state), "noarch", state.live?.index ?? "");
  await putObject(kept.bucket, key, zstdCompressSync(repodataOf("noarch", NEWER)), { contentType: "x/y" });

  await expect(kept.index()).rejects.toThrow("has lost its stored index");
});
