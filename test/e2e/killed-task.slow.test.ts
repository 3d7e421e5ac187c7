import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { attemptKey } from "#adapters/dynamodb/keys.ts";
import { awsConfig } from "#local/aws-config.ts";
import { type BuildReply, Client } from "#local/client.ts";
import { buildExample, checkExample } from "#local/example.ts";
import { showProgress } from "#local/progress.ts";
import { Closers, type LocalStack, openStack } from "#local/stack.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "conda-store-kill-"));
const closers = new Closers();
const said: string[] = [];
const progress = showProgress((line) => said.push(line));
let stack: LocalStack;
let client: Client;
let table: DynamoDBDocumentClient;

beforeAll(async () => {
  stack = await openStack({ root: ROOT, port: 0, demoChannel: true, directory }, progress, closers);
  client = await Client.login(stack.url, "admin", stack.password);
  table = DynamoDBDocumentClient.from(new DynamoDBClient(awsConfig(stack.endpoint)));
}, 300_000);
afterAll(async () => {
  await closers.close();
  rmSync(directory, { recursive: true, force: true });
}, 300_000);

/** How far the task may run between two looks. */
const PACE_MS = 5;

const PATIENCE = { timeout: 60_000, interval: 20 };

/** As the build goes through them; what runs side by side may be met in any order. */
const STEPS = ["solve", "install", "link scripts", "seal", "compile", "copy", "archive", "publish", "verify"];

/** The process of an attempt's task, as the local stack says it. */
const pidOf = (id: number, attempt: number): Promise<number> =>
  vi.waitFor(
    () => {
      const found = said
        .map((line) => new RegExp(`task b${id}-a${attempt} started \\(process (\\d+)\\)`).exec(line))
        .find(Boolean);
      if (!found) throw new Error("not started yet");
      return Number(found[1]);
    },
    { timeout: 60_000, interval: 5 },
  );

async function stepOf(id: number, attempt: number): Promise<string> {
  const { Item } = await table.send(
    new GetCommand({ TableName: stack.deployed.table, Key: attemptKey(id, attempt) }),
  );
  return String(Item?.["step"] ?? "");
}

/**
 * Kills the task in the step, or in the first one behind it that lasts long enough to be seen. The task stands still
 * while this looks, so that no step is over before it is known.
 */
async function killIn(id: number, step: string, attempt = 1): Promise<string> {
  const pid = await pidOf(id, attempt);
  for (;;) {
    process.kill(pid, "SIGSTOP");
    const found = await stepOf(id, attempt);
    if (STEPS.indexOf(found) >= STEPS.indexOf(step)) {
      process.kill(pid, "SIGKILL");
      return found;
    }
    process.kill(pid, "SIGCONT");
    await pause(PACE_MS);
  }
}

/** Waits for the build to end. @returns how it ended, and all lines of its log */
async function ended(id: number): Promise<BuildReply & { readonly log: string; readonly attempts: number }> {
  await vi.waitFor(
    async () => expect(["COMPLETED", "FAILED", "CANCELED"]).toContain((await client.build(id)).status),
    { timeout: 350_000, interval: 500 },
  );
  const lines: string[] = [];
  const build = await client.follow(id, ({ text }) => lines.push(text));
  const attempts = stack.tasks.list().filter(({ startedBy }) => startedBy?.startsWith(`b${id}-`));
  return { ...build, log: lines.join("\n"), attempts: attempts.length };
}

/** Processes whose directory lies below the tasks' own: engines, packers, link scripts. */
function strays(): string[] {
  const pids = execFileSync("ps", ["-eo", "pid="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim());
  return pids.filter((pid) => {
    try {
      const text =
        readFileSync(`/proc/${pid}/environ`, "latin1") + readFileSync(`/proc/${pid}/cmdline`, "latin1");
      return text.includes(stack.tasksDirectory);
    } catch {
      return false;
    }
  });
}

/** In a namespace of its own: inside one, a build would be lent what another made. */
const order = (name: string): Promise<number> =>
  client.submit(name, `name: ${name}\ndependencies: [python, numpy]\n`);
const linkOf = (name: string): string => join(stack.storeDirectory, name, "envs", name);

describe("supervisor killed", () => {
  test.each(STEPS)(
    "in the step %s: the build is tried again, completes, and the earlier attempt has left nothing",
    async (step) => {
      const name = `killed-${step.replace(" ", "-")}`;
      const id = await order(name);

      const found = await killIn(id, step);

      const build = await ended(id);
      expect(build.status, String(build.status_info)).toBe("COMPLETED");
      expect(build.attempts).toBe(2);
      expect(build.log).toMatch(new RegExp(`died in step ${found}.*SIGKILL.*This is attempt 2`));
      await stack.tasks.settled();
      expect(strays()).toEqual([]);
      await vi.waitFor(() => expect(existsSync(join(linkOf(name), "bin", "python"))).toBe(true), PATIENCE);
      const unfinished = readdirSync(join(stack.storeDirectory, name)).filter((each) => each.startsWith("."));
      expect(unfinished).toEqual([]);
    },
    400_000,
  );

  test("three times: the build fails, and says where, how, how often and by which limit", async () => {
    const id = await order("killed-thrice");

    for (const attempt of [1, 2, 3]) await killIn(id, "install", attempt);

    const build = await ended(id);
    expect(build.status).toBe("FAILED");
    expect(build.status_info).toMatch(/attempt 3 died in step .*SIGKILL.*last of 3 tries.*maxTries\.died/);
    await stack.tasks.settled();
    expect(strays()).toEqual([]);
    expect(existsSync(linkOf("killed-thrice"))).toBe(false);
  }, 400_000);
});

test("spot's SIGTERM: the build goes on at once as another attempt, and completes", async () => {
  const id = await order("stopped");
  await pidOf(id, 1);
  await vi.waitFor(async () => expect(await stepOf(id, 1)).not.toBe(""), PATIENCE);
  const task = stack.tasks.list().find(({ startedBy }) => startedBy === `b${id}-a1`);

  stack.tasks.stop(task?.taskArn ?? "", "Your Spot Task was interrupted.");

  const build = await ended(id);
  expect(build.status, String(build.status_info)).toBe("COMPLETED");
  expect(build.attempts).toBe(2);
  expect(build.log).toMatch(/told to stop .*This is attempt 2/);
}, 400_000);

test("the next build of the same specification works", async () => {
  const example = await buildExample(ROOT, stack, progress);

  expect(await checkExample(stack, example)).toMatch(/^\d+\.\d+/);
}, 120_000);
