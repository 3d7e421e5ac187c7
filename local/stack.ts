/**
 * The whole deployment on one machine: local AWS, channel, RunTask endpoint, the deployed stack, front door.
 * @module
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BUILD_TASK_FLAGS } from "#core/layout.ts";
import { bundleAll, sourceDigest } from "#scripts/bundle.ts";
import { awsConfig } from "./aws-config.ts";
import { chooseChannel, type LocalChannel } from "./channel.ts";
import { type Deployed, type DeployOptions, deploy } from "./deploy.ts";
import { chooseEngine, type LocalEngine } from "./engine.ts";
import { openFrontDoor, portBusy } from "./front-door.ts";
import { LocalError } from "./local-error.ts";
import { startMiniStack, TEST_CREDENTIALS } from "./ministack.ts";
import { ensurePassword } from "./password.ts";
import { isFree, keptPorts } from "./ports.ts";
import type { Progress } from "./progress.ts";
import { ensurePythonTools } from "./python.ts";
import { programPath, removeTree } from "./run-task/launch.ts";
import { findNamespace, placesOf } from "./run-task/mounts.ts";
import { type RunTaskEndpoint, startRunTaskEndpoint } from "./run-task/server.ts";

export interface StackOptions {
  /** The project's folder. */
  readonly root: string;
  /** Of the front door; 0 takes any free port. */
  readonly port: number;
  /** Forget the state of earlier runs. @default false */
  readonly reset?: boolean;
  /** `rattler`, or the path of a mamba or micromamba. @default - the first that is found */
  readonly engine?: string;
  /** Do not ask conda-forge. @default false */
  readonly demoChannel?: boolean;
  /** Where state is kept. @default - `.local` in the project's folder */
  readonly directory?: string;
}

const DIRECTORIES = ["store", "mnt/disk", "mnt/work", "tasks"];

export interface LocalStack {
  readonly url: string;
  readonly password: string;
  readonly engine: LocalEngine;
  readonly channel: LocalChannel;
  readonly deployed: Deployed;
  /** What was deployed, for whoever deploys something else in its place. */
  readonly deployment: DeployOptions;
  readonly endpoint: string;
  readonly tasks: RunTaskEndpoint["tasks"];
  /** The shared disk as consumers see it. */
  readonly storeDirectory: string;
  /** Directories of running tasks; one is removed when its task has ended. */
  readonly tasksDirectory: string;
  /** Environments are built on a disk of the task's own and copied; else in place. */
  readonly mounted: boolean;
}

/** What has been opened, to be closed in the opposite order. */
export class Closers {
  readonly #closers: (() => Promise<unknown>)[] = [];
  #closing: Promise<void> | undefined;

