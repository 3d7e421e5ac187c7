/**
 * Real full disks: the task runs in a mount namespace of its own, where its directories, or the shared disk, lie on a small one.
 */
import { spawnSync } from "node:child_process";
import { linkSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { weighTree } from "#adapters/disk/weigh.ts";
import { useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { scripted, useStrangerChannel } from "#test/kit/stranger-channel.ts";

const MOUNT = [
  'mount -t tmpfs -o size=48m,mode=711 tmpfs "$0"',
  'cd "$0"',
  "mkdir -m 700 closed",
  "mkdir closed/disk store work",
  'exec "$@"',
].join(" && ");
/** The shared disk alone is small, and half of it is taken; the last line of the task's output is what is left of its own there. */
const MOUNT_SHARED = [
  'cd "$0"',
  "mount -t tmpfs -o size=24m tmpfs closed/disk",
  "mkdir -p closed/disk/team/earlier closed/disk/other/secret",
  "head -c 12000000 /dev/zero > closed/disk/team/earlier/data",
  "head -c 6000000 /dev/zero > closed/disk/other/secret/data",
  '"$@"',
  'echo "left: $(ls -A closed/disk/team)"',
].join(" && ");
const mayMount = spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0;

const aws = useMiniStack();
const demo = useDemoChannel();
const strangers = useStrangerChannel(demo.python, [
  // Small to download and large to have: the check of the room before the download cannot know.
  { name: "stranger-huge", members: [{ path: "share/huge/data.txt", text: "huge ".repeat(16_000_000) }] },
  { name: "stranger-fits", members: [{ path: "share/fits/data.txt", text: "fits ".repeat(2_000_000) }] },
  scripted("stranger-filler", 'head -c 99999999 /dev/zero > "$PREFIX/share/filled" || exit 7'),
]);
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: strangers.url,
  launcher: ({ root }) => ["unshare", "-m", "sh", "-c", MOUNT, root],
});
const apart = useWorkshop({
  aws,
  python: demo.python,
  channel: strangers.url,
  launcher: ({ root }) => ["unshare", "-m", "sh", "-c", MOUNT_SHARED, root],
});
const yaml = (name: string, ...dependencies: string[]): string => JSON.stringify({ name, dependencies });

describe.skipIf(!mayMount)("a build that fills its disk", () => {
  it("while packages are unpacked is told so, with what is largest and which property gives more", async () => {
    const ended = await workshop.build(await workshop.order(yaml("huge", "stranger-huge")));

    expect(ended.result, ended.output).toMatchObject({
      outcome: "failed",
      step: "install",
      reason: expect.stringMatching(
        /^The disk of the build task \(50\.3 MB\) is full, in the step "install": make the environment smaller, or ask the operator for a larger disk \(taskDiskGiB\)\./,
      ),
    });
    const lines = ended.log.trimEnd().split("\n");
    expect(lines).toContain("install: What fills the disk:");
    expect(lines.at(-1)).toMatch(/^FAILED: The disk of the build task .*taskDiskGiB/);
    await workshop.settle(ended);
  }, 90_000);

  it("by a link script is told so, not only that the script failed, and what the script wrote", async () => {
    const ended = await workshop.build(
      await workshop.order(yaml("filler", "stranger-filler", "stranger-fits")),
    );

    expect(ended.result, ended.output).toMatchObject({
      outcome: "failed",
      step: "link scripts",
      reason: expect.stringMatching(
        /full, in the step "link scripts".* The biggest on it: environment\/share\/filled, [34]\d(\.\d)? MB\.$/,
      ),
    });
    expect(ended.log).toMatch(/^link scripts: +\d.* environment\/share\/filled$/m);
    expect(ended.log).toMatch(/^link scripts: +\d.* packages\/.*stranger-fits/m);
    await workshop.settle(ended);
  }, 90_000);
});

describe.skipIf(!mayMount)("a build that fills the shared disk", () => {
  it("is told how much it needs, what its own namespace has there and nothing of others; no half copy stays", async () => {
    const ended = await apart.build(await apart.order(yaml("shared", "stranger-fits")));

    expect(ended.result, ended.output).toMatchObject({
      outcome: "failed",
      step: "copy",
      reason: expect.stringMatching(
        /^The shared disk \(25\.2 MB\) is full, in the step "copy": this environment needs 10(\.\d)? MB of it, where others of the namespace team have 12 MB\. Delete builds /,
      ),
    });
    expect(ended.log).toMatch(/^copy: What fills the disk:\ncopy: +12 MB {2}earlier$/m);
    expect(`${ended.log}${JSON.stringify(ended.result)}`).not.toContain("secret");
    expect(ended.output).toMatch(/^left: earlier$/m);
    await apart.settle(ended);
  }, 90_000);
});

describe("what weighs most", () => {
  const root = mkdtempSync(join(tmpdir(), "weigh-"));
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it("is named once and as deep as it is one thing; a file with two names counts once", () => {
    mkdirSync(join(root, "a/deep/down"), { recursive: true });
    mkdirSync(join(root, "b"));
    const write = (path: string, kilobytes: number) =>
      writeFileSync(join(root, path), Buffer.alloc(kilobytes * 1024, 1));
    write("a/deep/down/large", 600);
    write("b/one", 200);
    write("b/two", 150);
    write("small", 8);
    linkSync(join(root, "a/deep/down/large"), join(root, "again"));

    const { bytes, heaviest } = weighTree(root, performance.now() + 60_000);

    expect(heaviest.map(({ path }) => path)).toEqual(["a/deep/down/large", "b", "b/one", "b/two"]);
    expect(bytes).toBeGreaterThanOrEqual(958 * 1024);
    expect(bytes).toBeLessThan(1558 * 1024);
  });

  it("is nothing where nothing is, and what can be seen until the time is up", () => {
    expect(weighTree(join(root, "nowhere"), performance.now() + 60_000)).toEqual({ bytes: 0, heaviest: [] });
    expect(weighTree(root, performance.now() - 1)).toEqual({ bytes: 0, heaviest: [] });
  });
});
