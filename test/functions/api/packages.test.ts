import { beforeEach, describe, expect, it } from "vitest";
import { deleteRepodata, getRepodata, putRepodata } from "#adapters/dynamodb/repodata.ts";
import { deleteObject, listObjects } from "#adapters/s3/objects.ts";
import { nameIndexKey, PREFIXES } from "#core/layout.ts";
import { channelKeyOf, SUMMARIES } from "#core/repodata/state.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { type Api, bearer, openApi, post } from "#test/kit/api.ts";
import { filesOf, record, useIndexChannel } from "#test/kit/index-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { usePrefetching } from "#test/kit/prefetching.ts";

const aws = useMiniStack();
const channel = useIndexChannel();
const kept = usePrefetching({
  aws,
  name: "packages",
  channel: () => channel,
  subdirs: ["linux-64", "noarch"],
});
let api: Api;

beforeEach(async () => {
  api = openApi(
    { ...aws, table: kept.db.table },
    { settings: deploymentSettings({ conda_indexed_channels: [channel.url], conda_default_channels: [] }) },
  );
  channel.publish(
    "linux-64",
    filesOf(record("numpy", "1.26.4"), record("numpy", "2.0.0"), record("a.b", "1")),
  );
  channel.publish(
    "noarch",
    filesOf(record("numpy", "2.0.0"), record("numpydoc", "1.7"), record("six", "1.16")),
  );
  say({ six: { summary: "Python 2 and 3." }, numpy: { summary: "<b>Arrays</b>\nand more" }, "../up": {} });
  await kept.run();
});

const say = (packages: object): void =>
  channel.put("channeldata.json", Buffer.from(JSON.stringify({ packages })));

const ask = async (path: string, init: RequestInit = {}) => {
  const response = await api.request(`/api/v1/${path}`, init);
  return (await response.json()) as Record<string, unknown>;
};
const found = async (query: string): Promise<string[]> => {
  const { data, count } = (await ask(`package/?${query}`)) as unknown as {
    data: { name: string; version: string }[];
    count: number;
  };
  return [...data.map(({ name, version }) => `${name} ${version}`), `of ${count}`];
};

describe("packages", () => {
  it("are the versions that the channel has in all its subdirs, once each, with their licence", async () => {
    expect(await found("")).toEqual([
      "a.b 1",
      "numpy 1.26.4",
      "numpy 2.0.0",
      "numpydoc 1.7",
      "six 1.16",
      "of 5",
    ]);
    const data = (await ask("package/?search=six"))["data"];
    expect(data).toEqual([
      {
        id: expect.any(Number),
        channel: { id: expect.any(Number), name: channel.url, last_update: null },
        license: "BSD-3-Clause",
        name: "six",
        version: "1.16",
        summary: "Python 2 and 3.",
      },
    ]);
  });

  it("are found by part of the name, by the whole name, and page by page with the exact count", async () => {
    expect(await found("search=UMPY")).toEqual(["numpy 1.26.4", "numpy 2.0.0", "numpydoc 1.7", "of 3"]);
    expect(await found("search=numpy&exact=true&distinct_on=version&sort_by=version&order=desc")).toEqual([
      "numpy 2.0.0",
      "numpy 1.26.4",
      "of 2",
    ]);
    expect(await found("search=num&size=2&page=2")).toEqual(["numpydoc 1.7", "of 3"]);
    expect(await found("distinct_on=name&search=num")).toEqual(["numpy 1.26.4", "numpydoc 1.7", "of 2"]);
    expect(await found("channel=https://elsewhere.example.org/x")).toEqual(["of 0"]);
  });

  it.each([".*", "a+b", "(", "[", "%", "_", "\\", "数学", "ñ", "'; DROP", "../.."])(
    "are searched for by what is typed, in which nothing is special: %s",
    async (text) => {
      expect(await found(`search=${encodeURIComponent(text)}`)).toEqual(["of 0"]);
    },
  );

  it("are all listed by a search for nothing, as without one", async () => {
    const all = await found("");
    expect(await found("search=")).toEqual(all);
    expect(await found("search=&exact=true&channel=")).toEqual(all);
    expect(await ask("package/name/?search=%20")).toEqual(await ask("package/name/"));
  });

  it("with signs in their names are found by these", async () => {
    expect(await found(`search=${encodeURIComponent("A.b")}`)).toEqual(["a.b 1", "of 1"]);
  });

  it("are those of the index that is in force: a change is seen with the next question", async () => {
    await found("search=six");
    channel.publish("noarch", filesOf(record("six", "2.0")));
    await kept.run({ now: true });

    expect(await found("search=six")).toEqual(["six 2.0", "of 1"]);
  });
});

