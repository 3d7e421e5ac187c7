/** What operators do with a deployment while it is at work, by the real `cdk deploy` on this machine. */
import { once } from "node:events";
import { mkdtempSync, readlinkSync } from "node:fs";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
} from "@aws-sdk/client-dynamodb";
import { DescribeTaskDefinitionCommand, ECSClient } from "@aws-sdk/client-ecs";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { taskNameOf } from "#core/build/task-name.ts";
import { awsConfig } from "#local/aws-config.ts";
import { Client } from "#local/client.ts";
import { deploy } from "#local/deploy.ts";
import { TEST_CREDENTIALS } from "#local/ministack.ts";
import { removeTree } from "#local/run-task/launch.ts";
import { Closers, type LocalStack, openStack } from "#local/stack.ts";
import { runProgram } from "#test/kit/run-program.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const PATIENCE = { timeout: 300_000, interval: 100 };
const SILENT = {
  step: async <T>(_: string, work: () => Promise<T> | T): Promise<T> => await work(),
  log: () => {},
  durations: [],
};
const closers = new Closers();
const directory = mkdtempSync(join(tmpdir(), "conda-store-life-"));
let stack: LocalStack;
let client: Client;
let gate: Awaited<ReturnType<typeof openGate>>;

beforeAll(async () => {
  Object.assign(process.env, TEST_CREDENTIALS);
  stack = await openStack({ root: ROOT, directory, port: 0, demoChannel: true }, SILENT, closers);
  client = await Client.login(stack.url, "operator", stack.password);
  gate = await openGate();
}, 900_000);
afterAll(async () => {
  await closers.close();
  removeTree(directory);
}, 300_000);

