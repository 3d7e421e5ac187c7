import { execFileSync } from "node:child_process";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { getObject } from "#adapters/s3/objects.ts";
import { VARIABLES } from "#core/layout.ts";
import { type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { scripted, useStrangerChannel } from "#test/kit/stranger-channel.ts";

const outside = mkdtempSync(join(tmpdir(), "outside-"));
writeFileSync(join(outside, "secret"), "a secret of the task\n");
afterAll(() => rmSync(outside, { recursive: true, force: true }));

const aws = useMiniStack();
const demo = useDemoChannel();
const channel = useStrangerChannel(demo.python, [
  scripted("reads-environment", 'env | sort > "$PREFIX/environment.txt"'),
  scripted("says-link", 'ln -s /proc/self/environ "$PREFIX/.messages.txt"'),
  scripted("says-pipe", 'mkfifo "$PREFIX/.messages.txt"'),
  scripted("leaves-pipe", 'mkfifo "$PREFIX/share/pipe"'),
  scripted(
    "becomes-others",
    'cp /bin/sh "$PREFIX/share/shell"',
    'chmod 6755 "$PREFIX/share/shell" "$PREFIX/share/becomes-others/readme.txt"',
    'chmod 3777 "$PREFIX/share/becomes-others"',
  ),
  {
    name: "has-way-out",
    members: [
      { path: "share/out", link: outside },
      { path: "share/out/planted", text: "planted" },
    ],
  },
  {
    name: "has-broken-python",
    members: [{ path: "bin/python", text: "#!/bin/sh\necho no such library >&2\nexit 3\n", mode: "755" }],
  },
  scripted(
    "makes-way-out",
    'mv "$PREFIX/share/makes-way-out" "$HOME/moved"',
    'ln -s "$HOME/moved" "$PREFIX/share/makes-way-out"',
  ),
]);
const workshop = useWorkshop({ aws, python: demo.python, channel: channel.url });

async function build(name: string): Promise<Ended> {
  const ended = await workshop.build(await workshop.order(JSON.stringify({ name, dependencies: [name] })));
  if (ended.result !== null) await workshop.settle(ended);
  return ended;
}
const publishedAt = (ended: Ended): string => join(workshop.disk, "team", ended.build.buildKey);

describe("a package's own script", () => {
  it("sees its documented variables and nothing of the task's", async () => {
    const ended = await build("reads-environment");
    const text = readFileSync(join(publishedAt(ended), "environment.txt"), "utf8");
    const names = text.split("\n").map((line) => line.split("=")[0] ?? "");
    const known = ["HOME", "LANG", "PATH", "PKG_BUILDNUM", "PKG_NAME", "PKG_VERSION", "PREFIX", "TMPDIR"];
    // The shell's own.
    expect(names.filter((name) => !["", "PWD", "OLDPWD", "SHLVL", "_"].includes(name))).toEqual(known);
    expect(/^HOME=(.*)$/m.exec(text)?.[1]).toMatch(new RegExp(`^${workshop.work}/`));
  });

  it("has no file read out to it by way of its messages", async () => {
    const ended = await build("says-link");
    expect(ended.result, ended.log).toMatchObject({ outcome: "completed" });
    expect(ended.log).not.toContain(VARIABLES.table);
    expect(readdirSync(publishedAt(ended))).not.toContain(".messages.txt");
  });

  it("keeps nobody waiting by a pipe in place of its messages", async () => {
    const ended = await build("says-pipe");
    expect(ended.result, ended.log).toMatchObject({ outcome: "completed" });
  });

  it("fails its build when it leaves what no directory of files may hold", async () => {
    const ended = await build("leaves-pipe");
    expect(ended.result, ended.log).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(
        /^share\/pipe is neither .*: remove the package whose script makes it\.$/,
      ),
    });
    expect(ended.code).toBe(0);
  });

  it("makes no program that runs as somebody else, neither on the shared disk nor in the archive", async () => {
    const ended = await build("becomes-others");
    if (ended.result?.outcome !== "completed") throw new Error(ended.log);
    for (const path of ["share/shell", "share/becomes-others/readme.txt", "share/becomes-others"]) {
      expect(lstatSync(join(publishedAt(ended), path)).mode & 0o7000, path).toBe(0);
    }
    const key = ended.result.artifacts.find(({ type }) => type === "CONDA_PACK")?.key ?? "";
    const archive = await getObject(workshop.bucket, key);
    expect(archive).not.toBeNull();
    const listing = execFileSync("tar", ["-tvz"], { input: archive ?? "" }).toString();
    expect(listing).toMatch(/^-rwxr-xr-x .* share\/shell$/m);
    expect(listing).not.toMatch(/^.{3}[sS]|^.{6}[sS]|^.{9}[tT]/m);
  });
});

describe("a package with a python that does not start", () => {
  it("fails its build, and nothing of it stays on the shared disk", async () => {
    const ended = await build("has-broken-python");
    expect(ended.result, ended.log).toMatchObject({
      outcome: "failed",
      step: "verify",
      reason: expect.stringMatching(/python does not start \(exit code 3\): no such library/),
    });
    expect(readdirSync(join(workshop.disk, "team"))).not.toContain(ended.build.buildKey);
    expect(readdirSync(join(workshop.store, "team"))).not.toContain(ended.build.buildKey);
  });
});

describe("a package with a way out of the environment", () => {
  it("is not unpacked, and nothing is written there", async () => {
    const ended = await build("has-way-out");
    expect(ended.result, ended.log).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(/^has-way-out-1\.0-h0_0\.tar\.bz2 .*outside/),
    });
    expect(readdirSync(outside)).not.toContain("planted");
  });

  it("fails its build, named, when its files have gone behind a link to elsewhere", async () => {
    const ended = await build("makes-way-out");
    expect(ended.result, ended.log).toMatchObject({
      outcome: "failed",
      step: "seal",
      reason: expect.stringMatching(/^share\/makes-way-out\/readme\.txt of makes-way-out lies behind a link/),
    });
  });
});
