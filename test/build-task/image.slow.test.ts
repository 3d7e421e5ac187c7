import { execFileSync, spawnSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findRepositoryBlob } from "#adapters/dynamodb/repositories.ts";
import { deleteObject, getObject } from "#adapters/s3/objects.ts";
import { hexOf, type Manifest, parseManifest } from "#core/image/manifest.ts";
import { blobKey } from "#core/layout.ts";
import { type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { unpackLayers } from "#test/kit/unpack-image.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const settings = { build_artifacts: ["LOCKFILE", "DOCKER_MANIFEST"] };
const workshop = useWorkshop({ aws, python: demo.python, channel: demo.url, settings });
const elsewhere = mkdtempSync(join(tmpdir(), "images-"));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));

const PACKAGES = ["python", "flask", "demo-links", "demo-prefix-binary", "demo-prefix-text", "demo-pyc"];
const isRoot = process.getuid?.() === 0;

interface Built {
  readonly ended: Ended;
  readonly manifest: Manifest;
  readonly prefix: string;
}

async function buildImage(packages: readonly string[], namespace = "team"): Promise<Built> {
  const id = await workshop.order(`name: demo\ndependencies: [${packages.join(", ")}]\n`, namespace);
  const ended = await workshop.build(id);
  if (ended.result?.outcome !== "completed") throw new Error(`${ended.output}\n${ended.log}`);
  await workshop.settle(ended);
  const { artifacts } = ended.result;
  const key = artifacts.find(({ type }) => type === "DOCKER_MANIFEST")?.key ?? "none";
  const prefix = artifacts.find(({ type }) => type === "DIRECTORY")?.key ?? "none";
  const text = (await getObject(workshop.bucket, key))?.toString("utf8") ?? "none";
  return { ended, manifest: parseManifest(text), prefix };
}

const blobOf = async (digest: string): Promise<Buffer> => {
  const bytes = await getObject(workshop.bucket, blobKey(hexOf(digest) ?? ""));
  if (bytes === null) throw new Error(`no blob ${digest}`);
  return bytes;
};
const digests = ({ manifest }: Built): string[] => manifest.layers.map(({ digest }) => digest);
const report = ({ ended }: Built): string => /(\d+ layers, .*)$/m.exec(ended.log)?.[1] ?? "";

/** What lies where, as bytes or as the target of a link; what is another at another place is left out. */
function treeOf(root: string, prefix: string): Map<string, string> {
  const tree = new Map<string, string>();
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  for (const name of names) {
    if (/^conda-meta\/|\.pyc$|^bin\/conda-store-entrypoint$/.test(name)) continue;
    const status = lstatSync(join(root, name));
    if (status.isSymbolicLink())
      tree.set(name, `-> ${readlinkSync(join(root, name)).replace(prefix, "PREFIX")}`);
    else if (status.isFile()) {
      const text = readFileSync(join(root, name)).toString("latin1").replaceAll(prefix, "PREFIX");
      // A binary keeps its length: what a shorter prefix leaves free is filled behind the text.
      tree.set(name, text.includes("\0") ? text.replaceAll("\0", "") : text);
    }
  }
  return tree;
}

let first: Built;
/** Where the first image is unpacked. */
const root = join(elsewhere, "first");
beforeAll(async () => {
  first = await buildImage(PACKAGES);
  unpackLayers(await Promise.all(digests(first).map(blobOf)), root);
}, 600_000);

describe("an image", () => {
  it("holds the environment as it is on the disk, but for the place that it names", async () => {
    const inImage = treeOf(join(root, "opt/conda"), "/opt/conda");
    const { store, disk } = workshop;
    const onDisk = treeOf(first.prefix.replace(store, disk), first.prefix);

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
        `mount --bind ${root}/opt/conda /opt/conda && cd /`,
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

  it("gives the repository every blob, with its type and size", async () => {
    const place = { namespace: "team", environment: "demo" };
    for (const { digest, mediaType, size } of [first.manifest.config, ...first.manifest.layers]) {
      expect(await findRepositoryBlob(workshop.db, place, digest)).toEqual({
        digest,
        mediaType,
        sizeBytes: size,
      });
    }
    const [layer] = digests(first);
    expect(await findRepositoryBlob(workshop.db, { ...place, environment: "other" }, layer ?? "")).toBeNull();
  });
});

describe("the layers of a later image", () => {
  it("are the same bytes when they are made anew in another directory, and are not stored again", async () => {
    const again = await buildImage(PACKAGES, "another");
    expect(again.manifest).toEqual(first.manifest);
    expect(report(again)).toMatch(/ 0 known, \d+ made, 0 B uploaded$/);
  }, 600_000);

  it("are those of the packages that it shares; a package more is a layer more", async () => {
    const more = await buildImage([...PACKAGES, "demo-big"]);
    const ours = new Set(digests(first));
    expect(digests(more).filter((digest) => !ours.has(digest))).toHaveLength(2);
    expect(report(more)).toMatch(new RegExp(`^${digests(first).length + 1} layers, .* 2 made,`));
  }, 600_000);

  it("are made again when they have gone from the store", async () => {
    await deleteObject(workshop.bucket, blobKey(hexOf(digests(first)[0] ?? "") ?? ""));
    const again = await buildImage(PACKAGES);
    expect(again.ended.log).toContain("not every layer of its image is left: it is made again");
    expect(again.manifest).toEqual(first.manifest);
    expect(report(again)).toMatch(/ 2 made,/);
  }, 600_000);

  it("are lent with the image to a build of the same lock, whose own they are then", async () => {
    const again = await buildImage(PACKAGES);
    expect(again.ended.log).toContain("has the same lock: what it made is lent");
    expect(again.manifest).toEqual(first.manifest);
  }, 600_000);
});