describe("summaries of packages", () => {
  const summaries = async (query: string): Promise<unknown[]> => {
    const { data } = (await ask(`package/?${query}`)) as unknown as { data: { summary: string | null }[] };
    return data.map(({ summary }) => summary);
  };

  it("are what the channel says of the name, the same for each version, and null where it says nothing", async () => {
    const arrays = "<b>Arrays</b> and more";
    expect(await summaries("")).toEqual([null, arrays, arrays, null, "Python 2 and 3."]);
  });

  it("are those in force: a change is seen with the next question, and none when the channel has none any more", async () => {
    say({ six: { summary: "Both." } });
    await kept.run({ now: true });
    expect(await summaries("search=six")).toEqual(["Both."]);
    channel.put("channeldata.json", null);
    await kept.run({ now: true });
    expect(await summaries("search=six")).toEqual([null]);
  });

  it("are of the channel that the row is of, never of a private one", async () => {
    const place = { owner: null, channel: channel.url };
    const [names, state] = await getRepodata(kept.db, [
      { ...place, subdir: "noarch" },
      { ...place, subdir: SUMMARIES },
    ]);
    if (!names || !state) throw new Error("nothing is kept");
    await putRepodata(kept.db, { ...names, version: 0, owner: "team" });
    await putRepodata(kept.db, { ...state, version: 0, owner: "team" });
    await deleteRepodata(kept.db, state);

    expect(await summaries("search=six")).toEqual([null]);
  });

  it("that have gone from the bucket cost no list: it goes without, and says so in the log", async () => {
    const [state] = await getRepodata(kept.db, [{ owner: null, channel: channel.url, subdir: SUMMARIES }]);
    if (!state?.live) throw new Error("nothing is kept");
    await deleteObject(kept.bucket, nameIndexKey(channelKeyOf(state), SUMMARIES, state.live.index));

    expect(await summaries("search=num")).toEqual([null, null, null]);
    expect(JSON.stringify(api.lines).split("lists go without")).toHaveLength(2);
  });

  it("cost one read of the bucket, and none when they are asked for again", async () => {
    await summaries("search=six");
    for (const { key } of await listObjects(kept.bucket, PREFIXES.index))
      await deleteObject(kept.bucket, key);

    expect(await summaries("")).toHaveLength(5);
    expect(await summaries("search=six")).toEqual(["Python 2 and 3."]);
  });
});

describe("names", () => {
  it("are all in order without a search, and the best first with one", async () => {
    expect(await ask("package/name/")).toMatchObject({
      data: { names: ["a.b", "numpy", "numpydoc", "six"], count: 4 },
    });
    expect(await ask("package/name/?search=s")).toMatchObject({
      data: { names: ["six"], summaries: ["Python 2 and 3."] },
    });
    expect(await ask("package/name/?search=numpyd")).toMatchObject({ data: { summaries: [null] } });
    expect(await ask("package/name/?search=num&limit=1")).toMatchObject({
      data: { names: ["numpy"], count: 2, summaries: ["<b>Arrays</b> and more"] },
    });
  });
});

describe("channels", () => {
  it("tell what is kept of them", async () => {
    const data = (await ask("channel/"))["data"];
    expect(data).toEqual([
      {
        id: expect.any(Number),
        name: channel.url,
        last_update: "2026-03-04T05:06:07.890000",
        subdirs: [
          expect.objectContaining({ subdir: "linux-64", state: "kept", names: 2, packages: 3, error: null }),
          expect.objectContaining({ subdir: "noarch", state: "kept", names: 3, packages: 3, skipped: 0 }),
        ],
        summaries: {
          state: "kept",
          checked_at: "2026-03-04T05:06:07.890000",
          changed_at: "2026-03-04T05:06:07.890000",
          names: 2,
          skipped: 1,
          error: null,
          next_try: null,
        },
      },
    ]);
  });

  it("tell why they could not be read, and when they are tried again", async () => {
    channel.fail({ "noarch/repodata_shards.msgpack.zst": 503 });
    await kept.run({ now: true });

    const data = (await ask("channel/"))["data"];
    expect(JSON.stringify(data)).toContain('"state":"failing"');
    expect(JSON.stringify(data)).toContain("The channel answers with HTTP 503.");
    expect(JSON.stringify(data)).toContain('"next_try":"2026-03-04T05:07:07.890000"');
  });

  it("of a namespace are shown to who may read it, and to nobody else", async () => {
    const [state] = await getRepodata(kept.db, [{ owner: null, channel: channel.url, subdir: "noarch" }]);
    if (!state) throw new Error("nothing is kept");
    const own = "https://conda.example.org/private";
    await putRepodata(kept.db, { ...state, version: 0, channel: own, owner: "team" });
    const seen = async (bindings: Record<string, string[]>) =>
      JSON.stringify(
        (await ask("channel/", { headers: bearer(await api.token(bindings)) }))["data"],
      ).includes(own);

    expect(await seen({ "team/*": ["viewer"] })).toBe(true);
    expect(await seen({ "other/*": ["admin"] })).toBe(false);
    expect(JSON.stringify(await ask("channel/"))).not.toContain(own);
    expect(await found("search=six")).toEqual(["six 1.16", "of 1"]);
  });

  it("are read now when an admin asks, a few times a minute", async () => {
    const headers = bearer(await api.token({ "*/*": ["admin"] }));
    const refresh = (body: object) => ask("channel/refresh/", post(body, headers));
    expect(await refresh({ channel: channel.url, believe_loss: true })).toMatchObject({ status: "ok" });
    expect(api.lines).toContainEqual({
      askedForIndexes: { channel: channel.url, now: true, believeLoss: true },
    });
    for (let n = 0; n < 5; n += 1) await refresh({});
    expect(await refresh({})).toMatchObject({ code: "too_many_requests" });
  });
});
