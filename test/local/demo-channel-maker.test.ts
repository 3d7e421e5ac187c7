import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeDemoChannel } from "#local/demo-channel.ts";
import { LocalError } from "#local/local-error.ts";
import { ensurePythonTools } from "#local/python.ts";
import { runProgram } from "#test/kit/run-program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAKER = join(ROOT, "local/demo-channel/make.py");
const home = mkdtempSync(join(tmpdir(), "demo-maker-"));
let python = "";

beforeAll(async () => {
  ({ python } = await ensurePythonTools(ROOT, () => {}));
});

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Stops a run at the line that tells its interpreter is copied, so in the middle of its work. */
async function interrupt(into: string, signal: NodeJS.Signals): Promise<number | null> {
  const child = spawn(python, ["-B", "-s", MAKER, "--into", into], { stdio: ["ignore", "pipe", "ignore"] });
  const ended: Promise<unknown[]> = once(child, "exit");
  createInterface(child.stdout).on("line", (line) => {
    if (line.startsWith("copied CPython")) child.kill(signal);
  });
  await ended;
  return child.exitCode;
}

test("a killed run leaves no channel, and the next one clears away what it left", async () => {
  const into = join(home, "killed", "channel");

  await interrupt(into, "SIGKILL");
  const left = readdirSync(join(home, "killed"));
  const code = await interrupt(into, "SIGTERM");

  expect(left).not.toContain("channel");
  expect(left.filter((name) => name.endsWith(".part"))).toHaveLength(1);
  expect(code).toBe(1);
  expect(readdirSync(join(home, "killed"))).toEqual([".channel.lock"]);
});

test("a folder that holds something else is left alone", async () => {
  const into = join(home, "mine");
  mkdirSync(into);
  writeFileSync(join(into, "thesis.txt"), "irreplaceable");

  const made = makeDemoChannel({ python, into, log: () => {} });

  await expect(made).rejects.toThrow(`${into} exists and is no demo channel`);
  expect(readdirSync(into)).toEqual(["thesis.txt"]);
});

test("a package index that does not answer is told in one line", async () => {
  const unreachable = {
    PATH: "/usr/bin:/bin",
    HOME: home,
    PIP_CONFIG_FILE: "/dev/null",
    PIP_INDEX_URL: "http://127.0.0.1:9/simple",
  };

  const ended = await runProgram(
    python,
    ["-B", MAKER, "--into", join(home, "offline", "channel")],
    unreachable,
  );

  expect(ended).toMatchObject({
    code: 1,
    stderr:
      "The Python package index cannot be reached: check the network or pip's settings, then try again.\n",
  });
  expect(readdirSync(join(home, "offline"))).toEqual([".channel.lock"]);
});

test("an interpreter that is gone is told in one line", async () => {
  const made = makeDemoChannel({ python: join(home, "no-python"), into: join(home, "x"), log: () => {} });

  await expect(made).rejects.toThrow(LocalError);
  await expect(made).rejects.toThrow("delete the virtual environment");
});

test("the maker's own parts keep their promises", async () => {
  const tests = join(ROOT, "test/local/demo-channel");

  const ended = await runProgram(python, ["-B", "-m", "unittest", "discover", "-s", tests, "-p", "parts.py"]);

  expect(ended.stderr).toMatch(/Ran \d\d tests? in [\s\S]*\nOK\n$/);
});
