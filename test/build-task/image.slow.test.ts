import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRepositoryBlob } from "#adapters/dynamodb/repositories.ts";
import { deleteObject } from "#adapters/s3/objects.ts";
import { hexOf } from "#core/image/manifest.ts";
import { blobKey } from "#core/layout.ts";
import { useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import {
  type BuiltImage,
  blobOf,
  buildImage,
  digestsIn,
  treeOf,
  treeOnDisk,
  unpackImage,
} from "#test/kit/images.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const settings = { build_artifacts: ["LOCKFILE", "DOCKER_MANIFEST"] };
const workshop = useWorkshop({ aws, python: demo.python, channel: demo.url, settings });
const elsewhere = mkdtempSync(join(tmpdir(), "images-"));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

const PACKAGES = ["python", "flask", "demo-links", "demo-prefix-binary", "demo-prefix-text", "demo-pyc"];
const isRoot = process.getuid?.() === 0;

const build = (packages: readonly string[], namespace?: string): Promise<BuiltImage> =>
  buildImage(workshop, `name: demo\ndependencies: [${packages.join(", ")}]\n`, namespace);
const report = ({ ended }: BuiltImage): string => /(\d+ layers, .*)$/m.exec(ended.log)?.[1] ?? "";

let first: BuiltImage;
/** Where the first image is unpacked. */
const root = join(elsewhere, "first");
beforeAll(async () => {
  first = await build(PACKAGES);
  await unpackImage(workshop, first, root);
}, 600_000);

describe("an image", () => {
  it("holds the environment as it is on the disk, but for the place that it names", async () => {
    const inImage = treeOf(join(root, "opt/conda"), "/opt/conda");
    const onDisk = treeOnDisk(workshop, first);

    expect([...inImage.keys()].sort()).toEqual([...onDisk.keys()].sort());
    const different = [...onDisk].filter(([name, text]) => inImage.get(name) !== text).map(([name]) => name);
    // Entry points: each installer has its own words for them.
    expect(different.sort()).toEqual(["bin/flask", "bin/pip", "bin/pip3"]);
  });

  it.skipIf(!isRoot)(
    "runs its python, its entry points and its prefixed programs at its own place",
    async () => {
      const script = [
        "mount -t tmpfs none /opt && mkdir /opt/conda",
        // Read only, as for the image's user: this one is root, whose python would write byte code of its own.
        `mount --bind ${root}/opt/conda /opt/conda && mount -o remount,bind,ro /opt/conda && cd /`,
        "export CONDA_PREFIX=/opt/conda PATH=/opt/conda/bin:/usr/bin:/bin",
        "conda-store-entrypoint flask --version",
        "python -c 'import sys, flask; print(sys.prefix); print(flask.__cached__)'",
        "demo-prefix-binary",
      ];
      const said = execFileSync("unshare", ["-m", "sh", "-ec", script.join("\n")], { encoding: "utf8" });
      expect(said).toContain("Flask 3");
      expect(said).toContain("\n/opt/conda\n/opt/conda/lib/python3");
      expect(said).not.toContain(workshop.store);
    },
  );

  it("has byte code that is valid whatever times its files have", async () => {
    const codes = readdirSync(join(root, "opt/conda"), { recursive: true, encoding: "utf8" }).filter((name) =>
      name.endsWith(".pyc"),
    );
    const flags = codes.map((name) => readFileSync(join(root, "opt/conda", name)).readUInt32LE(4) & 1);
    expect(codes.length).toBeGreaterThan(100);
    expect(new Set(flags)).toEqual(new Set([1]));
  });

  it("says nothing of the machine that made it", async () => {
    const found = spawnSync("grep", ["-rlaE", `${workshop.store}|${workshop.work}`, root], {
      encoding: "utf8",
    });
    expect(found.stdout).toBe("");
  });

  it("says in its labels which lock it is of and what it is on, and no time but one that is always the same", async () => {
    const config = JSON.parse(String(await blobOf(workshop, first.manifest.config.digest))) as {
      created: string;
      config: { Labels: Record<string, string> };
      history: { created: string }[];
    };
    const labels = {
      "org.opencontainers.image.revision":
        first.ended.result && "lockDigest" in first.ended.result ? first.ended.result.lockDigest : "none",
      "org.opencontainers.image.base.name": "scratch",
    };
    expect(config.config.Labels).toEqual(labels);
    expect(first.manifest.annotations).toEqual(labels);
    const times = [config.created, ...config.history.map(({ created }) => created)];
    expect(new Set(times)).toEqual(new Set(["1970-01-01T00:00:00Z"]));
  });

  it("gives the repository every blob, with its type and size", async () => {
    const place = { namespace: "team", environment: "demo" };
    for (const { digest, mediaType, size } of [first.manifest.config, ...first.manifest.layers]) {
      expect(await findRepositoryBlob(workshop.db, place, digest)).toEqual({
        digest,
        mediaType,
        sizeBytes: size,
      });
    }
    const [layer] = digestsIn(first);
    expect(await findRepositoryBlob(workshop.db, { ...place, environment: "other" }, layer ?? "")).toBeNull();
  });
});

describe("the layers of a later image", () => {
  it("are the same bytes when they are made anew in another directory, and are not stored again", async () => {
    const again = await build(PACKAGES, "another");
    expect(again.manifest).toEqual(first.manifest);
    expect(report(again)).toMatch(/ 0 known, \d+ made, 0 B uploaded$/);
  }, 600_000);

  it("are those of the packages that it shares; a package more is a layer more", async () => {
    const more = await build([...PACKAGES, "demo-big"]);
    const ours = new Set(digestsIn(first));
    expect(digestsIn(more).filter((digest) => !ours.has(digest))).toHaveLength(2);
    expect(report(more)).toMatch(new RegExp(`^${digestsIn(first).length + 1} layers, .* 2 made,`));
  }, 600_000);

  it("are made again when they have gone from the store", async () => {
    await deleteObject(workshop.bucket, blobKey(hexOf(digestsIn(first)[0] ?? "") ?? ""));
    const again = await build(PACKAGES);
    expect(again.ended.log).toContain("not every layer of its image is left: it is made again");
    expect(again.manifest).toEqual(first.manifest);
    expect(report(again)).toMatch(/ 2 made,/);
  }, 600_000);

  it("are lent with the image to a build of the same lock, whose own they are then", async () => {
    const again = await build(PACKAGES);
    expect(again.ended.log).toContain("has the same lock: what it made is lent");
    expect(again.manifest).toEqual(first.manifest);
  }, 600_000);
});
