/**
 * The system under test: MiniStack with table, bucket and queues; the bundled functions in processes of their own; the
 * RunTask endpoint and its build tasks; all of them behind the fault proxy, each with a clock of its own.
 * @module
 */
import { chmodSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { SQSClient } from "@aws-sdk/client-sqs";
import { BUILD_TASK_FLAGS, ENVIRONMENT_LINK } from "#core/layout.ts";
import { awsConfig } from "#local/aws-config.ts";
import { startMiniStack, TEST_CREDENTIALS } from "#local/ministack.ts";
import { ensurePythonTools } from "#local/python.ts";
import { programPath, removeTree } from "#local/run-task/launch.ts";
import { findNamespace, placesOf } from "#local/run-task/mounts.ts";
import { bundleAll, FUNCTIONS, type FunctionName } from "#scripts/bundle.ts";
import { POLICY } from "#test/kit/builds.ts";
import { startTinyChannel, type TinyChannel } from "#test/kit/tiny-channel.ts";
import { deliver, handEvent } from "./deliveries.ts";
import { type Endpoint, startEndpoint } from "./endpoint-process.ts";
import { LambdaFunction } from "./functions.ts";
import { type Asked, type FaultProxy, startProxy } from "./proxy.ts";
import { randomOf } from "./random.ts";
import {
  createResources,
  createSecret,
  named,
  registerTask,
  smallDiskScript,
  type Variable,
} from "./resources.ts";
import type { Tally } from "./tally.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** A lease of 75 seconds dies in 5, and a beat of 15 comes every second. */
const SPEED = 15;
/** Sweep's minute, in the machine's time. */
const SWEEP_MS = 60_000 / SPEED;
const UNLIMITED = "1000000";
const CONTAINERS: Readonly<Record<FunctionName, number>> = {
  api: 1,
  registry: 1,
  dispatch: 2,
  finish: 2,
  store: 2,
  sweep: 1,
  prefetch: 1,
  solve: 1,
  watch: 1,
};

export interface ChaosStack {
  readonly aws: string;
  readonly table: string;
  readonly bucket: string;
  readonly linkQueue: string;
  readonly secretText: string;
  readonly functions: Readonly<Record<FunctionName, LambdaFunction>>;
  readonly endpoint: Endpoint;
  readonly channel: TinyChannel;
  /** What consumers of the shared disk see. */
  readonly store: string;
  /** Everything of this run lies below it. */
  readonly home: string;
  /** A build with a file of its id there gets a work directory without room; null where that cannot be done. */
  readonly smallDisks: string | null;
  /** Nothing goes wrong any more from here on. */
  calm(): void;
  /** For sweep an hour passes at once: what is due then, it does. */
  anHourPasses(): void;
  close(): Promise<void>;
}

export interface StackOptions {
  readonly seed: number;
  readonly troubleRate: number;
  readonly slots: number;
  readonly tally: Tally;
  /** Told when a function cannot work at all: the run is of no use then. */
  readonly onBroken: (error: Error) => void;
  readonly before: (asked: Asked) => Promise<void> | void;
  readonly after: (asked: Asked, status: number) => Promise<void> | void;
}

/** Starts everything; `close` ends it all and removes it. */
export async function startChaosStack(options: StackOptions): Promise<ChaosStack> {
  const home = mkdtempSync(join(tmpdir(), "conda-store-chaos-"));
  // Packages' own code runs as another user, who must find its way to what it may use.
  chmodSync(home, 0o711);
  const closers: (() => Promise<unknown> | unknown)[] = [() => removeTree(home)];
  const close = async (): Promise<void> => {
    for (let next = closers.pop(); next; next = closers.pop()) await next();
  };
  try {
    return { ...(await open(options, home, closers)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function open(
  options: StackOptions,
  home: string,
  closers: (() => Promise<unknown> | unknown)[],
): Promise<Omit<ChaosStack, "close">> {
  const { seed, tally, slots } = options;
  const place = (name: string): string => {
    mkdirSync(join(home, name), { recursive: true });
    return join(home, name);
  };
  const { python } = await ensurePythonTools(ROOT, () => {});
  const [server, channel] = await Promise.all([
    startMiniStack({ python, directory: place("aws") }),
    startTinyChannel(python),
    bundleAll(ROOT, join(home, "dist")),
  ]);
  closers.push(
    () => server.stop(),
    () => channel.stop(),
  );
  const namespace = findNamespace(home);
  const smallDisks = namespace === null ? null : place("small-disks");
  const resources = await createResources(server.endpoint);
  const quiet = new AbortController();
  const stopped = new AbortController();
  const holder: { endpoint?: Endpoint } = {};
  const pendingEvents = new Set<Promise<void>>();
  const proxy: FaultProxy = startProxy({
    seed,
    troubleRate: options.troubleRate,
    speed: SPEED,
    tally,
    addressOf: (service, by) =>
      service === "ecs" && by !== "endpoint"
        ? (holder.endpoint?.address ?? server.endpoint)
        : server.endpoint,
    before: options.before,
    after: options.after,
    onEvents: (entries) => {
      for (const entry of entries) {
        const target = functions.finish;
        const random = randomOf(
          seed,
          `event ${entry["Detail"]?.match(/b\d+-a\d+/)?.[0]} ${entry["Detail"]?.length}`,
        );
        const handed = handEvent({ target, random, tally, calm: quiet.signal }, entry).finally(() =>
          pendingEvents.delete(handed),
        );
        pendingEvents.add(handed);
      }
    },
  });
  closers.push(() => proxy.close());

  const time = { CHAOS_SEED: String(seed), CHAOS_SPEED: String(SPEED), CHAOS_EPOCH_MS: String(Date.now()) };
  const secretText = JSON.stringify({ kid: "1", key: crypto.randomUUID() + crypto.randomUUID() });
  const basic = { ...time, ...TEST_CREDENTIALS, AWS_MAX_ATTEMPTS: "5", NODE_NO_WARNINGS: "1" };
  const where = namespace
    ? { disk: join(home, "mnt", "closed", "disk"), work: place("mnt/work") }
    : { disk: place("store"), work: place("work") };
  const values: Omit<Record<Variable, string>, "taskDefinition" | "diskDirectory"> = {
    ...resources,
    secret: await createSecret(server.endpoint, secretText),
    solveFunction: "arn:aws:lambda:us-east-1:000000000000:function:solve",
    cluster: "builds",
    subnets: "subnet-1",
    securityGroups: "sg-1",
    assignsPublicIp: "true",
    slots: String(slots),
    slotsPerNamespace: String(Math.max(1, slots - 1)),
    settings: JSON.stringify({
      conda_default_channels: [`${channel.origin}/main`],
      conda_virtual_packages: { __glibc: "2.28" },
      default_docker_base_image: "scratch",
    }),
    urlPrefix: "/",
    proxyStripsPrefix: "false",
    login: "{}",
    services: "[]",
    submissionsPerMinute: UNLIMITED,
    loginsPerMinute: UNLIMITED,
    allowedPrivateHosts: new URL(channel.origin).host,
    storeDirectory: place("store"),
    environmentLink: ENVIRONMENT_LINK,
    watchesDisk: "false",
    workDirectory: where.work,
    engine: "rattler",
    engineProgram: python,
    packPython: python,
    isolation: "possible",
    maxAttemptMinutes: "30",
    maxQueueHours: "24",
    taskSizes: JSON.stringify(POLICY.taskSizes),
    maxTries: JSON.stringify(POLICY.maxTries),
    // Longer than any clock is wrong, and short enough that things go while builds want them.
    removalGraceMinutes: "7",
    auditDays: "30",
    channelSecrets: "chaos/channels/",
    privateIndexedChannels: "{}",
    repodataMinutesMax: "60",
    // No channel is read ahead: nobody asks for it, and no task is started for one.
    repodataOrder: "{}",
    prefetchFunction: "arn:aws:lambda:us-east-1:000000000000:function:prefetch",
    logLevel: "info",
  };
  const endpoint = await startEndpoint({
    onBroken: options.onBroken,
    aws: await proxy.open("endpoint"),
    logsDirectory: place("logs"),
    env: { ...basic, CHAOS_PROCESS: "endpoint", PATH: programPath() },
    machine: {
      python,
      command: [
        "sh",
        smallDiskScript(home),
        process.execPath,
        ...BUILD_TASK_FLAGS,
        join(home, "dist", "build-task", "main.mjs"),
      ],
      environment: {
        ...TEST_CREDENTIALS,
        ...time,
        CHAOS_PROCESS: "task",
        CHAOS_SMALL_DISKS: smallDisks ?? "",
        NODE_OPTIONS: `--import ${join(import.meta.dirname, "clock.ts")}`,
        AWS_ENDPOINT_URL: await proxy.open("task"),
        AWS_MAX_ATTEMPTS: "5",
        PATH: programPath(),
        NODE_NO_WARNINGS: "1",
      },
      sharedDisk: place("store"),
      tasksDirectory: place("tasks"),
      namespace,
      programs: [ROOT, ...[process.execPath, python].flatMap(placesOf)],
    },
  });
  holder.endpoint = endpoint;
  closers.push(() => endpoint.close());

  const taskDefinition = await registerTask(server.endpoint, { ...values, diskDirectory: where.disk });
  const functionOf = async (name: FunctionName): Promise<LambdaFunction> =>
    new LambdaFunction({
      name,
      bundle: join(home, "dist", name, "handler.mjs"),
      containers: CONTAINERS[name],
      onBroken: options.onBroken,
      log: join(place("logs"), `${name}.log`),
      env: {
        ...basic,
        CHAOS_PROCESS: name,
        AWS_ENDPOINT_URL: await proxy.open(name),
        ...named({ ...values, taskDefinition, diskDirectory: values.storeDirectory }),
      },
    });
  const functions = Object.fromEntries(
    await Promise.all(FUNCTIONS.map(async (name) => [name, await functionOf(name)] as const)),
  ) as Record<FunctionName, LambdaFunction>;
  closers.push(() => Promise.all(Object.values(functions).map((each) => each.close())));

  let hours = 0;
  const sqs = new SQSClient(awsConfig(server.endpoint));
  const source = { sqs, tally, signal: stopped.signal, calm: quiet.signal };
  const from = (name: string) => ({ ...source, name, random: randomOf(seed, name) });
  const loops = [
    deliver({
      ...from("wake-ups"),
      queue: resources.wakeUpQueue,
      target: functions.dispatch,
      batch: 10,
      concurrency: 2,
      mayDrop: true,
    }),
    deliver({
      ...from("results"),
      queue: resources.finishQueue,
      target: functions.finish,
      batch: 10,
      concurrency: 3,
      mayDrop: true,
    }),
    deliver({
      ...from("links"),
      queue: resources.linkQueue,
      target: functions.store,
      batch: 1,
      concurrency: 2,
      mayDrop: false,
    }),
    sweepForEver(functions.sweep, stopped.signal, () => hours),
  ];
  closers.push(async () => {
    stopped.abort();
    await Promise.all([...loops, ...pendingEvents]);
  });
  return {
    aws: server.endpoint,
    ...resources,
    secretText,
    functions,
    endpoint,
    channel,
    store: place("store"),
    home,
    smallDisks,
    calm: () => {
      quiet.abort();
      proxy.calm();
    },
    anHourPasses: () => {
      hours += 1;
    },
  };
}

/** @param hours that have passed for it at once */
async function sweepForEver(sweep: LambdaFunction, signal: AbortSignal, hours: () => number): Promise<void> {
  for (let passed = 0; !signal.aborted; ) {
    if (hours() !== passed) {
      passed = hours();
      await sweep.renew({ CHAOS_HOURS_AHEAD: String(passed) });
    }
    await sweep.invoke({}).catch(() => {});
    if (hours() === passed) await pause(SWEEP_MS, undefined, { signal }).catch(() => {});
  }
}
