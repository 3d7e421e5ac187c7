import { describe, expect, it } from "vitest";
import { putSettings } from "#adapters/dynamodb/settings.ts";
import { LOCKFILE_BYTES_MAX, SPECIFICATION_BYTES_MAX } from "#core/specification/limits.ts";
import { bucketSource } from "#functions/watch/bucket-source.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { specified, useWatching } from "#test/kit/watching.ts";

useMiniStack();
const watched = useWatching("bad-files");

const GOOD = specified("good", "python");

describe("a file that cannot be built", () => {
  it.each<[string, string, string | Uint8Array, RegExp]>([
    ["is no YAML", "team/bad.yml", "name: [", /Invalid YAML/],
    ["is empty", "team/bad.yml", "", /./],
    ["is binary", "team/bad.yml", Uint8Array.from({ length: 512 }, (_, i) => i), /UTF-8/],
    ["has a NUL", "team/bad.yml", "name: a\0b\n", /./],
    [
      "is no text in UTF-8",
      "team/bad.yml",
      Buffer.from("name: caf\xe9\n", "latin1"),
      /not text in UTF-8: save it as such/,
    ],
    ["is no specification", "team/bad.yml", "- a\n- list\n", /./],
    ["has no name", "team/bad.yml", "dependencies: [python]\n", /name/],
    ["has a name that is none", "team/bad.yml", "name: a/b\ndependencies: [python]\n", /name/],
    [
      "names a channel that is refused",
      "team/bad.yml",
      "name: x\nchannels: [file:///etc]\ndependencies: [a]\n",
      /channel|address|http/i,
    ],
    ["has a package that is none", "team/bad.yml", "name: x\ndependencies: ['a b c d ==== !']\n", /./],
    [
      "is larger than a specification",
      "team/bad.yml",
      `# ${"x".repeat(SPECIFICATION_BYTES_MAX)}\n${GOOD}`,
      /larger than 256 KiB/,
    ],
    ["is larger than anything", "team/bad.yml", "x".repeat(LOCKFILE_BYTES_MAX + 1), /larger than 2 MiB/],
    [
      "lies in a directory that is no namespace",
      "a b/bad.yml",
      specified("x", "python"),
      /namespace .*first directory/,
    ],
    [
      "lies in a directory with a question mark",
      "a?b/bad.yml",
      specified("x", "python"),
      /"\?".*first directory/,
    ],
    [
      "has aliases that explode",
      "team/bad.yml",
      `a: &a [1,1,1,1,1,1,1,1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]\n`,
      /./,
    ],
    ["is a lockfile of nothing", "team/bad.json", '{"package": [], "metadata": {}}', /./],
  ])("is told why when it %s, and does not keep the others", async (_, path, text, why) => {
    await watched.put(path, text);
    await watched.put("team/good.yml", GOOD);

    expect(await watched.run()).toMatchObject({ files: 2, built: 1, refused: 1, failed: 0 });

    expect(await watched.told(path)).toMatch(why);
    expect(await watched.told("team/good.yml")).toBeNull();
    expect(await watched.state(path)).toMatchObject({ buildId: null, environment: null });
    expect((await watched.state(path)).error).toMatch(why);
    expect(await watched.builds()).toMatchObject([{ environment: "good" }]);
    expect(await watched.run()).toMatchObject({ built: 0, failed: 0, removed: 0 });
  });

  it("keeps what was built before, and is built when it is mended", async () => {
    await watched.put("team/tools.yml", specified("tools", "python=3.12"));
    await watched.run();
    await watched.put("team/tools.yml", "name: tools\ndependencies: [");
    await watched.run();

    expect(await watched.state("team/tools.yml")).toMatchObject({
      environment: "tools",
      error: expect.any(String),
    });
    expect(await watched.builds()).toHaveLength(1);

    await watched.put("team/tools.yml", specified("tools", "python=3.13"));
    expect(await watched.run()).toMatchObject({ built: 1 });
    expect(await watched.told("team/tools.yml")).toBeNull();
    expect(await watched.state("team/tools.yml")).toMatchObject({ error: null });
  });

  it("is looked at again when what is in its way is none of its own", async () => {
    const scope = { kind: "namespace", namespace: "team" } as const;
    await putSettings(watched.db, scope, { conda_allowed_channels: ["https://conda.example.org/main"] });
    await watched.put("team/tools.yml", specified("tools", "python"));
    expect(await watched.run()).toMatchObject({ refused: 1 });
    const before = await watched.state("team/tools.yml");
    expect(before.error).toMatch(/conda_allowed_channels|allowed/);

    expect(await watched.run()).toMatchObject({ refused: 1 });
    expect(await watched.state("team/tools.yml")).toEqual(before);

    await putSettings(watched.db, scope, { conda_allowed_channels: [] });
    expect(await watched.run()).toMatchObject({ built: 1 });
  });

  it("shows no password that its text has", async () => {
    await watched.put(
      "team/bad.yml",
      "name: x\nchannels: ['https://me:hunter2@10.0.0.1/c']\ndependencies: [a]\n",
    );
    await watched.run();

    const { error } = await watched.state("team/bad.yml");
    expect(error).not.toBeNull();
    expect(`${error}${await watched.told("team/bad.yml")}`).not.toContain("hunter2");
  });
});

