import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getAttempt } from "#adapters/dynamodb/attempts.ts";
import { getObject } from "#adapters/s3/objects.ts";
import { VARIABLES } from "#core/layout.ts";
import { DROPPED_CAPABILITIES } from "#infra/builds.ts";
import { type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { findProgram } from "#test/kit/programs.ts";
import { type StrangerPackage, scripted, useStrangerChannel } from "#test/kit/stranger-channel.ts";
import { useIndex } from "#test/kit/wheels.ts";

/** Finds the supervisor as any program would: by its command line, which everybody may read. */
const SUPERVISOR = 'supervisor=$(grep -lza "build-task/main" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3)';
const REPORT = 'report="$PREFIX/report.txt"; : > "$report"';
const says = (what: string, command: string): string =>
  `if ${command} > /dev/null 2>&1; then echo "could ${what}" >> "$report"; else echo "could not ${what}" >> "$report"; fi`;

/** What pip runs of a package's own: it looks for the supervisor in its line of ancestors. */
const SPY = `
import json, os, sys
def stat(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rsplit(")", 1)[1].split()
def name(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        return file.read()
def spy(os=os, json=json, sys=sys, stat=stat, name=name):
    pid = os.getpid()
    while b"build-task/main" not in name(pid):
        pid = int(stat(pid)[1])
    report = {"uid": os.getuid(), "names": list(os.environ)}
    for what in ("environ", "mem"):
        try:
            with open(f"/proc/{pid}/{what}", "rb") as file:
                report[what] = len(file.read(1))
        except OSError as error:
            report[what] = type(error).__name__
    try:
        report["kill"] = os.kill(pid, 0)
    except OSError as error:
        report["kill"] = type(error).__name__
    with open(os.path.join(sys.prefix, "spy.json"), "w") as file:
        json.dump(report, file)
spy()
`;

/** Docker's default for root, without what infra/ takes. */
const DEFAULT =
  "AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE NET_RAW SETFCAP SETGID SETPCAP SETUID SYS_CHROOT";
const DROPPED: readonly string[] = DROPPED_CAPABILITIES;
const KEPT = DEFAULT.split(" ")
  .filter((each) => !DROPPED.includes(each))
  .map((each) => each.toLowerCase());

const isRoot = process.getuid?.() === 0;
const why = isRoot ? "" : " (skipped: only root can give packages' own code a user of its own)";

describe.skipIf(!isRoot)(`packages' own code${why}`, () => {
  const aws = useMiniStack();
  const demo = useDemoChannel();
  const outside = `/tmp/isolation-${process.pid}`;
  const packages: StrangerPackage[] = [
    scripted(
      "tries-all",
      SUPERVISOR,
      REPORT,
      'echo "user $(id -u) groups $(id -G)" >> "$report"',
      "for pid in $supervisor; do found=yes",
      says("read the supervisor's environment", 'cat "/proc/$pid/environ"'),
      says("read the supervisor's memory", 'head -c 1 "/proc/$pid/mem"'),
      says("list the supervisor's files", 'ls "/proc/$pid/fd/"'),
      says("signal the supervisor", 'kill -0 "$pid"'),
      "done",
      'echo "supervisor found: $found" >> "$report"',
      says("become root", "setpriv --reuid=0 --clear-groups true"),
      says("enter the shared disk", `ls "$(dirname "$(dirname "$(dirname "$PREFIX")")")/closed/disk"`),
      says("write beside the environment", 'touch "$PREFIX/../planted"'),
      says("write into the task's directory", 'touch "$HOME/../planted"'),
      'grep -E "^(NoNewPrivs|CapEff)" /proc/self/status >> "$report"',
    ),
    scripted(
      "stays-behind",
      "setsid sh -c 'trap \"\" TERM HUP INT; (exec sleep 4242) & exec sleep 4242' > /dev/null 2>&1 &",
    ),
    scripted(
      "holds-open",
      // The file is open for writing before its right to be written is gone, and stays open.
      "setsid sh -c 'exec 3>> \"$PREFIX/share/holds-open/readme.txt\"; i=0; while :; do i=$((i+1)); echo $i >&3; done' > /dev/null 2>&1 &",
    ),
    scripted(
      "changes-later",
      // Until it is killed, it counts in a file: what it says then, it says for ever.
      "setsid sh -c 'i=0; while :; do i=$((i+1)); echo $i > \"$PREFIX/share/changes-later/readme.txt\"; done' > /dev/null 2>&1 &",
    ),
    {
      name: "writes-elsewhere",
      members: [{ path: "share/writes-elsewhere.txt", text: "x" }],
      paths: [
        {
          _path: `../../../../../../..${outside}/planted`,
          path_type: "hardlink",
          sha256: "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
          size_in_bytes: 1,
        },
      ],
    },
    scripted("waits-for-go", `until [ -e ${outside}/go ]; do sleep 0.1; done`),
    scripted("waits", "setsid sleep 4242 > /dev/null 2>&1 & sleep 4242"),
    scripted("becomes-others", 'cp /bin/sh "$PREFIX/share/shell"', 'chmod 6777 "$PREFIX/share/shell"'),
    scripted("made-by-mamba", 'test "$(id -u)" -gt 1879000000'),
    scripted("links-out", 'ln -s "$HOME" "$PREFIX/share/home"'),
    scripted("has-device", 'mkfifo "$PREFIX/share/pipe"'),
  ];
  const channel = useStrangerChannel(demo.python, packages);
  const index = useIndex(demo.python, [{ name: "tiny-spy", version: "1.0", build: SPY }]);
  const options = { aws, python: demo.python, channel: channel.url };
  const workshop = useWorkshop({ ...options, privateHosts: () => [index.host(), new URL(demo.url()).host] });
  const limited = useWorkshop({ ...options, capabilities: KEPT });
  beforeAll(() => mkdirSync(outside, { mode: 0o777, recursive: true }));
  afterAll(() => rmSync(outside, { recursive: true, force: true }));

  const build = async (name: string, env: Readonly<Record<string, string>> = {}): Promise<Ended> => {
    const id = await workshop.order(JSON.stringify({ name, dependencies: [name] }));
    const ended = await workshop.build(id, { [VARIABLES.isolation]: "required", ...env });
    if (ended.result !== null) await workshop.settle(ended);
    return ended;
  };
  const published = (ended: Ended, path = ""): string =>
    join(workshop.disk, "team", ended.build.buildKey, path);

  it("cannot reach the supervisor, the shared disk, nor anything beside its own", async () => {
    const ended = await build("tries-all");
    expect(ended.result, ended.log).toMatchObject({ outcome: "completed" });
    const report = readFileSync(published(ended, "report.txt"), "utf8");
    expect(report).toMatch(/^user 1879\d{6} groups 1879\d{6}$/m);
    expect(report).toContain("supervisor found: yes\n");
    expect(report.split("\n").filter((line) => line.startsWith("could "))).toEqual(
      expect.arrayContaining([
        "could not read the supervisor's environment",
        "could not read the supervisor's memory",
        "could not signal the supervisor",
        "could not enter the shared disk",
        "could not become root",
      ]),
    );
    expect(report).not.toMatch(/^could (?!not)/m);
    expect(report).toMatch(/^CapEff:\t0+$/m);
    expect(report).toMatch(/^NoNewPrivs:\t1$/m);
    // What it made is the supervisor's where others see it.
    for (const path of ["", "conda-meta", "report.txt", "share/tries-all/readme.txt"]) {
      expect(lstatSync(published(ended, path)).uid, path).toBe(0);
    }
  });

  it("leaves no process behind, whatever sessions it makes", async () => {
    const ended = await build("stays-behind");
    expect(ended.result, ended.log).toMatchObject({ outcome: "completed" });
    expect(processesOfStrangers()).toEqual([]);
  });

  it.each([
    ["writes again and again", "changes-later"],
    ["keeps a file open", "holds-open"],
  ])("changes nothing after its script has ended, though it %s", async (_what, name) => {
    const ended = await build(name);
    if (ended.result?.outcome !== "completed") throw new Error(ended.log);
    const file = `share/${name}/readme.txt`;
    const { key = "" } = ended.result.artifacts.find(({ type }) => type === "CONDA_PACK") ?? {};
    const input = (await getObject(workshop.bucket, key)) ?? "";
    // Both were read after the script had ended, one after the other.
    const packed = execFileSync("tar", ["-xzO", file], { input, encoding: "utf8" });
    expect(readFileSync(published(ended, file), "utf8")).toBe(packed);
  });

  it("writes no file of a package to outside of the environment, even where an engine would", async () => {
    const ended = await build("writes-elsewhere");
    expect(ended.result, ended.log).toMatchObject({ outcome: "failed" });
    expect(readdirSync(outside)).toEqual([]);
  });

  it("leaves no link to outside of the environment", async () => {
    const ended = await build("links-out");
    expect(ended.result, ended.log).toMatchObject({
      outcome: "failed",
      step: "inspect",
      reason: expect.stringMatching(/^share\/home is a link that leads out of the environment/),
    });
  });

  it("is no more when it runs while pip makes a package from its source", async () => {
    const spec = {
      name: "spying",
      channels: [demo.url()],
      dependencies: ["python", { pip: [`--index-url ${index.url()}`, "tiny-spy"] }],
    };
    const ended = await workshop.build(await workshop.order(JSON.stringify(spec)), {
      [VARIABLES.isolation]: "required",
    });
    await workshop.settle(ended);
    expect(ended.result, ended.log).toMatchObject({ outcome: "completed" });
    const report = JSON.parse(readFileSync(published(ended, "spy.json"), "utf8"));
    expect(report).toMatchObject({
      environ: "PermissionError",
      mem: "PermissionError",
      kill: "PermissionError",
    });
    expect(report.uid).toBeGreaterThan(0x7000_0000);
    expect(report.names).not.toContain("AWS_SECRET_ACCESS_KEY");
  }, 180_000);

  it("ends when the supervisor is killed, whatever sessions it made", async () => {
    const id = await workshop.order(JSON.stringify({ name: "waits", dependencies: ["waits"] }));
    const { child, ended } = workshop.start(id, { [VARIABLES.isolation]: "required" });
    await expect.poll(() => processesOfStrangers(), { timeout: 60_000 }).not.toEqual([]);
    child.kill("SIGKILL");
    await ended;
    await expect.poll(() => processesOfStrangers(), { timeout: 30_000 }).toEqual([]);
  }, 120_000);

  it("is tried again by another task when nobody is left to end it", async () => {
    const id = await workshop.order(JSON.stringify({ name: "goes-on", dependencies: ["waits-for-go"] }));
    const { child, ended } = workshop.start(id, { [VARIABLES.isolation]: "required" });
    const script = (): number[] => processesWith(`.waits-for-go-post-link.sh`);
    await expect.poll(script, { timeout: 60_000 }).not.toEqual([]);
    const wardens = processesWith("warden.py").filter((pid) => parentOf(pid) === child.pid);
    expect(wardens).toHaveLength(1);
    process.kill(wardens[0] ?? 0, "SIGKILL");
    writeFileSync(join(outside, "go"), "");
    await ended;
    const attempt = await getAttempt(workshop.db, id, 1);
    expect(attempt?.result).toMatchObject({ outcome: "undecided", cause: "died" });
    rmSync(join(outside, "go"));
  }, 120_000);

  it("is kept apart with no more capabilities than the task definition leaves", async () => {
    const order = JSON.stringify({ name: "becomes-others", dependencies: ["becomes-others"] });
    const ended = await limited.build(await limited.order(order), { [VARIABLES.isolation]: "required" });
    expect(ended.result, ended.log).toMatchObject({ outcome: "completed" });
    const file = join(limited.disk, "team", ended.build.buildKey, "share", "shell");
    expect(lstatSync(file).mode & 0o7777).toBe(0o755);
  });

  const mamba = findProgram("mamba", "micromamba");
  it.skipIf(mamba === null)(`also with mamba${mamba === null ? " (skipped: not on PATH)" : ""}`, async () => {
    const ended = await build("made-by-mamba", {
      [VARIABLES.engine]: "mamba",
      [VARIABLES.engineProgram]: mamba ?? "",
    });
    expect(ended.result, ended.log).toMatchObject({ outcome: "completed" });
    expect(ended.log).not.toContain("empty folder");
  });
});

function processesWith(text: string): number[] {
  return readdirSync("/proc")
    .filter((pid) => {
      try {
        return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(text);
      } catch {
        return false;
      }
    })
    .map(Number);
}

const parentOf = (pid: number): number =>
  Number(/^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

/** Processes of users that tasks give to strangers, of this test's tasks. */
function processesOfStrangers(): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return (
        /^Uid:\s+1879\d{6}\b/m.test(readFileSync(`/proc/${pid}/status`, "utf8")) &&
        readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("4242")
      );
    } catch {
      return false;
    }
  });
}
