import { spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  DescribeTasksCommand,
  ECSClient,
  ListClustersCommand,
  ListTasksCommand,
  RegisterTaskDefinitionCommand,
  RunTaskCommand,
  type RunTaskCommandInput,
  StopTaskCommand,
} from "@aws-sdk/client-ecs";
import { EventBridgeClient, PutRuleCommand, PutTargetsCommand } from "@aws-sdk/client-eventbridge";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { awsConfig } from "#local/aws-config.ts";
import { freePort } from "#local/ministack.ts";
import { ensurePythonTools } from "#local/python.ts";
import { findNamespace } from "#local/run-task/mounts.ts";
import { type RunTaskEndpoint, startRunTaskEndpoint } from "#local/run-task/server.ts";
import { newTask } from "#local/run-task/task.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const aws = useMiniStack();
const base = mkdtempSync(join(tmpdir(), "conda-store-run-task-"));
const namespace = findNamespace(base);
let python: string;
let endpoints: RunTaskEndpoint[] = [];

beforeAll(async () => {
  ({ python } = await ensurePythonTools(ROOT, () => {}));
  const events = new EventBridgeClient(awsConfig(aws.endpoint));
  const pattern = { source: ["aws.ecs"], "detail-type": ["ECS Task State Change"] };
  await events.send(new PutRuleCommand({ Name: "ends", EventPattern: JSON.stringify(pattern) }));
  const Arn = `arn:aws:sqs:us-east-1:000000000000:${aws.finishQueue.split("/").at(-1)}`;
  await events.send(new PutTargetsCommand({ Rule: "ends", Targets: [{ Id: "queue", Arn }] }));
});
afterEach(async () => {
  await Promise.all(endpoints.map((endpoint) => endpoint.close()));
  endpoints = [];
});
afterAll(() => rmSync(base, { recursive: true, force: true }));

interface Running {
  readonly ecs: ECSClient;
  readonly endpoint: RunTaskEndpoint;
  readonly home: string;
  readonly definition: string;
  readonly run: (input?: Partial<RunTaskCommandInput>) => Promise<string>;
}

/** An endpoint whose build task is the given script; the task definition has the three volumes of the real one. */
async function running(
  script: string,
  options: { inPlace?: boolean; memoryMiB?: number } = {},
): Promise<Running> {
  const home = mkdtempSync(join(base, "stack-"));
  const endpoint = await startRunTaskEndpoint({
    aws: awsConfig(aws.endpoint),
    port: await freePort(),
    logsDirectory: join(home, "logs"),
    log: () => {},
    machine: {
      python,
      command: [process.execPath, "-e", script],
      environment: { PATH: process.env["PATH"] ?? "", FROM_IMAGE: "image", BOTH: "image" },
      sharedDisk: join(home, "store"),
      tasksDirectory: join(home, "tasks"),
      namespace: options.inPlace ? null : namespace,
      programs: [],
    },
  });
  endpoints.push(endpoint);
  const ecs = new ECSClient({ ...awsConfig(aws.endpoint), endpoint: endpoint.address });
  const { taskDefinition } = await ecs.send(
    new RegisterTaskDefinitionCommand({
      family: "build",
      cpu: "1024",
      memory: String(options.memoryMiB ?? 1024),
      containerDefinitions: [
        {
          name: "build",
          image: "none",
          environment: [
            { name: "BOTH", value: "definition" },
            { name: "STORE", value: join(home, "store") },
            { name: "DISK", value: join(home, "mnt", "disk") },
            { name: "WORK", value: join(home, "mnt", "work") },
          ],
          mountPoints: [
            { sourceVolume: "work", containerPath: join(home, "mnt", "work") },
            { sourceVolume: "store", containerPath: join(home, "store") },
            { sourceVolume: "shared-disk", containerPath: join(home, "mnt", "disk") },
          ],
        },
      ],
    }),
  );
  const definition = taskDefinition?.taskDefinitionArn ?? "";
  const run = async (input: Partial<RunTaskCommandInput> = {}): Promise<string> => {
    const { tasks } = await ecs.send(
      new RunTaskCommand({ cluster: "builds", taskDefinition: definition, ...input }),
    );
    return tasks?.[0]?.taskArn ?? "";
  };
  return { ecs, endpoint, home, definition, run };
}

interface Detail {
  readonly taskArn: string;
  readonly lastStatus: string;
  readonly startedBy?: string;
  readonly stopCode?: string;
  readonly stoppedReason?: string;
  readonly containers: readonly { readonly exitCode?: number; readonly reason?: string }[];
}

const seen: Detail[] = [];
const sqs = (): SQSClient => new SQSClient(awsConfig(aws.endpoint));

