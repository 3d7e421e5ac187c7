/**
 * One build of ours: posted, dispatched, built by the real build task in a process of its own, ended by `finish`.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DeleteMessageCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { submitSpecification } from "#adapters/dynamodb/submit.ts";
import { readLog } from "#adapters/s3/logs.ts";
import { TASK_VARIABLES, type TaskVariable } from "#build-task/variables.ts";
import type { Build } from "#core/build/build.ts";
import type { LogLine } from "#core/build/log-line.ts";
import { parseFinishMessage } from "#core/build/messages.ts";
import { BUILD_TASK_FLAGS, VARIABLES } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { completeSpecification, readSpecification } from "#core/specification/parse.ts";
import { taskReported } from "#functions/finish/finish.ts";
import type { LocalEngine } from "#local/engine.ts";
import { LocalError } from "#local/local-error.ts";
import { TEST_CREDENTIALS } from "#local/ministack.ts";
import { programPath } from "#local/run-task/launch.ts";
import { placesOf, withOpenPrograms } from "#local/run-task/mounts.ts";
import { childrenCpuSeconds } from "../cpu.ts";
import type { LocalAws } from "../local-aws.ts";
import { type Part, partsOf } from "./parts.ts";

export interface OurSetup {
  readonly aws: LocalAws;
  readonly engine: LocalEngine;
  /** A Python with conda-pack and isal. */
  readonly python: string;
  /** The bundled build task, as the container has it. */
  readonly program: string;
  readonly platform: string;
  /** The deployment's settings. */
  readonly settings: Readonly<Record<string, unknown>>;
}

export interface OurRequest {
  /** Nothing is lent across namespaces. */
  readonly namespace: string;
  /** Holds `store` (the task's fast disk), `disk` (the shared one) and `work`. */
  readonly home: string;
  /** In priority order; all of them on this machine. */
  readonly channels: readonly string[];
  readonly packages: readonly string[];
  /** The environment is built on the shared disk, and not copied there meanwhile. @default false */
  readonly inPlace?: boolean;
}

export interface OurBuild {
  readonly build: Build;
  /** Claim to COMPLETED, as the API shows them. */
  readonly seconds: number;
  /** From the start of the process to the claim, which is Fargate's affair and not counted. */
  readonly startSeconds: number;
  readonly parts: readonly Part[];
  readonly log: readonly LogLine[];
  /** Of the build task's own process, its threads included; not of its children. */
  readonly peakBytes: number;
  /** Of the build task and everything it started. */
  readonly cpuSeconds: number;
}

const ENVIRONMENT = "bench";
const SAMPLE_MS = 50;
/** What the task prints when its message has been sent. */
const REPORTED = /^(?:completed|failed in )/m;
const ATTEMPT_MINUTES_MAX = 30;

/** @throws LocalError with the build's own reason when it does not complete */
export async function runOurBuild(setup: OurSetup, request: OurRequest): Promise<OurBuild> {
  const { aws } = setup;
  const id = await submit(setup, request);
  const dispatched = await makeMove(aws.db, id, {
    name: "dispatch",
    by: "dispatch",
    at: new Date(),
    slot: 1,
    share: 1,
    turn: 1,
  });
  if (!dispatched.won) throw new Error(`the build was not dispatched: ${dispatched.why}`);

  const cpuBefore = childrenCpuSeconds();
  const spawned = Date.now();
  const task = startTask(setup, request, id);
  const peak = watchMemory(task.child);
  await Promise.race([task.reported, task.endedFirst]);
  await finishNext(aws);
  await task.ended;
  const peakBytes = await peak;
  const cpuSeconds = childrenCpuSeconds() - cpuBefore;

  const build = await getBuild(aws.db, id);
  const log = (await readLog(aws.bucket, id, dispatched.build.dispatched, 0)).lines;
  if (build?.status !== "COMPLETED" || build.startedOn === null || build.endedOn === null) {
    throw new LocalError(`The build ended as ${build?.status}: ${build?.statusInfo ?? task.output()}`);
  }
  const claimed = build.startedOn;
  return {
    build,
    seconds: (build.endedOn.getTime() - claimed.getTime()) / 1000,
    startSeconds: (claimed.getTime() - spawned) / 1000,
    parts: partsOf(log, claimed),
    log,
    peakBytes,
    cpuSeconds,
  };
}

