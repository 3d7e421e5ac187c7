/**
 * The build task's program: makes its parts from the environment, runs one build, and says by its exit code whether the
 * task worked: 0 also for a build that failed.
 * @module
 */
import { openEngine } from "#adapters/conda/open-engine.ts";
import { readConfig, readMemoryEventsFile } from "#adapters/config.ts";
import { runCommand } from "#adapters/process/command.ts";
import type { FinishMessage } from "#core/build/messages.ts";
import { Undecided } from "./failure.ts";
import { memoryLimitMiB, oomCounter } from "./memory.ts";
import { openStrangers } from "./strangers.ts";
import { diskApart } from "./task.ts";
import { TASK_VARIABLES } from "./variables.ts";

// Directories 755 and files 644 whatever the machine's habit is: consumers of the shared disk are other users.
process.umask(0o022);
// As many threads as the copy to the shared disk has writers: Node has four, of which a network disk makes 300 files a
// second. Read by libuv when the first file is touched.
process.env["UV_THREADPOOL_SIZE"] ??= "64";

const config = readConfig(TASK_VARIABLES);

const LOAD_QUEUE_MS = 150;
const loadQueue = () => import("#adapters/sqs/queue.ts");

const stop = new AbortController();
// Spare capacity is wanted back, a host is retired, somebody stopped the task: none of that is the build's fault.
process.once("SIGTERM", () =>
  stop.abort(new Undecided("interrupted", "The build task was told to stop before the build had ended.")),
);

// The engine's program starts while the rest of this one is still being loaded.
const engine = openEngine({
  kind: config.engine,
  program: config.engineProgram,
  run: runCommand,
  signal: stop.signal,
});
engine.catch(() => {});
// So do the users that packages' own code runs as.
const { workDirectory, storeDirectory, packPython } = config;
const strangers = openStrangers({
  isolation: config.isolation,
  python: packPython,
  reached: [config.engineProgram, packPython, import.meta.dirname, storeDirectory, workDirectory],
  closed: diskApart(config),
});
strangers.catch(() => {});
const [{ openDb }, { openBucket }, { ownTask }, { deploymentSettings }, { runTask }] = await Promise.all([
  import("#adapters/dynamodb/db.ts"),
  import("#adapters/s3/open-bucket.ts"),
  import("#adapters/ecs/own-task.ts"),
  import("#core/settings/settings.ts"),
  import("./run-task.ts"),
]);

const { owner, memoryMiB } = await ownTask();
const db = openDb({ table: config.table });
const running = runTask({
  config,
  settings: deploymentSettings(config.settings),
  buildId: config.buildId,
  owner,
  memoryMiB: memoryMiB ?? memoryLimitMiB(),
  oomKills: oomCounter(readMemoryEventsFile()),
  db,
  bucket: openBucket(config.bucket, db.client),
  engine,
  strangers,
  sendFinish: async (message) => {
    const { openQueue, send } = await loadQueue();
    await send(openQueue<FinishMessage>(config.finishQueue), message);
  },
  stop: stop.signal,
  say: (line) => console.log(line),
});
// Loaded behind the claim, most likely while the engine solves: the processor is idle then.
setTimeout(() => void loadQueue(), LOAD_QUEUE_MS).unref();
process.exit((await running) === "broken" ? 1 : 0);
