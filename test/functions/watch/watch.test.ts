import { describe, expect, it } from "vitest";
import { deleteEnvironment } from "#adapters/dynamodb/delete-environment.ts";
import { createNamespace, getNamespace } from "#adapters/dynamodb/namespaces.ts";
import { readAudit } from "#adapters/dynamodb/read-audit.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { specified, useWatching } from "#test/kit/watching.ts";

useMiniStack();
const watched = useWatching("watch");

describe("a good file", () => {
  it("is built once, whatever the number of passes", async () => {
    await watched.put("team/numpy.yml", specified("numpy", "numpy"));

    expect(await watched.run()).toMatchObject({ files: 1, built: 1 });
    expect(await watched.run()).toEqual({
      ...{ files: 1, built: 0, unchanged: 0, refused: 0, removed: 0, failed: 0, left: 0 },
    });

    const [build, ...others] = await watched.builds();
    expect(others).toEqual([]);
    expect(build).toMatchObject({ namespace: "team", environment: "numpy", status: "QUEUED" });
    expect(await watched.state("team/numpy.yml")).toMatchObject({
      environment: "numpy",
      buildId: build?.id,
      error: null,
    });
    expect(watched.wakeUps).toHaveLength(1);
  });

  it("is built again when it changes, and when it changes back", async () => {
    for (const version of ["1", "2", "1"]) {
      await watched.put("team/numpy.yml", specified("numpy", `numpy=${version}`));
      expect(await watched.run()).toMatchObject({ built: 1 });
    }

    const shas = (await watched.builds()).map(({ specificationSha256 }) => specificationSha256);
    expect(shas).toHaveLength(3);
    expect(shas[0]).toBe(shas[2]);
    expect(shas[0]).not.toBe(shas[1]);
  });

  it.each([
    ["in other words", (text: string) => `# a remark\n${text}\n\n`],
    ["put there once more", (text: string) => text],
  ])("is not built again %s", async (_, changed) => {
    const text = specified("numpy", "numpy");
    await watched.put("team/numpy.yml", text);
    await watched.run();
    await watched.put("team/numpy.yml", changed(text));

    expect(await watched.run()).toMatchObject({ built: 0, refused: 0 });
    expect(await watched.run()).toMatchObject({ built: 0, unchanged: 0 });
    expect(await watched.builds()).toHaveLength(1);
  });

  it("is not built again when it moves, and its environment goes with it", async () => {
    const text = specified("numpy", "numpy");
    await watched.put("team/numpy.yml", text);
    await watched.run();
    await watched.remove("team/numpy.yml");
    await watched.put("team/science/numpy.yaml", text);

    expect(await watched.run()).toMatchObject({ built: 0, unchanged: 1, removed: 1, refused: 0 });
    expect(await watched.builds()).toHaveLength(1);
  });

  it("is built again, when it changes, though somebody has deleted its environment", async () => {
    await watched.put("team/numpy.yml", specified("numpy", "numpy"));
    await watched.run();
    await deleteEnvironment(watched.db, "team", "numpy", new Date());

    expect(await watched.run()).toMatchObject({ built: 0 });
    await watched.put("team/numpy.yml", `# again\n${specified("numpy", "numpy")}`);

    expect(await watched.run()).toMatchObject({ built: 1 });
  });

  it("is a lockfile that has its environment's name", async () => {
    const url = "https://conda.anaconda.org/conda-forge/noarch/six-1.16.0-pyh6c4a22f_0.tar.bz2";
    const lock = {
      version: 1,
      metadata: {
        content_hash: { "linux-64": "0" },
        channels: ["conda-forge"],
        platforms: ["linux-64"],
        sources: [],
      },
      package: [
        {
          ...{
            name: "six",
            version: "1.16.0",
            manager: "conda",
            platform: "linux-64",
            dependencies: {},
            url,
          },
          ...{ hash: { sha256: "0".repeat(64) }, category: "main", optional: false },
        },
      ],
    };
    await watched.put("team/frozen.conda-lock.yml", JSON.stringify(lock));

    expect([await watched.run(), await watched.told("team/frozen.conda-lock.yml")]).toMatchObject([
      { built: 1 },
      null,
    ]);
    expect(await watched.builds()).toMatchObject([{ environment: "frozen" }]);
  });

  it("leaves an entry in the audit that names it", async () => {
    await watched.put("team/numpy.yml", specified("numpy", "numpy"));
    await watched.run();

    const { entries } = await readAudit(watched.db, {
      ...{
        part: { kind: "namespace", namespace: "team" },
        since: null,
        until: null,
        order: "desc",
        after: null,
      },
      ...{ wanted: ({ action }) => action === "build.create", most: 10, bytesMax: 100_000, sizeOf: () => 1 },
    } as const);
    expect(entries).toMatchObject([
      { by: { kind: "system", name: "watch" }, details: { file: "team/numpy.yml", new: ["environment"] } },
    ]);
  });
});

describe("a namespace", () => {
  it("is made for files that lie in no directory, as the settings name it", async () => {
    await watched.put("tools.yml", specified("tools", "python"));

    await watched.run({ settings: deploymentSettings({ filesystem_namespace: "shared" }) });

    expect(await getNamespace(watched.db, "shared")).not.toBeNull();
    expect(await watched.builds("shared")).toMatchObject([{ environment: "tools" }]);
  });

  it("is not made for a directory, whose files wait for it", async () => {
    await watched.put("nobody/tools.yml", specified("tools", "python"));

    expect(await watched.run()).toMatchObject({ built: 0, refused: 1 });
    expect(await watched.told("nobody/tools.yml")).toMatch(/^There is no namespace nobody: make it/);
    expect(await getNamespace(watched.db, "nobody")).toBeNull();

    await createNamespace(watched.db, "nobody", new Date());

    expect(await watched.run()).toMatchObject({ built: 1 });
    expect(await watched.told("nobody/tools.yml")).toBeNull();
  });
});

describe("a file that is gone", () => {
  it("is noted, and nothing else happens", async () => {
    await watched.put("team/numpy.yml", specified("numpy", "numpy"));
    await watched.run();
    await watched.remove("team/numpy.yml");

    expect(await watched.run()).toMatchObject({ files: 0, removed: 1 });
    expect(await watched.run()).toMatchObject({ removed: 0 });
    expect(await watched.state("team/numpy.yml")).toMatchObject({
      removedAt: expect.any(String),
      environment: "numpy",
    });
    expect(await watched.builds()).toMatchObject([{ status: "QUEUED", deletedOn: null }]);
  });

  it("and comes back as it was is not built again", async () => {
    const text = specified("numpy", "numpy");
    await watched.put("team/numpy.yml", text);
    await watched.run();
    await watched.remove("team/numpy.yml");
    await watched.run();
    await watched.put("team/numpy.yml", text);

    expect(await watched.run()).toMatchObject({ built: 0, unchanged: 1 });
    expect(await watched.state("team/numpy.yml")).toMatchObject({ removedAt: null });
  });

  it("takes what was said about it along", async () => {
    await watched.put("team/bad.yml", "dependencies: 3\n");
    await watched.run();
    expect(await watched.told("team/bad.yml")).not.toBeNull();
    await watched.remove("team/bad.yml");
    await watched.run();

    expect(await watched.paths()).toEqual([]);
  });
});
