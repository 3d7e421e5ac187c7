/** How the rattler adapter judges the way its child ends. What the child does is tested in test/engine. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { rattlerEngine } from "#adapters/conda/rattler/rattler-engine.ts";
import { runCommand } from "#adapters/process/command.ts";
import type { EngineError, LineSink } from "#core/ports.ts";
import { rattlerPython } from "#test/engine/engines.ts";

const SOLVED = JSON.stringify({
  event: "solved",
  packages: [
    {
      name: "app",
      version: "1.0",
      build: "h_0",
      buildNumber: 0,
      subdir: "noarch",
      fileName: "app-1.0-h_0.conda",
      url: "http://127.0.0.1:4000/c/noarch/app-1.0-h_0.conda",
      sha256: "a".repeat(64),
      md5: null,
      sizeBytes: 1,
      depends: [],
      constrains: [],
      license: null,
      timestamp: null,
    },
  ],
});
const REQUEST = {
  specs: ["app"],
  channels: [{ url: "https://conda.example.org/team", address: "http://127.0.0.1:4000/c" }],
  platform: "linux-64",
  virtualPackages: {},
};

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "rattler-"));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Solves by a program with the given text in place of engine.py. */
async function solveBy(program: string, onLine: LineSink = () => {}) {
  const workDirectory = join(root, "work");
  await mkdir(workDirectory, { recursive: true });
  await writeFile(join(root, "engine.py"), `import os, signal, sys\n${program}\n`);
  const engine = rattlerEngine({ python: await rattlerPython(), version: "0", program: root });
  const { signal } = new AbortController();
  return engine.solve(REQUEST, { workDirectory, home: workDirectory, signal, run: runCommand, onLine });
}

const saying = (line: string) => `print(${JSON.stringify(line)}, flush=True)`;
const killing = (name: string) => `os.kill(os.getpid(), signal.${name})`;
const errorOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.fail("it succeeded"),
    (error: EngineError) => error,
  );

describe("the engine rattler", () => {
  test("believes a printed result, though the interpreter crashes after it", async () => {
    for (const name of ["SIGSEGV", "SIGABRT"]) {
      const packages = await solveBy(`${saying(SOLVED)}\n${killing(name)}`);
      expect(packages.map(({ url }) => url)).toEqual([
        "https://conda.example.org/team/noarch/app-1.0-h_0.conda",
      ]);
    }
  });

  test.each([
    { program: killing("SIGSEGV"), failure: "internal", says: "SIGSEGV" },
    { program: killing("SIGKILL"), failure: "memory", says: "it was killed" },
    { program: "sys.exit(3)", failure: "internal", says: "exit code 3" },
    {
      program: "raise RuntimeError('http://127.0.0.1:4000/c/x')",
      failure: "internal",
      says: "conda.example.org/team/x",
    },
  ])("tells a child that ended without a result by $says", async ({ program, failure, says }) => {
    const error = await errorOf(solveBy(program));
    expect(error).toMatchObject({ failure, retryable: true, message: expect.stringContaining(says) });
  });

  test("passes on what a library prints, and does not take it for an event", async () => {
    const lines: string[] = [];
    await solveBy(`${saying("{}")}\n${saying("a warning")}\n${saying(SOLVED)}`, (text) => lines.push(text));
    expect(lines).toEqual(["{}", "a warning"]);
  });

  test("refuses a package from a channel that nobody asked for, and one without a hash", async () => {
    const foreign = await errorOf(solveBy(saying(SOLVED.replace("4000/c/", "4000/d/"))));
    expect(foreign.message).toContain("which is not among the channels");
    const unhashed = await errorOf(solveBy(saying(SOLVED.replace(`"${"a".repeat(64)}"`, "null"))));
    expect(unhashed).toMatchObject({
      failure: "channel_broken",
      message: expect.stringContaining("has no sha256"),
    });
  });
});
