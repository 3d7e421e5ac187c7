import { readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "#adapters/process/command.ts";
import type { Command, CommandResult, Stream } from "#core/ports.ts";

let cwd: string;
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), "command-"));
});
afterAll(() => rm(cwd, { recursive: true, force: true }));

const never = new AbortController().signal;
const PATH = "/usr/bin:/bin";

function sh(script: string, change: Partial<Command> = {}, signal = never): Promise<CommandResult> {
  return runCommand({ program: "/bin/sh", args: ["-c", script], env: { PATH }, cwd, ...change }, signal);
}

/** The process is gone or only waits to be reaped. */
function isDead(pid: number): boolean {
  try {
    const state = readFileSync(`/proc/${pid}/stat`, "utf8").replace(/^.*\) /s, "")[0];
    return state === "Z" || state === "X";
  } catch {
    return true;
  }
}

describe("runCommand", () => {
  test("has the kernel end the child, and what it starts, before us when memory is short", async () => {
    const score = "cat /proc/self/oom_score_adj";
    const { stdout } = await sh(`until [ "$(${score})" = 1000 ]; do :; done; sh -c "${score}"`);
    expect(stdout).toBe("1000\n");
    expect(Number(readFileSync("/proc/self/oom_score_adj", "utf8"))).toBeLessThan(1000);
  });

  test("gives exit code, stdout and stderr, and calls no exit code an error", async () => {
    expect(await sh("echo out; echo err >&2; exit 7")).toEqual({
      code: 7,
      signal: null,
      stdout: "out\n",
      stderr: "err\n",
      killed: false,
    });
  });

  test("gives the child exactly the environment it is told", async () => {
    const { stdout } = await runCommand(
      { program: "/usr/bin/env", args: [], env: { ONE: "1", EMPTY: "" }, cwd },
      never,
    );
    expect(stdout.split("\n").sort()).toEqual(["", "EMPTY=", "ONE=1"]);
  });

  test("runs in the directory it is told, with the input it is told", async () => {
    expect((await sh("pwd; cat", { stdin: "in\n" })).stdout).toBe(`${cwd}\nin\n`);
  });

  test("ends the child's input when there is none", async () => {
    expect((await sh("cat; echo end")).stdout).toBe("end\n");
  });

  test("survives a child that does not read its input", async () => {
    expect((await sh("exec true", { stdin: "x".repeat(4_000_000) })).code).toBe(0);
  });

  test("passes lines on in order of each stream, whole across writes, and the last one without its end", async () => {
    const lines: [string, Stream][] = [];
    await sh("printf 'ä1\\nb'; printf 'c\\r\\n\\n' ; echo e >&2; printf last", {
      onLine: (text, stream) => lines.push([text, stream]),
    });
    expect(lines.filter(([, stream]) => stream === "stdout").map(([text]) => text)).toEqual([
      "ä1",
      "bc",
      "",
      "last",
    ]);
    expect(lines.filter(([, stream]) => stream === "stderr").map(([text]) => text)).toEqual(["e"]);
  });

  test("passes lines on while the child still runs", async () => {
    const stop = new AbortController();
    const result = await sh("echo first; exec sleep 600", { onLine: () => stop.abort() }, stop.signal);
    expect(result).toMatchObject({ stdout: "first\n", killed: true, signal: "SIGKILL" });
  });

  test("passes an endless line on in pieces", async () => {
    const sizes: number[] = [];
    await sh("head -c 200000 /dev/zero | tr '\\0' x", { onLine: (text) => sizes.push(text.length) });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(65_536);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(200_000);
  });

  test("keeps no more output than the bound, and says how much it dropped", async () => {
    const { stdout } = await sh("head -c 100000 /dev/zero | tr '\\0' x", { captureBytesMax: 1000 });
    expect(stdout).toBe(`${"x".repeat(1000)}\n[99000 more bytes were dropped]\n`);
  });

  test("kills the whole group on abort, also grandchildren that ignore SIGTERM", async () => {
    const pids = join(cwd, "pids");
    const stop = new AbortController();
    const script = `(trap '' TERM; echo $$ > ${pids}; sh -c 'trap "" TERM; echo $$ >> ${pids}; echo ready; while :; do sleep 600; done')`;
    const result = await sh(`trap '' TERM; ${script} & wait`, { onLine: () => stop.abort() }, stop.signal);
    expect(result).toMatchObject({ killed: true, code: null, signal: "SIGKILL" });
    const started = readFileSync(pids, "utf8").trim().split("\n").map(Number);
    expect(started.length).toBe(2);
    await expect.poll(() => started.every(isDead)).toBe(true);
  });

  test("leaves nothing running when the leader ends before its children", async () => {
    const { stdout, killed, code } = await sh("sleep 600 & echo $!");
    expect({ killed, code }).toEqual({ killed: false, code: 0 });
    await expect.poll(() => isDead(Number(stdout))).toBe(true);
  });

  test("comes back though a process that left the group holds the output open", async () => {
    const mark = join(cwd, "outside");
    const outside = `setsid sh -c 'echo $$ > ${mark}; exec sleep 600' &`;
    const { stdout } = await sh(`${outside} until [ -s ${mark} ]; do sleep 0.01; done; cat ${mark}`);
    const pid = Number(stdout);
    expect(pid).toBeGreaterThan(1);
    process.kill(pid, "SIGKILL");
  });

  test("tells a signal that others sent from its own", async () => {
    expect(await sh("kill -KILL $$")).toMatchObject({ code: null, signal: "SIGKILL", killed: false });
  });

  test("starts nothing when it is aborted before", async () => {
    const mark = join(cwd, "started");
    const result = await sh(`echo x > ${mark}`, {}, AbortSignal.abort());
    expect(result).toMatchObject({ code: null, killed: true });
    expect(() => readFileSync(mark)).toThrow("ENOENT");
  });

  test("names a program that cannot be started", async () => {
    const text = join(cwd, "not-executable");
    writeFileSync(text, "x");
    for (const program of ["/nowhere/mamba", text]) {
      const command = { program, args: [], env: {}, cwd };
      await expect(runCommand(command, never)).rejects.toThrow(`${program} could not be started`);
    }
  });

  test.runIf(process.getuid?.() === 0)("runs as the user it is told", async () => {
    const { stdout } = await sh("id -u; id -g; id -G; grep -E '^(NoNewPrivs|CapPrm)' /proc/self/status", {
      user: 65534,
      cwd: "/",
    });
    expect(stdout).toBe("65534\n65534\n65534\nCapPrm:\t0000000000000000\nNoNewPrivs:\t1\n");
    const missing = { program: "/nowhere/python", args: [], env: {}, cwd: "/", user: 65534 };
    await expect(runCommand(missing, never)).rejects.toThrow("/nowhere/python could not be started");
  });
});
