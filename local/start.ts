/**
 * `npm start`: the whole deployment on this machine, an example environment built by it, and a table of what is where.
 * @module
 */
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { PREFIXES } from "#core/layout.ts";
import { BundleError } from "#scripts/bundle.ts";
import { buildExample, checkExample, NAMESPACE, USER } from "./example.ts";
import { LocalError } from "./local-error.ts";
import { type Progress, showProgress, table } from "./progress.ts";
import { Closers, type LocalStack, openStack } from "./stack.ts";

const USAGE = `usage: npm start [-- OPTION …]

Starts conda-store on this machine and builds the example environment. Ctrl-C ends it; its state is kept in .local/.

  --once            build the example, check that it runs, print the table, exit
  --port N          port of the front door on 127.0.0.1 (default 8080; 0: any free one)
  --reset           forget deployments, environments and archives of earlier runs
  --engine WHICH    "rattler", or the path of a mamba or micromamba 2 (default: the first that is found)
  --state DIR       keep deployments, environments and archives there (default .local)
  --demo-channel    do not ask conda-forge; use the demo channel
  --help`;

const ROOT = join(import.meta.dirname, "..");
const closers = new Closers();

// A closed pipe or terminal must not keep anything running.
process.stdout.on("error", () => {});
process.stderr.on("error", () => {});

function readFlags() {
  try {
    const { values } = parseArgs({
      options: {
        once: { type: "boolean", default: false },
        port: { type: "string", default: "8080" },
        reset: { type: "boolean", default: false },
        engine: { type: "string" },
        state: { type: "string", default: join(ROOT, ".local") },
        "demo-channel": { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port > 65_535) throw new Error(`--port ${values.port} is no port.`);
    return { ...values, port };
  } catch (error) {
    throw new LocalError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

/** Ends everything, once, whoever asks. */
function stopOnSignals(): void {
  let stopping = false;
  const stop = (why: string, code: number): void => {
    if (stopping) return;
    stopping = true;
    console.log(`\n${why}: stopping …`);
    void closers.close().then(() => process.exit(code));
  };
  process.on("SIGINT", () => stop("Interrupted", 130));
  process.on("SIGTERM", () => stop("Terminated", 143));
  process.on("SIGHUP", () => stop("The terminal has gone", 129));
  // The bootstrap may be killed without a word; then nobody could end this.
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) stop("The parent process has gone", 1);
  }, 1000).unref();
}

async function main(): Promise<void> {
  const flags = readFlags();
  if (flags.help) {
    console.log(USAGE);
    return;
  }
  stopOnSignals();
  const progress = showProgress((line) => console.log(line));
  console.log("Starting conda-store on this machine:");
  const stack = await openStack(
    {
      root: ROOT,
      port: flags.port,
      reset: flags.reset,
      demoChannel: flags["demo-channel"],
      directory: resolve(flags.state),
      ...(flags.engine === undefined ? {} : { engine: flags.engine }),
    },
    progress,
    closers,
  );
  const example = await progress.step("Build the example", () => buildExample(ROOT, stack, progress));
  const checked = flags.once
    ? await progress.step("Check archive and directory", () => checkExample(stack, example))
    : null;
  console.log(`\n${summary(stack, progress, example.build.id, example.link, checked)}\n`);
  if (flags.once) await closers.close();
  else console.log("Ctrl-C ends it.");
}

function summary(
  stack: LocalStack,
  progress: Progress,
  build: number,
  link: string,
  numpy: string | null,
): string {
  const where: string[][] = [
    ["page", `${stack.url}/`],
    ["log in as", `${USER}, password ${stack.password} (any user name will do)`],
    ["API", `${stack.url}/api/v1/`],
    ["example", `${NAMESPACE}/example, build ${build}`],
    ["directory", link],
    ["archive", `${stack.url}/api/v1/build/${build}/archive/`],
    ["watched files", `s3://${stack.deployed.bucket}/${PREFIXES.watched} at ${stack.endpoint}, every minute`],
    ["engine", stack.engine.description],
    ["channel", stack.channel.description],
    ...(numpy === null
      ? []
      : [["checked", `archive and directory both run python with numpy ${numpy}, and nothing from outside`]]),
  ];
  const took = progress.durations.map(({ name, seconds }) => [name, `${seconds.toFixed(1)} s`]);
  return `${table(where)}\n\n${table(took)}`;
}

try {
  await main();
} catch (error) {
  await closers.close();
  const known = error instanceof LocalError || error instanceof BundleError;
  const full = error instanceof Error && "code" in error && error.code === "ENOSPC";
  if (full) console.error("The disk is full: free about 2 GB, then start again.");
  else console.error(known ? error.message : error);
  process.exit(1);
}