  /** What is opened while everything is being closed is closed at once. */
  add(close: () => Promise<unknown>): void {
    this.#closers.push(close);
    if (this.#closing !== undefined) this.#closing = this.#closing.then(() => this.#closeAll());
  }

  /** Closes everything once; one that fails does not keep the others open. */
  close(): Promise<void> {
    this.#closing ??= this.#closeAll();
    return this.#closing;
  }

  async #closeAll(): Promise<void> {
    for (let close = this.#closers.pop(); close; close = this.#closers.pop()) await close().catch(() => {});
  }
}

/**
 * Starts the stack.
 * @param closers gets what must be closed, also when this fails half-way
 * @throws LocalError one line that says what to do
 */
export async function openStack(
  options: StackOptions,
  progress: Progress,
  closers: Closers,
): Promise<LocalStack> {
  const { root } = options;
  if (process.platform !== "linux") {
    throw new LocalError("The local stack runs on Linux only: use a virtual machine or a container.");
  }
  const home = options.directory ?? join(root, ".local");
  const place = (name: string): string => join(home, name);
  if (options.port !== 0 && !(await isFree(options.port))) throw new LocalError(portBusy(options.port));
  const ports = await keptPorts(place("ports.json"));
  if (options.reset) forget(home);
  for (const name of DIRECTORIES) mkdirSync(place(name), { recursive: true });

  const { python } = await progress.step("Python tools", () => ensurePythonTools(root, progress.log));
  const engine = await progress.step("Engine", () =>
    chooseEngine({ root, python, log: progress.log, ...(options.engine ? { wanted: options.engine } : {}) }),
  );
  progress.log(engine.description);
  const channel = await progress.step("Channel", () =>
    chooseChannel({
      root,
      python,
      port: ports.channel,
      log: progress.log,
      demoOnly: options.demoChannel ?? false,
    }),
  );
  closers.add(() => channel.close());
  progress.log(channel.description);
  const namespace = findNamespace(home);
  progress.log(
    namespace
      ? "environments are installed on a disk of the task's own and then published (mount namespace)"
      : "mount namespaces are forbidden here: environments are built in place",
  );
  if (process.getuid?.() !== 0) {
    progress.log(
      "packages' own code runs as you, since this is not root: build from channels that you trust",
    );
  }

  const bundles = place("dist");
  await progress.step("Bundle", () => bundleIfChanged(root, bundles));
  const aws = awsConfig(`http://127.0.0.1:${ports.aws}`);
  const { stop, endpoint } = await progress.step("Local AWS", () =>
    startMiniStack({
      python,
      directory: place("aws"),
      port: ports.aws,
      persist: true,
      // Functions sign addresses for this one: an IP, which every client resolves.
      env: { AWS_ENDPOINT_URL: aws.endpoint },
    }),
  );
  closers.add(stop);
  const runTask = await startRunTaskEndpoint({
    aws,
    port: ports.ecs,
    logsDirectory: place("logs"),
    log: progress.log,
    machine: {
      python,
      command: [process.execPath, ...BUILD_TASK_FLAGS, join(bundles, "build-task", "main.mjs")],
      environment: {
        ...TEST_CREDENTIALS,
        AWS_ENDPOINT_URL: endpoint,
        AWS_MAX_ATTEMPTS: "5",
        PATH: programPath(),
        NODE_NO_WARNINGS: "1",
      },
      sharedDisk: place("store"),
      tasksDirectory: place("tasks"),
      namespace,
      programs: [root, ...[process.execPath, engine.program, python].flatMap(placesOf)],
    },
  });
  closers.add(() => runTask.close());

  const deployment: DeployOptions = {
    root,
    endpoint,
    bundles,
    directory: place("aws"),
    deployment: {
      image: "local",
      ecsEndpoint: runTask.address,
      storeDirectory: place("store"),
      taskDiskDirectory: place("mnt/closed/disk"),
      taskWorkDirectory: place("mnt/work"),
      engine: engine.kind,
      engineProgram: engine.program,
      packPython: python,
      allowedPrivateHosts: channel.allowedPrivateHosts,
      settings: {
        ...channel.settings,
        default_uid: process.getuid?.() ?? 0,
        default_gid: process.getgid?.() ?? 0,
        conda_command: engine.kind,
      },
    },
  };
  const deployed = await progress.step("Deploy", () => deploy(deployment));
  const lost = await runTask.tasks.reportLost();
  if (lost > 0) progress.log(`${lost} build task${lost > 1 ? "s" : ""} of a killed stack reported as ended`);
  const password = await ensurePassword(aws, deployed.secretId, place("password"));
  const door = await openFrontDoor({ port: options.port, endpoint, apiId: deployed.apiId });
  closers.add(() => door.close());
  return {
    url: door.url,
    password,
    engine,
    channel,
    deployed,
    deployment,
    endpoint,
    tasks: runTask.tasks,
    storeDirectory: place("store"),
    tasksDirectory: place("tasks"),
    mounted: namespace !== null,
  };
}

async function bundleIfChanged(root: string, bundles: string): Promise<void> {
  const stamp = `${bundles}.stamp`;
  const wanted = sourceDigest(root);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  rmSync(stamp, { force: true });
  await bundleAll(root, bundles);
  writeFileSync(stamp, wanted);
}

/** What was installed and downloaded stays; what was deployed, built and stored goes. */
function forget(home: string): void {
  for (const name of ["aws", "store", "tasks", "logs", "password"]) {
    removeTree(join(home, name));
  }
}
