import { beforeEach, describe, expect, it } from "vitest";
import { deleteObject, listObjects, putObject } from "#adapters/s3/objects.ts";
import { PREFIXES } from "#core/layout.ts";
import { type Api, openApi } from "#test/kit/api.ts";
import { filesOf, record, useIndexChannel } from "#test/kit/index-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { usePrefetching } from "#test/kit/prefetching.ts";

const aws = useMiniStack();
const channel = useIndexChannel();
const kept = usePrefetching({
  aws,
  name: "package-builds",
  channel: () => channel,
  subdirs: ["linux-64", "noarch"],
});
let api: Api;
beforeEach(() => {
  api = openApi({ ...aws, table: kept.db.table });
});

type Row = Readonly<Record<string, unknown>>;
interface Answer {
  readonly data: readonly Row[];
  readonly count: number;
  readonly code?: string;
  readonly message: string | null;
}
const ask = async (query: string): Promise<Answer> =>
  (await (await api.request(`/api/v1/package/build/?${query}`)).json()) as Answer;
const found = async (query: string): Promise<string[]> => {
  const { data, count, message } = await ask(query);
  if (message !== null) return [message];
  return [...data.map((row) => `${row["version"]} ${row["build"]} ${row["subdir"]}`), `of ${count}`];
};

const build = (name: string, version: string, text: string, more: object = {}) =>
  record(name, version, { build: text, ...more });
const publish = async () => {
  channel.publish(
    "linux-64",
    filesOf(
      build("numpy", "1.9.0", "py27_0", { build_number: 0, timestamp: 1_400_000_000, size: 300 }),
      build("numpy", "1.26.4", "py311_0", { size: 200, timestamp: 1_700_000_000_000 }),
      build("numpy", "1.26.4", "py312_10", { build_number: 10, size: 100, timestamp: undefined }),
      build("numpy", "1.26.4", "py312_9", { build_number: 9 }),
      record("numpydoc", "1.7"),
    ),
  );
  channel.publish("noarch", filesOf(build("numpy", "2.0.0", "pyh_0"), record("six", "1.16")));
  await kept.run();
};

describe("builds of a package", () => {
  beforeEach(publish);

  it("are every file that the channel has of the name, in the order of versions and of builds' numbers", async () => {
    expect(await found("name=numpy")).toEqual([
      "1.9.0 py27_0 linux-64",
      "1.26.4 py311_0 linux-64",
      "1.26.4 py312_9 linux-64",
      "1.26.4 py312_10 linux-64",
      "2.0.0 pyh_0 noarch",
      "of 5",
    ]);
    expect(await found("name=nump")).toEqual(["of 0"]);
    expect(await found("name=NumPyDoc")).toEqual(["1.7 h0_0 linux-64", "of 1"]);
  });

  it("have what the channel says of them", async () => {
    const own = build("numpydoc", "2", "h1_1", {
      depends: ["python >=3.11", "numpy"],
      constrains: ["sphinx >=7"],
      license: "MIT",
      build_number: 1,
    });
    channel.publish("linux-64", filesOf(own));
    await kept.run({ now: true });

    expect((await ask("name=numpydoc")).data).toEqual([
      {
        id: expect.any(Number),
        channel: { id: expect.any(Number), name: channel.url, last_update: null },
        name: "numpydoc",
        version: "2",
        build: "h1_1",
        build_number: 1,
        subdir: "linux-64",
        url: `${channel.url}/linux-64/numpydoc-2-h1_1.conda`,
        license: "MIT",
        size: 1000,
        timestamp: "2023-11-14T22:13:20",
        depends: ["python >=3.11", "numpy"],
        constrains: ["sphinx >=7"],
        md5: own["md5"],
        sha256: own["sha256"],
      },
    ]);
  });

  it("have their time whether the channel tells it in seconds or in milliseconds, and none where it tells none", async () => {
    const { data } = await ask("name=numpy&subdir=linux-64");
    expect(data.map(({ timestamp }) => timestamp)).toEqual([
      "2014-05-13T16:53:20",
      "2023-11-14T22:13:20",
      "2023-11-14T22:13:20",
      null,
    ]);
  });

  it("are filtered by subdir, by a constraint on the version, by part of the build and by channel", async () => {
    expect(await found("name=numpy&subdir=noarch")).toEqual(["2.0.0 pyh_0 noarch", "of 1"]);
    expect(await found(`name=numpy&version=${encodeURIComponent(">=1.10,<2")}&build=py312`)).toEqual([
      "1.26.4 py312_9 linux-64",
      "1.26.4 py312_10 linux-64",
      "of 2",
    ]);
    expect(await found("name=numpy&version=2.0")).toEqual(["2.0.0 pyh_0 noarch", "of 1"]);
    expect(await found("name=numpy&build=.*")).toEqual(["of 0"]);
    expect(await found("name=numpy&channel=https://elsewhere.example.org/x")).toEqual(["of 0"]);
    expect(await found(`name=numpy&channel=${channel.url}&version=1.9.*`)).toEqual([
      "1.9.0 py27_0 linux-64",
      "of 1",
    ]);
  });

  it("are sorted as is asked, and paged with the exact count", async () => {
    const pages = [];
    for (const page of [1, 2, 3, 4]) {
      pages.push(await found(`name=numpy&sort_by=size&sort_by=nonsense&order=desc&size=2&page=${page}`));
    }
    expect(pages).toEqual([
      ["2.0.0 pyh_0 noarch", "1.26.4 py312_9 linux-64", "of 5"],
      ["1.9.0 py27_0 linux-64", "1.26.4 py311_0 linux-64", "of 5"],
      ["1.26.4 py312_10 linux-64", "of 5"],
      ["of 5"],
    ]);
  });

  it("are asked for with a sentence when the constraint is none, or the name is missing", async () => {
    expect(await ask("name=numpy&version=%3E%3E1")).toMatchObject({
      code: "invalid_request",
      message: expect.stringMatching(/^version: ">>1" is not one: /),
    });
    expect(await ask("version=1")).toMatchObject({
      code: "invalid_parameter",
      message: "query.name: Field required",
    });
  });

  it("cost one read of the bucket for each subdir that has the name, and none when they are asked for again", async () => {
    await found("name=six");
    const packs = await listObjects(kept.bucket, PREFIXES.repodata);
    for (const { key } of packs) await deleteObject(kept.bucket, key);

    expect(await found("name=six&order=desc")).toEqual(["1.16 h0_0 noarch", "of 1"]);
    expect((await ask("name=numpydoc")).code).toBe("try_again");
  });

  it("are never those of a damaged store", async () => {
    const packs = await listObjects(kept.bucket, PREFIXES.repodata);
    for (const { key, sizeBytes } of packs.filter((one) => one.key.includes("/packs/"))) {
      await putObject(kept.bucket, key, Buffer.alloc(sizeBytes, 7), { contentType: "application/zstd" });
    }
    expect((await ask("name=six")).code).toBe("try_again");
  });

  it("are refused where there are more than anybody can wait for", async () => {
    const many = Array.from({ length: 20_001 }, (_, n) => build("huge", `1.${n}`, "h_0"));
    channel.publish("noarch", filesOf(...many), ["repodata.json"]);
    await kept.run({ now: true });

    expect(await ask("name=huge&subdir=noarch")).toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("There are 20001 builds of huge"),
    });
    expect(await found("name=huge&subdir=linux-64")).toEqual(["of 0"]);
  });
});