/** As the API does for a POST. */
async function submit({ aws, ...setup }: OurSetup, request: OurRequest): Promise<number> {
  const settings = deploymentSettings(setup.settings);
  const text = [
    `name: ${ENVIRONMENT}`,
    `channels: ${JSON.stringify(request.channels)}`,
    `dependencies: ${JSON.stringify(request.packages)}`,
  ].join("\n");
  const { name, document } = readSpecification(text);
  const specification = completeSpecification(document, {
    settings,
    allowPrivateHosts: hostsOf(request),
  });
  const { buildId } = await submitSpecification(aws.db, {
    namespace: request.namespace,
    environment: name,
    description: "",
    specification: {
      sha256: specification.sha256,
      document: specification.document,
      name,
      spec: specification.spec,
      isLockfile: false,
    },
    createNamespace: true,
    at: new Date(),
  });
  return buildId;
}

const hostsOf = ({ channels }: OurRequest): string[] => channels.map((url) => new URL(url).host);

interface TaskProcess {
  readonly child: ChildProcess;
  readonly ended: Promise<void>;
  /** Its message to `finish` is in the queue. */
  readonly reported: Promise<void>;
  /** Rejects when the process ends, which is too early for whoever still waits for its report. */
  readonly endedFirst: Promise<never>;
  readonly output: () => string;
}

function startTask(setup: OurSetup, request: OurRequest, id: number): TaskProcess {
  const { aws, engine, python, program, settings } = setup;
  const { home } = request;
  const place = (name: string): string => join(home, name);
  // As in the container: packages' own code finds its way to store and work, and not to the shared disk.
  for (const name of ["store", "closed/disk", "work", "home"]) mkdirSync(place(name), { recursive: true });
  chmodSync(place("closed"), 0o700);
  const [command = "", ...args] = withOpenPrograms(
    [process.execPath, ...BUILD_TASK_FLAGS, program],
    [dirname(program), ...[process.execPath, engine.program, python].flatMap(placesOf)],
    place("home"),
  );
  // All that the task reads, which the compiler holds: what is missing would end it.
  const values: Readonly<Record<TaskVariable, string>> = {
    table: aws.table,
    bucket: aws.bucketName,
    finishQueue: aws.finishQueue,
    settings: JSON.stringify(settings),
    allowedPrivateHosts: hostsOf(request).join(","),
    storeDirectory: place("store"),
    diskDirectory: place(request.inPlace ? "store" : "closed/disk"),
    workDirectory: place("work"),
    buildId: String(id),
    engine: engine.kind,
    engineProgram: engine.program,
    channelSecrets: "bench/channels/",
    repodataMinutesMax: "60",
    packPython: python,
    isolation: "possible",
    maxAttemptMinutes: String(ATTEMPT_MINUTES_MAX),
  };
  const child = spawn(command, args, {
    cwd: place("home"),
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...TEST_CREDENTIALS,
      AWS_ENDPOINT_URL: aws.endpoint,
      PATH: programPath(),
      HOME: place("home"),
      NODE_NO_WARNINGS: "1",
      ...Object.fromEntries(TASK_VARIABLES.map((name) => [VARIABLES[name], values[name]])),
    },
  });
  let output = "";
  const reported = Promise.withResolvers<void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => {
      output = `${output}${data}`.slice(-4000);
      if (REPORTED.test(output)) reported.resolve();
    });
  }
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const endedFirst = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      reject(new LocalError(`The build task ended with ${code ?? signal}: ${output.trim()}`));
    });
  });
  // Only the race that waits for it is interested.
  endedFirst.catch(() => {});
  return { child, ended, reported: reported.promise, endedFirst, output: () => output };
}

/**
 * Takes the message of a build task, as the function does. Asked for when it is there: the local queue looks only every
 * tenth of a second for those who wait, which the true one does not.
 */
async function finishNext({ sqs, finishQueue, finish }: LocalAws): Promise<void> {
  const { Messages = [] } = await sqs.send(
    new ReceiveMessageCommand({ QueueUrl: finishQueue, MaxNumberOfMessages: 1, WaitTimeSeconds: 1 }),
  );
  const [{ Body = "", ReceiptHandle } = {}] = Messages;
  const message = parseFinishMessage(Body);
  if (!message) throw new Error("the build task reported, but there is no message of it");
  await taskReported(finish, message);
  await sqs.send(new DeleteMessageCommand({ QueueUrl: finishQueue, ReceiptHandle }));
}

/** The kernel's own high-water mark of the process, read until it has gone. */
async function watchMemory(child: ChildProcess): Promise<number> {
  let peakBytes = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const status = await readFile(`/proc/${child.pid}/status`, "utf8").catch(() => "");
    peakBytes = Math.max(peakBytes, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024);
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
  }
  return peakBytes;
}