/** The event that tells the end of this task, out of the queue that a rule fills. */
async function endOf(arn: string): Promise<Detail> {
  return await vi.waitFor(
    async () => {
      const { Messages = [] } = await sqs().send(
        new ReceiveMessageCommand({ QueueUrl: aws.finishQueue, MaxNumberOfMessages: 10, WaitTimeSeconds: 1 }),
      );
      for (const { Body = "{}" } of Messages) seen.push((JSON.parse(Body) as { detail: Detail }).detail);
      const end = seen.find((detail) => detail.taskArn === arn && detail.lastStatus === "STOPPED");
      if (!end) throw new Error("no such event yet");
      return end;
    },
    { timeout: 40_000 },
  );
}

const writeJson = (what: string): string =>
  `require("fs").writeFileSync(process.env.DISK + "/out.json", JSON.stringify(${what}));`;
const read = (home: string, name = "out.json"): unknown =>
  JSON.parse(readFileSync(join(home, "store", name), "utf8"));
const alive = (pid: number): boolean => existsSync(`/proc/${pid}`);

test("RunTask answers before anything runs, and the end comes as ECS's own event", async () => {
  const { ecs, definition } = await running("process.exitCode = 3");

  const { tasks } = await ecs.send(
    new RunTaskCommand({ cluster: "builds", taskDefinition: definition, startedBy: "b1-a1" }),
  );
  expect(tasks?.[0]).toMatchObject({
    lastStatus: "PROVISIONING",
    desiredStatus: "RUNNING",
    startedBy: "b1-a1",
  });

  const end = await endOf(tasks?.[0]?.taskArn ?? "");
  expect(end).toMatchObject({ startedBy: "b1-a1", stopCode: "EssentialContainerExited" });
  expect(end.containers[0]?.exitCode).toBe(3);
});

test("the task's environment is the image's, the definition's and the overrides', the later winning", async () => {
  const { run, home } = await running(writeJson("process.env"), {});
  const environment = [{ name: "BUILD", value: "7" }];

  await endOf(await run({ overrides: { containerOverrides: [{ name: "build", environment }] } }));

  expect(read(home)).toMatchObject({ FROM_IMAGE: "image", BOTH: "definition", BUILD: "7" });
});

test("kill -9 of the task ends with exit code 137 and leaves no descendant, whatever session it is in", async () => {
  const { run, home } = await running(`
    const { spawn } = require("child_process");
    const child = spawn("sh", ["-c", "trap '' TERM HUP; sleep 1000 & wait"], { detached: true, stdio: "ignore" });
    ${writeJson("{ child: child.pid, self: process.pid }")}
    setInterval(() => {}, 1000);`);
  const arn = await run();
  const { child, self } = await vi.waitFor(() => read(home) as { child: number; self: number }, 20_000);
  expect(alive(child)).toBe(true);

  process.kill(self, "SIGKILL");

  const end = await endOf(arn);
  expect(end.containers[0]?.exitCode).toBe(137);
  expect(alive(child)).toBe(false);
});

test("the same client token gives the same task, and a changed request is refused", async () => {
  const { ecs, run, definition } = await running("");

  const first = await run({ clientToken: "one", startedBy: "b1-a1" });

  expect(await run({ clientToken: "one", startedBy: "b1-a1" })).toBe(first);
  await expect(
    ecs.send(
      new RunTaskCommand({
        cluster: "builds",
        taskDefinition: definition,
        clientToken: "one",
        startedBy: "b2-a1",
      }),
    ),
  ).rejects.toMatchObject({ name: "ConflictException" });
  await endOf(first);
});

test("a task that needs more memory than it has is killed, and the event says why", async () => {
  const script = `const kept = []; setInterval(() => kept.push(Buffer.alloc(20 * 1024 * 1024, 1)), 50);`;
  const { run } = await running(script, { memoryMiB: 300 });

  const end = await endOf(await run());

  expect(end.containers[0]?.exitCode).toBe(137);
  expect(end.containers[0]?.reason).toContain("OutOfMemoryError");
});

test.skipIf(namespace === null)(
  "the task installs at the store directory on a disk of its own, and sees the shared disk elsewhere",
  async () => {
    const { run, home } = await running(`
      const fs = require("fs");
      fs.writeFileSync(process.env.STORE + "/mine", "");
      ${writeJson("{ store: fs.readdirSync(process.env.STORE), work: fs.readdirSync(process.env.WORK) }")}`);
    mkdirSync(join(home, "store", "published"), { recursive: true });

    await endOf(await run());

    expect(read(home)).toEqual({ store: ["mine"], work: [] });
    expect(readdirSync(join(home, "store")).sort()).toEqual(["out.json", "published"]);
  },
);

