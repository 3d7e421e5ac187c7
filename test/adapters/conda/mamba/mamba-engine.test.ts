/** The mamba adapter against recordings of its own calls. A real mamba is asked in test/engine. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mambaEngine } from "#adapters/conda/mamba/mamba-engine.ts";
import { openEngine } from "#adapters/conda/open-engine.ts";
import { runCommand } from "#adapters/process/command.ts";
import type { LockedPackage } from "#core/lock/lock.ts";
import type {
  Command,
  Engine,
  EngineError,
  EngineRun,
  InstallRequest,
  RunCommand,
  SolveRequest,
} from "#core/ports.ts";
import { type Recording, readRecordings, replaying, writeReplayProgram } from "#test/kit/mamba-recordings.ts";

const MIRROR = "http://127.0.0.1:9999";
const SPECS = ["python=3.11", "pip", "poplar", "cuda-thing"];

const recordings = readRecordings();
let root: string;
let program: string;
let engine: Engine;
let folders = 0;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "mamba-"));
  program = await writeReplayProgram(root);
  engine = await openEngine({
    kind: "mamba",
    program,
    run: runCommand,
    signal: new AbortController().signal,
  });
});
afterAll(() => rm(root, { recursive: true, force: true }));

function recordingOf(name: string): Recording {
  const one = recordings.get(name);
  if (!one) throw new Error(`there is no recording ${name}`);
  return one;
}

async function folder(): Promise<string> {
  folders += 1;
  const path = join(root, String(folders));
  await mkdir(path);
  return path;
}

async function runWith(run: RunCommand): Promise<EngineRun & { lines: string[]; commands: Command[] }> {
  const lines: string[] = [];
  const commands: Command[] = [];
  return {
    lines,
    commands,
    workDirectory: await folder(),
    home: await folder(),
    signal: new AbortController().signal,
    onLine: (text) => lines.push(text),
    run: (command, signal) => {
      commands.push(command);
      return run(command, signal);
    },
  };
}

function solveRequest(specs: readonly string[], channel = "open/conda"): SolveRequest {
  return {
    specs,
    channels: [{ url: `https://conda.example.org/${channel}`, address: `${MIRROR}/${channel}` }],
    platform: "linux-64",
    virtualPackages: { __glibc: "2.28", __linux: "5.10", __cuda: "12.4" },
  };
}

async function installRequest(
  packages: readonly LockedPackage[],
  change: Partial<InstallRequest> = {},
): Promise<InstallRequest> {
  const { channels } = solveRequest(SPECS);
  const prefix = join(await folder(), "env");
  return {
    packages,
    channels,
    platform: "linux-64",
    prefix,
    packageCache: join(await folder(), "pkgs"),
    ...change,
  };
}

const solveRecorded = async () => engine.solve(solveRequest(SPECS), await runWith(runCommand));
const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail("it succeeded"),
    (error: EngineError) => error,
  );

describe("the engine mamba", () => {
  test("makes the recorded call of a solve, and reads its answer", async () => {
    const run = await runWith(runCommand);
    const packages = await engine.solve(solveRequest(SPECS), run);
    expect(packages.map(({ name }) => name)).toEqual([
      "cuda-thing",
      "libnative",
      "python",
      "willow",
      "pip",
      "poplar",
    ]);
    expect(packages[1]).toEqual({
      name: "libnative",
      version: "1.3.0",
      build: "h0123abc_0",
      buildNumber: 0,
      subdir: "linux-64",
      channel: "https://conda.example.org/open/conda",
      url: "https://conda.example.org/open/conda/linux-64/libnative-1.3.0-h0123abc_0.conda",
      fileName: "libnative-1.3.0-h0123abc_0.conda",
      sha256: "779a444699022890325796a23de29e5b7092a1859255504cd15c4551f737ca65",
      md5: "917d7332e62ef813e72002efcaff981d",
      sizeBytes: 3031,
      depends: ["__glibc >=2.17,<3.0.a0"],
      constrains: [],
      license: "MIT",
      timestamp: 1_700_000_000_000,
    });
    const [command] = run.commands;
    expect(command?.env).toMatchObject({
      CONDA_OVERRIDE_GLIBC: "2.28",
      CONDA_OVERRIDE_LINUX: "5.10",
      CONDA_OVERRIDE_CUDA: "12.4",
      CONDA_OVERRIDE_OSX: "",
      CONDA_OVERRIDE_ARCHSPEC: "",
    });
    const file = join(run.workDirectory, "mambarc.yaml");
    expect(await readFile(file, "utf8")).toBe(recordingOf("90-solve").files["mambarc.yaml"]);
  });

  test.each([
    { specs: ["clash-a", "clash-b"], channel: "open/conda", failure: "conflict", says: "clash-a, clash-b" },
    {
      specs: ["apple", "no-such-package"],
      channel: "open/conda",
      failure: "not_found",
      says: "no-such-package",
    },
    {
      specs: ["apple"],
      channel: "index-404/conda",
      failure: "channel",
      says: "conda.example.org/index-404/conda/noarch",
    },
  ])(
    "makes the recorded call of a solve that ends in $failure, and says why",
    async ({ specs, channel, failure, says }) => {
      const error = await errorOf(engine.solve(solveRequest(specs, channel), await runWith(runCommand)));
      expect(error).toMatchObject({ failure, message: expect.stringContaining(says) });
      expect(error.message).not.toContain("127.0.0.1");
    },
  );

  test("asks again without shards when a pinned python may have hidden a package, for the true reason", async () => {
    const run = await runWith(
      replaying(({ env }) =>
        recordingOf(
          env["MAMBA_USE_SHARDED_REPODATA"] === "false"
            ? "05-python-too-new-json-noshards"
            : "05-python-too-new-json",
        ),
      ),
    );
    const error = await errorOf(engine.solve(solveRequest(["needs-old-python", "python=3.11"]), run));
    expect(error).toMatchObject({ failure: "missing_dependency" });
    expect(error.message).toMatch(/^needs-old-python needs python <3.8, /);
    expect(run.commands.length).toBe(2);
  });

  test("asks once when no python is pinned", async () => {
    const run = await runWith(replaying(() => recordingOf("05-not-found-json")));
    await errorOf(engine.solve(solveRequest(["no-such-package"]), run));
    expect(run.commands.length).toBe(1);
  });

  test("does not take an index that ended too early for one with fewer packages", async () => {
    const run = await runWith(async (command, signal) => {
      const cache = join(command.env["CONDA_PKGS_DIRS"] ?? "", "cache");
      await mkdir(cache, { recursive: true });
      await writeFile(join(cache, "0123abcd.json"), '{"packages": {"app-1.2.0-tiny_0.tar.bz2": {"name": "a');
      return replaying(() => recordingOf("05-not-found-json"))(command, signal);
    });
    const error = await errorOf(engine.solve(solveRequest(["app"]), run));
    expect(error).toMatchObject({ failure: "channel_broken", retryable: true });
  });

  test.each([
    { name: "90-install", change: {} },
    { name: "90-install-relocate", change: { targetPrefix: "/opt/envs/final" } },
  ])("makes the recorded call of $name, whose log it passes on", async ({ name, change }) => {
    const packages = await solveRecorded();
    const run = await runWith(runCommand);
    const request = await installRequest(packages, change);
    await engine.install(request, run);
    const records = (await readdir(join(request.prefix, "conda-meta"))).filter((file) =>
      file.endsWith(".json"),
    );
    expect(records.length).toBe(recordingOf(name).condaMeta);
    for (const { name: one, version, build } of packages) {
      // The second was recorded with a warm cache.
      if (name === "90-install") expect(run.lines).toContain(`Downloaded ${one}-${version}-${build}`);
      expect(run.lines).toContain(`Linking ${one}-${version}-${build}`);
    }
    expect(run.lines.join("\n")).not.toMatch(/127\.0\.0\.1|libmamba|activate/);
    if (name === "90-install") {
      const lock = await readFile(join(run.workDirectory, "explicit.txt"), "utf8");
      expect(lock.replaceAll(MIRROR, "{SERVER}")).toBe(recordingOf(name).files["explicit.txt"]);
    }
  });

  test("passes on a line for each package that arrives and for each that is linked", async () => {
    const run = await runWith(replaying(() => recordingOf("24-progress-v")));
    await errorOf(engine.install(await installRequest(await solveRecorded()), run));
    const linked = run.lines.filter((line) => line.startsWith("Linking "));
    expect(linked.length).toBe(11);
    expect(run.lines.filter((line) => line.startsWith("Downloaded ")).length).toBe(11);
  });

  test("does not believe exit 0: an interrupt while it linked left an empty prefix", async () => {
    const request = await installRequest(await solveRecorded());
    const run = await runWith(async (command, signal) => {
      await mkdir(join(request.prefix, "conda-meta"), { recursive: true });
      await writeFile(join(request.prefix, "conda-meta", "history"), "");
      return replaying(() => recordingOf("42-int-in-link"))(command, signal);
    });
    const error = await errorOf(engine.install(request, run));
    expect(error).toMatchObject({ failure: "internal", retryable: true });
    expect(error.message).toContain("it did not install cuda-thing-1.0.0-h0123abc_0.json");
  });

  test.each([
    ["90-install-fails", "package_missing"],
    ["11-wrong-sha256-text", "checksum"],
    ["13-pkg-500-text", "channel"],
    ["13-pkg-cut-text", "channel"],
    ["45-cache-full-text", "disk"],
    ["45-prefix-full-text", "disk"],
    ["51-oom-killed", "memory"],
    ["40-term-in-download", "internal"],
  ])("tells an install that ended as %s did by %s, and leaves no prefix", async (name, failure) => {
    const request = await installRequest(await solveRecorded());
    const run = await runWith(async (command, signal) => {
      await mkdir(join(request.prefix, "conda-meta"), { recursive: true });
      return replaying(() => recordingOf(name))(command, signal);
    });
    expect(await errorOf(engine.install(request, run))).toMatchObject({ failure });
    await expect(readdir(request.prefix)).rejects.toThrow("ENOENT");
  });

  test("believes the words before a crash more than the crash", async () => {
    const crashed = { ...recordingOf("90-install-fails"), exitCode: null, signal: "SIGSEGV" };
    const withoutLastWord = { ...crashed, stderr: crashed.stderr.replace(/^critical.*$/m, "") };
    for (const recording of [crashed, withoutLastWord]) {
      const request = await installRequest(await solveRecorded());
      const error = await errorOf(engine.install(request, await runWith(replaying(() => recording))));
      expect(error).toMatchObject({
        failure: "package_missing",
        message: expect.stringContaining("HTTP 404"),
      });
    }
  });

  test("keeps link scripts from running where mamba has no flag for it", async () => {
    const old = mambaEngine({ program, name: "mamba 2.8.1", hasSkipFlag: false });
    const run = await runWith(replaying(() => recordingOf("42-int-in-link")));
    await errorOf(old.install(await installRequest(await solveRecorded()), run));
    const [command] = run.commands;
    expect(command?.args).not.toContain("--skip-run-link-scripts");
    const [first = ""] = command?.env["PATH"]?.split(":") ?? [];
    const bash = { program: join(first, "bash"), args: ["-x", "/bin/false"], env: {}, cwd: root };
    expect((await runCommand(bash, run.signal)).code).toBe(0);
  });
});
