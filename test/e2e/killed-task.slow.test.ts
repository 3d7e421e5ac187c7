import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { DynamoDBDocumentClient, GetCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
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
  client = await Client.login(stack.url, "me", stack.password);
  table = DynamoDBDocumentClient.from(new DynamoDBClient(awsConfig(stack.endpoint)));
}, 300_000);
afterAll(async () => {
  await closers.close();
  rmSync(directory, { recursive: true, force: true });
}, 60_000);

/** How far the task may run between two looks. */
const PACE_MS = 5;

/** As the build goes through them; what runs side by side may be met in any order. */
const STEPS = ["solve", "install", "link scripts", "seal", "compile", "copy", "archive", "publish", "verify"];

/** The process of the build's task, as the local stack says it. */
const pidOf = (id: number): Promise<number> =>
  vi.waitFor(
    () => {
      const found = said
        .map((line) => new RegExp(`task b${id}-a1 started \\(process (\\d+)\\)`).exec(line))
        .find(Boolean);
      if (!found) throw new Error("not started yet");
      return Number(found[1]);
    },
    { timeout: 60_000, interval: 5 },
  );

async function stepOf(id: number): Promise<string> {
  const { Item } = await table.send(
    new GetCommand({ TableName: stack.deployed.table, Key: attemptKey(id, 1) }),
  );
  return String(Item?.["step"] ?? "");
}

/**
 * Kills the task in the step, or in the first one behind it that lasts long enough to be seen. The task stands still
 * while this looks, so that no step is over before it is known.
 */
async function killIn(id: number, step: string): Promise<string> {
  const pid = await pidOf(id);
  for (;;) {
    process.kill(pid, "SIGSTOP");
    const found = await stepOf(id);
    if (STEPS.indexOf(found) >= STEPS.indexOf(step)) {
      process.kill(pid, "SIGKILL");
      return found;
    }
    process.kill(pid, "SIGCONT");
    await pause(PACE_MS);
  }
}

const ended = (id: number): Promise<BuildReply> => client.follow(id, () => {});

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

test.each(STEPS)(
  "a task that is killed in the step %s ends its build as FAILED with a reason, and leaves nothing",
  async (step) => {
    const id = await client.submit(
      "me",
      `name: killed-${step.replace(" ", "-")}\ndependencies: [python, numpy]\n`,
    );

    const found = await killIn(id, step);

    const build = await ended(id);
    expect(build.status).toBe("FAILED");
    expect(build.status_info).toContain("SIGKILL");
    expect(build.status_info, `killed in ${found}`).toContain(found);
    await stack.tasks.settled();
    expect(strays()).toEqual([]);
    const name = `killed-${step.replace(" ", "-")}`;
    expect(existsSync(join(stack.storeDirectory, "me", "envs", name))).toBe(false);
  },
  120_000,
);

test("the next build of the same specification works", async () => {
  const example = await buildExample(ROOT, stack, progress);

  expect(await checkExample(stack, example)).toMatch(/^\d+\.\d+/);
}, 120_000);