test("without mount namespaces the task is told to build in place, in a work directory of its own", async () => {
  const { run, home } = await running(writeJson("process.env"), { inPlace: true });

  await endOf(await run());

  const env = read(home) as Record<string, string>;
  expect(env["DISK"]).toBe(env["STORE"]);
  expect(env["WORK"]).toContain(join(home, "tasks"));
});

test("a task's own directories are gone when it has ended, read-only ones too", async () => {
  const { run, home } = await running(`
    const fs = require("fs");
    fs.mkdirSync(process.env.WORK + "/a");
    fs.writeFileSync(process.env.WORK + "/a/b", "");
    fs.chmodSync(process.env.WORK + "/a", 0o555);`);

  await endOf(await run());

  await vi.waitFor(() => expect(readdirSync(join(home, "tasks"))).toEqual([]));
});

test("StopTask ends the task, and its reason stays", async () => {
  const { ecs, run, home } = await running(`${writeJson("{}")} setInterval(() => {}, 1000);`);
  const arn = await run();
  await vi.waitFor(() => read(home), 20_000);

  await ecs.send(new StopTaskCommand({ cluster: "builds", task: arn, reason: "canceled" }));

  expect(await endOf(arn)).toMatchObject({ stopCode: "UserInitiated", stoppedReason: "canceled" });
  const { tasks, failures } = await ecs.send(
    new DescribeTasksCommand({ cluster: "builds", tasks: [arn, "none"] }),
  );
  expect(tasks?.[0]?.lastStatus).toBe("STOPPED");
  expect(failures?.[0]?.reason).toBe("MISSING");
  const { taskArns } = await ecs.send(new ListTasksCommand({ cluster: "builds", desiredStatus: "STOPPED" }));
  expect(taskArns).toEqual([arn]);
});

test("what is not about tasks is answered by the local AWS", async () => {
  const { ecs } = await running("");

  expect((await ecs.send(new ListClustersCommand({}))).clusterArns).toBeInstanceOf(Array);
});

test("an endpoint that is killed takes its tasks along, and the next one reports their end", async () => {
  const home = mkdtempSync(join(base, "killed-"));
  const script = `require("fs").writeFileSync(process.env.HOME + "/../../pid", String(process.pid)); setInterval(() => {}, 1000);`;
  const machine = {
    python,
    command: [process.execPath, "-e", script],
    environment: { PATH: process.env["PATH"] ?? "" },
    sharedDisk: join(home, "store"),
    tasksDirectory: join(home, "tasks"),
    namespace: null,
    programs: [],
  };
  const options = { aws: awsConfig(aws.endpoint), port: 0, logsDirectory: join(home, "logs"), machine };
  const first = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { startRunTaskEndpoint } from "#local/run-task/server.ts";
       const { tasks } = await startRunTaskEndpoint({ ...${JSON.stringify(options)}, log: () => {} });
       const definition = { family: "build", containerDefinitions: [{ name: "build" }] };
       console.log(tasks.run({ taskDefinition: "build", cluster: "builds" }, definition).taskArn);`,
    ],
    { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
  );
  const arn = await new Promise<string>((resolve) =>
    first.stdout.once("data", (data: Buffer) => resolve(data.toString().trim())),
  );
  const pid = await vi.waitFor(() => {
    const text = readFileSync(join(home, "pid"), "utf8");
    expect(text).not.toBe("");
    return Number(text);
  }, 20_000);

  first.kill("SIGKILL");
  await vi.waitFor(() => expect(alive(pid)).toBe(false), 20_000);
  const next = await startRunTaskEndpoint({ ...options, log: () => {} });
  endpoints.push(next);

  expect(await next.tasks.reportLost()).toBe(1);
  expect(await endOf(arn)).toMatchObject({ stopCode: "TerminationNotice" });
});

test("a note that was cut short when its writer was killed keeps no other task from being reported", async () => {
  const { endpoint, home } = await running("");
  const whole = newTask({ taskDefinition: "build", cluster: "builds" }, { family: "build" });
  const notes = [
    ["a-cut", ""],
    ["b-cut", '{"taskArn":'],
    ["c-whole", JSON.stringify(whole)],
  ] as const;
  for (const [name, text] of notes) {
    mkdirSync(join(home, "tasks", name), { recursive: true });
    writeFileSync(join(home, "tasks", name, "task.json"), text);
  }

  expect(await endpoint.tasks.reportLost()).toBe(1);
  expect(readdirSync(join(home, "tasks"))).toEqual([]);
});
