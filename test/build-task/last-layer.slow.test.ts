/** The layer of what belongs to no package, on top of those of the packages. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
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
import { scripted, useStrangerChannel } from "#test/kit/stranger-channel.ts";
import { useIndex } from "#test/kit/wheels.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
/** More than a frame of the stream that layers come in, and nothing that gets smaller. */
const LARGE_BYTES = 70_000_000;
const packed = ["replaced", "written-to", "removed", "kept", "folder/removed", "was-file"].map((name) => ({
  path: `share/changes/${name}`,
  text: `${name} as packed\n`,
}));
/** A link script may change what its own package has. */
const changes = scripted(
  "changes",
  'cd "$PREFIX/share/changes"',
  "echo another > new && mv new replaced",
  "echo more >> written-to",
  "rm removed link was-file && rm -r folder",
  "mkdir was-file && echo inside > was-file/inside",
  'mkdir -p "$PREFIX/share/made/empty" && cd "$PREFIX/share/made"',
  'echo "made at $PREFIX" > text && printf "a\\0%s\\0b" "$PREFIX" > binary',
  'ln -s "$PREFIX/share/changes/kept" absolute && ln -s ../changes/kept relative',
  ": > nothing && printf program > program && chmod 755 program",
  `head -c ${LARGE_BYTES} /dev/urandom > large`,
);
const strangers = useStrangerChannel(demo.python, [
  {
    ...changes,
    members: [...changes.members, ...packed, { path: "share/changes/link", link: "kept" }],
  },
]);
const index = useIndex(demo.python, [
  { name: "tiny-app", version: "1.0", script: "tiny-app = tiny_app:main" },
  // Another version of what the channel has as well.
  { name: "toolz", version: "99.0" },
]);
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  settings: { build_artifacts: ["LOCKFILE", "DOCKER_MANIFEST"] },
  privateHosts: () => [strangers.host(), index.host()],
});
const elsewhere = mkdtempSync(join(tmpdir(), "last-layer-"));
afterAll(() => rmSync(elsewhere, { recursive: true, force: true }));
const isRoot = process.getuid?.() === 0;

const build = (dependencies: readonly unknown[]): Promise<BuiltImage> =>
  buildImage(
    workshop,
    JSON.stringify({ name: "demo", channels: [strangers.url(), demo.url()], dependencies }),
  );
const namesIn = async (digest: string): Promise<string[]> => {
  const input = await blobOf(workshop, digest);
  return execFileSync("tar", ["-tz"], { input, encoding: "utf8", maxBuffer: 2 ** 28 }).split("\n");
};
const last = (image: BuiltImage): string => digestsIn(image).at(-1) ?? "";

describe("what link scripts do", () => {
  let plain: BuiltImage;
  let changed: BuiltImage;
  const root = join(elsewhere, "changed");
  beforeAll(async () => {
    plain = await build(["demo-prefix-text", "demo-big"]);
    changed = await build(["demo-prefix-text", "demo-big", "changes"]);
    await unpackImage(workshop, changed, root);
  }, 900_000);

  it("is in the image as it is on the disk: what they wrote, changed, replaced and removed, whatever its size", () => {
    const inImage = treeOf(join(root, "opt/conda"), "/opt/conda");
    const onDisk = treeOnDisk(workshop, changed);
    expect([...inImage.keys()].sort()).toEqual([...onDisk.keys()].sort());
    const different = [...onDisk].filter(([name, text]) => inImage.get(name) !== text).map(([name]) => name);
    expect(different).toEqual([]);
    expect(inImage.get("share/made/text")).toBe("made at PREFIX\n");
    expect(inImage.get("share/made/absolute")).toBe("-> PREFIX/share/changes/kept");
    expect(statSync(join(root, "opt/conda/share/made/large")).size).toBe(LARGE_BYTES);
    expect(existsSync(join(root, "opt/conda/share/made/empty"))).toBe(true);
  });

  it("hides what is gone by whiteouts, in the last layer alone", async () => {
    const whiteouts = async (digest: string) =>
      (await namesIn(digest)).filter((name) => name.includes(".wh.")).sort();
    const below = "opt/conda/share/changes";
    expect(await whiteouts(last(changed))).toEqual(
      [
        `${below}/.wh.link`,
        `${below}/.wh.removed`,
        `${below}/.wh.was-file`,
        `${below}/folder/.wh.removed`,
      ].sort(),
    );
    for (const digest of digestsIn(changed).slice(0, -1)) expect(await whiteouts(digest)).toEqual([]);
  });

  it("moves no other layer: only the script's own package and the last are new", () => {
    const known = new Set(digestsIn(plain));
    expect(digestsIn(changed).filter((digest) => !known.has(digest)).length).toBeLessThanOrEqual(2);
  });
});

describe("what pip installs", () => {
  let plain: BuiltImage;
  let piped: BuiltImage;
  const root = join(elsewhere, "piped");
  beforeAll(async () => {
    plain = await build(["python", "toolz"]);
    piped = await build([
      "python",
      "toolz",
      { pip: [`--index-url ${index.url()}`, "tiny-app", "toolz==99.0"] },
    ]);
    await unpackImage(workshop, piped, root);
  }, 900_000);

  it("is the last layer's, and no other layer changes", async () => {
    expect(digestsIn(piped).slice(0, -1)).toEqual(digestsIn(plain).slice(0, -1));
    expect(last(piped)).not.toBe(last(plain));
    expect(await namesIn(last(piped))).toEqual(
      expect.arrayContaining([
        "opt/conda/bin/tiny-app",
        expect.stringMatching(/^opt\/conda\/lib\/python3\.\d+\/site-packages\/tiny_app\.py$/),
      ]),
    );
  });

  it("hides what pip replaced of a conda package, and has what came instead", async () => {
    const site = (await namesIn(last(piped))).filter((name) => name.includes("/site-packages/"));
    expect(site).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/\/toolz\.py$/),
        expect.stringMatching(/\/toolz\/\.wh\.functoolz\.py$/),
      ]),
    );
    const inImage = treeOf(join(root, "opt/conda"), "/opt/conda");
    expect([...inImage.keys()].sort()).toEqual([...treeOnDisk(workshop, piped).keys()].sort());
  }, 300_000);

  it.skipIf(!isRoot)("runs at the image's own place", () => {
    const script = [
      "mount -t tmpfs none /opt && mkdir /opt/conda",
      `mount --bind ${root}/opt/conda /opt/conda && cd /`,
      "/opt/conda/bin/tiny-app",
    ];
    const said = execFileSync("unshare", ["-m", "sh", "-ec", script.join("\n")], { encoding: "utf8" });
    expect(said).toBe("tiny_app 1.0\n");
  });
});