describe("two files for one environment", () => {
  it("are one too many: the first keeps it, and the other has it when the first is gone", async () => {
    await watched.put("team/z.yml", specified("tools", "python=3.12"));
    await watched.run();
    await watched.put("team/a.yml", specified("tools", "python=3.13"));

    expect(await watched.run()).toMatchObject({ built: 0, refused: 1 });
    expect(await watched.told("team/a.yml")).toContain("already that of the file team/z.yml");

    await watched.remove("team/z.yml");
    expect(await watched.run()).toMatchObject({ built: 1, removed: 1 });
    expect(await watched.builds()).toHaveLength(2);
  });

  it("are one too many, too, when another pass builds the first in the middle of this one", async () => {
    await watched.put("team/a.yml", specified("tools", "python=3.12"));
    const source = bucketSource(watched.bucket);
    const early = await source.list();
    await watched.put("team/b.yml", specified("tools", "python=3.13"));
    let others = 0;
    const read: typeof source.read = async (file) => {
      if (others++ === 0) await watched.run({ source: { ...source, list: async () => early } });
      return await source.read(file);
    };

    expect(await watched.run({ source: { ...source, read } })).toMatchObject({ built: 0, refused: 1 });
    expect(await watched.builds()).toHaveLength(1);
    expect(await watched.told("team/b.yml")).toContain("already that of the file team/a.yml");
  });

  it("may be in two namespaces", async () => {
    await watched.put("team/tools.yml", specified("tools", "python"));
    await watched.put("tools.yml", specified("tools", "python"));

    expect(await watched.run()).toMatchObject({ built: 2 });
  });
});

describe("what lies beside", () => {
  it("is not looked at: other endings, hidden names, paths that are too long, what is said about files", async () => {
    const paths = [
      "team/README.md",
      "team/.hidden.yml",
      ".git/config.yml",
      "team/..data/x.yml",
      `team/${"x".repeat(500)}.yml`,
      "team/old.yml.error.txt.txt",
      "team/",
      "team/.yml",
    ];
    for (const path of paths) await watched.put(path, GOOD);

    expect(await watched.run()).toMatchObject({ files: 0, built: 0 });
    expect((await watched.paths()).sort()).toEqual([...paths].sort());
  });

  it("is put right when somebody has changed or removed what is said about a file", async () => {
    await watched.put("team/bad.yml", "name: [");
    await watched.run();
    const said = await watched.told("team/bad.yml");
    await watched.put("team/bad.yml.error.txt", "all is well\n");
    await watched.run();
    expect(await watched.told("team/bad.yml")).toBe(said);
    await watched.remove("team/bad.yml.error.txt");
    await watched.run();
    expect(await watched.told("team/bad.yml")).toBe(said);
  });

  it("is written once, while it says the same", async () => {
    await watched.put("team/bad.yml", "name: [");
    await watched.put("team/worse.yml", "name: {");
    await watched.run();
    const source = bucketSource(watched.bucket);
    const told: string[] = [];
    const tell = async (path: string) => void told.push(path);

    await watched.run({ source: { ...source, tell } });

    expect(told).toEqual([]);
  });
});

describe("a file that changes between being listed and being read", () => {
  it("is left to the next pass, so that no half of it is built", async () => {
    await watched.put("team/a.yml", specified("a", "python"));
    const source = bucketSource(watched.bucket);
    const list = async () => {
      const listing = await source.list();
      await watched.put("team/a.yml", specified("a", "python", "numpy"));
      return listing;
    };

    expect(await watched.run({ source: { ...source, list } })).toMatchObject({ built: 0, failed: 0 });
    expect(await watched.run()).toMatchObject({ built: 1 });
    expect(await watched.builds()).toHaveLength(1);
  });
});

describe("more files than are looked at", () => {
  it("keep nobody, and nothing counts as removed", async () => {
    await watched.put("team/a.yml", specified("a", "python"));
    await watched.put("team/z.yml", specified("z", "python"));
    await watched.run();
    const source = bucketSource(watched.bucket);
    const list = async () => {
      const listing = await source.list();
      return { ...listing, files: listing.files.slice(0, 1), isWhole: false };
    };
    await watched.put("team/a.yml", "name: [");
    expect(await watched.run({ source: { ...source, list } })).toMatchObject({ refused: 1, removed: 0 });
    expect(await watched.told("team/a.yml")).not.toBeNull();
    await watched.put("team/a.yml", specified("a", "python", "numpy"));

    expect(await watched.run({ source: { ...source, list } })).toMatchObject({ built: 1, removed: 0 });
    expect(await watched.told("team/a.yml")).toBeNull();
  });
});
