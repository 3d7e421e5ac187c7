import { zstdDecompressSync } from "node:zlib";
import { decode } from "@msgpack/msgpack";
import { beforeEach, describe, expect, it } from "vitest";
import { type KeptIndexes, openKeptIndexes } from "#adapters/channel/kept-indexes.ts";
import { getRepodata, putRepodata } from "#adapters/dynamodb/repodata.ts";
import { deleteObject } from "#adapters/s3/objects.ts";
import { type ChannelCredentials, openChannelKeys } from "#core/channel/credentials.ts";
import { nameIndexKey } from "#core/layout.ts";
import { channelKeyOf } from "#core/repodata/state.ts";
import { filesOf, record, repodataOf, useIndexChannel } from "#test/kit/index-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { usePrefetching } from "#test/kit/prefetching.ts";

const aws = useMiniStack();
const channel = useIndexChannel();
const kept = usePrefetching({ aws, name: "kept-indexes", channel: () => channel });
const FILES = {
  ...filesOf(record("numpy", "2.0"), record("six", "1.0")),
  "six-0.9-h0_0.tar.bz2": record("six", "0.9"),
};

let said: string[];
const open = (
  namespace = "team",
  credentials: ChannelCredentials = {},
  minutesMax = 1_000_000,
): KeptIndexes =>
  openKeptIndexes({
    ...{ db: kept.db, bucket: kept.bucket, namespace, minutesMax },
    keys: openChannelKeys(credentials, "https://conda.anaconda.org", [channel.host]),
    say: (line) => said.push(line),
  });
const bytesOf = async (indexes: KeptIndexes, path: string): Promise<Buffer | null> => {
  const answer = await indexes.answer(channel.url, path);
  const pieces: Uint8Array[] = [];
  for await (const piece of answer?.body ?? []) pieces.push(piece);
  return answer?.status === 200 ? Buffer.concat(pieces) : null;
};
const SHARDS = "noarch/repodata_shards.msgpack.zst";

beforeEach(async () => {
  said = [];
  channel.publish("noarch", FILES);
  await kept.run();
  channel.asked.length = 0;
});

describe("a kept index", () => {
  it("is given as shards, and as one text to who wants that, without asking the channel", async () => {
    const indexes = open();

    const index = decode(zstdDecompressSync((await bytesOf(indexes, SHARDS)) ?? Buffer.alloc(0)));
    const { shards } = index as { shards: Record<string, Uint8Array> };
    expect(Object.keys(shards).sort()).toEqual(["numpy", "six"]);
    const digest = Buffer.from(shards["six"] ?? []).toString("hex");
    const shard = await bytesOf(indexes, `noarch/shards/${digest}.msgpack.zst`);
    expect(decode(zstdDecompressSync(shard ?? Buffer.alloc(0)))).toMatchObject({
      packages: { "six-0.9-h0_0.tar.bz2": { name: "six", version: "0.9" } },
      "packages.conda": { "six-1.0-h0_0.conda": { version: "1.0" } },
    });
    const text = await bytesOf(indexes, "noarch/repodata.json");
    expect(JSON.parse(String(text))).toEqual(JSON.parse(repodataOf("noarch", FILES)));
    expect(channel.asked).toEqual([]);
    expect(said).toEqual([expect.stringMatching(/noarch: kept index, .* 3 packages$/)]);
  });

  it("has no other form: who asks for one is told so, and asks for what there is", async () => {
    const indexes = open();
    for (const file of ["repodata.json.zst", "repodata.json.bz2", "current_repodata.json", "repodata.jlap"]) {
      expect(await indexes.answer(channel.url, `noarch/${file}`)).toMatchObject({ status: 404 });
    }
    expect(await indexes.answer(channel.url, `noarch/shards/${"0".repeat(64)}.msgpack.zst`)).toMatchObject({
      status: 404,
    });
    for (const path of [
      "noarch/numpy-2.0-h0_0.conda",
      "../noarch/repodata.json",
      "noarch/x/repodata.json",
      "rss.xml",
    ]) {
      expect(await indexes.answer(channel.url, path)).toBeNull();
    }
  });

  it("is the same as long as nothing has changed, and another afterwards", async () => {
    const answer = await open().answer(channel.url, SHARDS);
    const read = {
      channel: channel.url,
      path: SHARDS,
      status: 200,
      validator: answer?.etag ?? null,
    } as const;
    const missing = {
      channel: channel.url,
      path: "noarch/repodata.json.bz2",
      status: 404,
      validator: null,
    } as const;
    expect(await open().isUnchanged(read)).toBe(true);
    expect(await open().isUnchanged(missing)).toBe(true);
    channel.publish("noarch", filesOf(record("numpy", "3.0")));
    await kept.run();

    expect(await open().isUnchanged(read)).toBe(false);
    expect(await open().isUnchanged({ ...read, channel: "https://elsewhere.example.org" })).toBeNull();
  });
});

describe("the channel is asked, and it is said why,", () => {
  it("when nothing is kept of it", async () => {
    expect(await open().answer(`${channel.url}-other`, SHARDS)).toBeNull();
    expect(said).toEqual([expect.stringContaining("no index of it is kept, the channel is asked")]);
  });

  it("when what is kept is too old", async () => {
    expect(await open("team", {}, 5).answer(channel.url, SHARDS)).toBeNull();
    expect(said).toEqual([expect.stringMatching(/last compared \d+ minutes ago, the channel is asked/)]);
  });

  it("when what is kept cannot be read", async () => {
    const state = await kept.state();
    await deleteObject(kept.bucket, nameIndexKey(channelKeyOf(state), "noarch", state.live?.index ?? ""));

    expect(await open().answer(channel.url, SHARDS)).toBeNull();
    expect(said.at(-1)).toContain("cannot be read, the channel is asked");
  });

  it("when the namespace has credentials for it, and what is kept was read without", async () => {
    const credentials = { [channel.url]: { bearer: "b" } };
    expect(await open("team", credentials).answer(channel.url, SHARDS)).toBeNull();
  });
});

it("what was read with a namespace's credentials is for its builds alone", async () => {
  const [state] = await getRepodata(kept.db, [{ owner: null, channel: channel.url, subdir: "noarch" }]);
  if (!state) throw new Error("nothing is kept");
  const secret = `${channel.url}/private`;
  await putRepodata(kept.db, {
    ...state,
    version: 0,
    channel: secret,
    owner: "team",
    live: null,
    absent: true,
  });

  expect(await open("team").answer(secret, SHARDS)).toMatchObject({ status: 404 });
  expect(await open("stranger").answer(secret, SHARDS)).toBeNull();
});