/** Where builds wait in their tests until they are let through. */
async function openGate() {
  const waiting = new Map<string, ServerResponse>();
  const server = createServer(({ url = "" }, response) => void waiting.set(url, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.add(async () => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const urlOf = (name: string) => `http://127.0.0.1:${port}/${name}`;
  return {
    /** A build that has come to the gate; its task is at work. */
    async arrive(name: string): Promise<number> {
      const ask = `python -c "import urllib.request; urllib.request.urlopen('${urlOf(name)}')"`;
      const specification = { name, dependencies: ["python"], tests: { commands: [ask] } };
      const id = await client.submit("team", JSON.stringify(specification));
      await vi.waitFor(() => expect([...waiting.keys()]).toContain(`/${name}`), PATIENCE);
      return id;
    },
    async letThrough(name: string, id: number): Promise<string> {
      waiting.get(`/${name}`)?.end();
      return (await client.follow(id, () => {})).status;
    },
  };
}

/** Deploys another image, while the API is asked again and again. @returns how often it was asked, and what failed */
async function deployImage(image: string): Promise<{ asked: number; failed: string[] }> {
  const { deployment } = stack;
  const failed: string[] = [];
  let asked = 0;
  let isDone = false;
  const asking = (async () => {
    while (!isDone) {
      const answer = await client.build(1).catch((error: unknown) => error);
      if (answer instanceof Error) failed.push(answer.message);
      asked += 1;
    }
  })();
  try {
    await deploy({ ...deployment, deployment: { ...deployment.deployment, image } });
  } finally {
    isDone = true;
    await asking;
  }
  return { asked, failed };
}

/** The task of a build's first attempt: where it stands, and which image it was started with. */
async function taskOf(build: number): Promise<{ status: string; image: string | undefined }> {
  const task = stack.tasks.list().find(({ startedBy }) => startedBy === taskNameOf(build, 1));
  if (!task) throw new Error(`build ${build} has no task`);
  const { taskDefinition } = await new ECSClient(awsConfig(stack.endpoint)).send(
    new DescribeTaskDefinitionCommand({ taskDefinition: task.taskDefinitionArn }),
  );
  return { status: task.lastStatus, image: taskDefinition?.containerDefinitions?.[0]?.image };
}

test("an upgrade and its rollback interrupt nothing: the API answers, a running task ends on the image it has, the next starts on the new one", async () => {
  const before = await gate.arrive("before");

  const upgrade = await deployImage("newer");

  expect(upgrade.failed).toEqual([]);
  expect(upgrade.asked).toBeGreaterThan(10);
  expect(await taskOf(before)).toEqual({ status: "RUNNING", image: "local" });
  const after = await gate.arrive("after");
  expect(await taskOf(after)).toEqual({ status: "RUNNING", image: "newer" });
  expect(await gate.letThrough("before", before)).toBe("COMPLETED");

  const rollback = await deployImage("local");

  expect(rollback.failed).toEqual([]);
  expect(await taskOf(after)).toEqual({ status: "RUNNING", image: "newer" });
  const last = await gate.arrive("last");
  expect(await taskOf(last)).toEqual({ status: "RUNNING", image: "local" });
  expect(await gate.letThrough("after", after)).toBe("COMPLETED");
  expect(await gate.letThrough("last", last)).toBe("COMPLETED");
}, 900_000);

const build = async (name: string, ...dependencies: string[]): Promise<number> => {
  const id = await client.submit("team", JSON.stringify({ name, dependencies }));
  expect(await client.follow(id, () => {})).toMatchObject({ status: "COMPLETED" });
  return id;
};
/** Where an environment's link leads; null without one. */
function linkOf(environment: string): string | null {
  try {
    return readlinkSync(join(stack.storeDirectory, "team", "envs", environment));
  } catch {
    return null;
  }
}

test("a table brought back takes the old one's place: builds, links and archives are those of then, and no id is given twice", async () => {
  const { table: from } = stack.deployed;
  const to = "restored";
  const restore = async (...args: string[]) =>
    await runProgram(
      process.execPath,
      [
        join(ROOT, "scripts", "restore.ts"),
        "--from",
        from,
        "--to",
        to,
        "--at",
        new Date().toISOString().replace(/\.\d+Z/, "Z"),
        ...args,
      ],
      { ...TEST_CREDENTIALS, AWS_ENDPOINT_URL: stack.endpoint },
    );
  const kept = await build("steady", "python");
  await vi.waitFor(() => expect(linkOf("steady")).not.toBeNull(), PATIENCE);
  const linkOfThen = linkOf("steady");
  expect((await restore()).stdout).toContain("Nothing was changed.");
  // The local AWS restores what is there now, whatever the time: what follows is what comes after it.
  expect(await restore("--yes")).toMatchObject({ code: 0, stderr: "" });
  const lost = [await build("steady", "python", "demo-hello"), await build("late", "demo-hello")];
  await vi.waitFor(() => expect([linkOf("steady"), linkOf("late")]).not.toContain(null), PATIENCE);
  await vi.waitFor(() => expect(linkOf("steady")).not.toBe(linkOfThen), PATIENCE);

  const again = await restore("--yes");
  expect(again.stdout).toContain(`an id above ${Math.max(...lost)}.`);
  expect(again.stdout).toContain(`-c restoredTable=${to}`);
  await deploy({ ...stack.deployment, values: { restoredTable: to } });
  expect((await restore("--yes")).stdout).toContain("links are being looked at");

  await vi.waitFor(() => expect([linkOf("steady"), linkOf("late")]).toEqual([linkOfThen, null]), PATIENCE);
  for (const id of lost) await expect(client.build(id)).rejects.toThrow("404");
  expect((await client.archive(kept)).ok).toBe(true);
  expect(await build("next", "python", "demo-hello")).toBe(Math.max(...lost) + 1);
  const dynamoDb = new DynamoDBClient(awsConfig(stack.endpoint));
  const TableName = to;
  const { Table } = await dynamoDb.send(new DescribeTableCommand({ TableName }));
  expect(Table).toMatchObject({ DeletionProtectionEnabled: true });
  const backups = await dynamoDb.send(new DescribeContinuousBackupsCommand({ TableName }));
  expect(
    backups.ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus,
  ).toBe("ENABLED");
  const ttl = await dynamoDb.send(new DescribeTimeToLiveCommand({ TableName }));
  expect(ttl.TimeToLiveDescription?.AttributeName).toBe("expiresAt");
}, 900_000);
