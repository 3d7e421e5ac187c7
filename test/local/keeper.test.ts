import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, expect, test, vi } from "vitest";

const KEEPER = new URL("../../local/run-task/keeper.py", import.meta.url).pathname;
const home = mkdtempSync(join(tmpdir(), "keeper-"));
const keepers: ChildProcess[] = [];
afterEach(() => {
  for (const keeper of keepers.splice(0)) keeper.stdin?.end();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Starts a keeper. @returns it, and the process of its command */
async function keeping(script: string): Promise<{ keeper: ChildProcess; pid: number; name: string }> {
  const name = crypto.randomUUID();
  const keeper = spawn("python3", ["-B", KEEPER], { stdio: ["pipe", "pipe", "ignore"] });
  keepers.push(keeper);
  const memory = { name, bytes: 2 ** 28, variable: "EVENTS", file: join(home, name) };
  const env = { PATH: "/usr/bin:/bin" };
  keeper.stdin?.write(`${JSON.stringify({ args: ["sh", "-c", script], env, cwd: home, memory })}\n`);
  const pid = await new Promise<number>((resolve) => {
    if (keeper.stdout) {
      createInterface({ input: keeper.stdout }).once("line", (line) => {
        resolve((JSON.parse(line) as { pid: number }).pid);
      });
    }
  });
  return { keeper, pid, name };
}

/** Where this process's memory groups are, if it may make some there. */
function memoryGroups(): string | null {
  for (const line of readFileSync("/proc/self/cgroup", "utf8").trim().split("\n")) {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (!controllers.split(",").includes("memory")) continue;
    const directory = join("/sys/fs/cgroup/memory", path);
    try {
      mkdirSync(join(directory, "conda-store-trial"));
      rmdirSync(join(directory, "conda-store-trial"));
      return directory;
    } catch {
      return null;
    }
  }
  return null;
}

test("a keeper that is killed takes its command with it", async () => {
  const { keeper, pid } = await keeping("exec sleep 1000");

  keeper.kill("SIGKILL");

  await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), 20_000);
});

const groups = memoryGroups();
test.skipIf(groups === null)(
  "memory groups that killed keepers left behind are removed by the next one, but for those in use and new ones",
  async () => {
    const group = (name: string): string => join(groups ?? "", `conda-store-${name}`);
    const { name: other } = await keeping("exec sleep 1000");
    const [left, fresh] = [group(crypto.randomUUID()), group(crypto.randomUUID())];
    for (const each of [left, fresh]) mkdirSync(each);
    const long = new Date(Date.now() - 3_600_000);
    for (const each of [left, group(other)]) utimesSync(each, long, long);

    await keeping("exec sleep 1000");

    expect([left, fresh, group(other)].map((each) => existsSync(each))).toEqual([false, true, true]);
    rmdirSync(fresh);
  },
);
