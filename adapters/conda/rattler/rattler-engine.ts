/**
 * The engine `rattler`: py-rattler in a Python of its own, one child process a request.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import type { LockedPackage } from "#core/lock/lock.ts";
import { inInstallOrder } from "#core/lock/order.ts";
import {
  type Engine,
  EngineError,
  type EngineRun,
  type InstallRequest,
  type SolveRequest,
} from "#core/ports.ts";
import { checkInstall, checkSpecs } from "../check-request.ts";
import { settlePrefix } from "../conda-meta.ts";
import { endError, internalError } from "../failure.ts";
import { lockedPackage } from "../locked-package.ts";
import { makeWhole } from "../new-prefix.ts";
import { type TrueChannels, trueChannels } from "../true-channels.ts";
import { type Failed, failedEvent, installFailure, solveFailure } from "./rattler-failure.ts";

/** The folder with engine.py. */
export const RATTLER_PROGRAM = fileURLToPath(new URL(".", import.meta.url));

const optionalText = v.nullable(v.string());
const solvedPackage = v.object({
  name: v.string(),
  version: v.string(),
  build: v.string(),
  buildNumber: v.number(),
  subdir: v.string(),
  fileName: v.string(),
  url: v.string(),
  sha256: optionalText,
  md5: optionalText,
  sizeBytes: v.number(),
  depends: v.array(v.string()),
  constrains: v.array(v.string()),
  license: optionalText,
  timestamp: v.nullable(v.number()),
});
const event = v.variant("event", [
  v.object({ event: v.literal("line"), text: v.string() }),
  v.object({ event: v.literal("version"), version: v.string() }),
  v.object({ event: v.literal("solved"), packages: v.array(solvedPackage) }),
  v.object({ event: v.literal("installed") }),
  failedEvent,
]);
type Event = v.InferOutput<typeof event>;
type FinalEvent = Exclude<Event, { event: "line" }>;

export interface RattlerOptions {
  /** A Python with py-rattler. */
  readonly python: string;
  readonly version: string;
  /** The folder with engine.py. */
  readonly program: string;
}

export function rattlerEngine(options: RattlerOptions): Engine {
  return {
    name: `py-rattler ${options.version}`,
    solve: (request, run) => solve(options, request, run),
    install: (request, run) => install(options, request, run),
  };
}

async function solve(
  options: RattlerOptions,
  request: SolveRequest,
  run: EngineRun,
): Promise<LockedPackage[]> {
  const specs = checkSpecs(request);
  const channels = trueChannels(request.channels);
  const answer = await ask(options, run, channels, {
    action: "solve",
    specs,
    channels: request.channels.map(({ address }) => address),
    platform: request.platform,
    virtualPackages: request.virtualPackages,
    indexCache: join(run.home, "index"),
  });
  if (answer.event === "failed") throw solveFailure(answer, request, channels);
  if (answer.event !== "solved") throw internalError(`it answered a solve with "${answer.event}"`);
  return inInstallOrder(answer.packages.map((item) => lockedPackage(item, channels)));
}

async function install(options: RattlerOptions, request: InstallRequest, run: EngineRun): Promise<void> {
  const packages = checkInstall(request);
  const channels = trueChannels(request.channels);
  await makeWhole(request.prefix, async () => {
    const answer = await ask(options, run, channels, {
      action: "install",
      packages: packages.map((item) => ({ ...item, url: item.address })),
      platform: request.platform,
      prefix: request.prefix,
      targetPrefix: request.targetPrefix ?? null,
      packageCache: request.packageCache,
    });
    if (answer.event === "failed") throw installFailure(answer, request, channels);
    if (answer.event !== "installed") throw internalError(`it answered an install with "${answer.event}"`);
    await settlePrefix(request);
  });
}

/** Runs engine.py once. Its last event decides, not its end: the extension module may crash after its work. */
async function ask(
  options: RattlerOptions,
  run: EngineRun,
  channels: TrueChannels,
  request: object,
): Promise<FinalEvent> {
  const { home } = run;
  let last: FinalEvent | Failed | undefined;
  const result = await run
    .run(
      {
        program: options.python,
        args: ["-E", "-s", "-B", join(options.program, "engine.py")],
        env: { HOME: home, LANG: "C.UTF-8", PATH: "/usr/bin:/bin", TMPDIR: home },
        cwd: home,
        stdin: JSON.stringify({ ...request, token: run.token ?? null }),
        onLine: (text, stream) => {
          const said = stream === "stdout" ? readEvent(text) : undefined;
          if (said === undefined) run.onLine(channels.inText(text), "stderr");
          else if (said.event === "line") run.onLine(channels.inText(said.text), "stdout");
          else last = said;
        },
      },
      run.signal,
    )
    .catch((error: Error) => {
      throw new EngineError("internal", error.message, { cause: error });
    });
  if (result.killed) throw endError(result) ?? internalError("it was killed");
  if (last) return last;
  throw (
    endError(result) ?? internalError(channels.inText(lastLine(result.stderr) ?? `exit code ${result.code}`))
  );
}

function readEvent(line: string): Event | undefined {
  try {
    const parsed = v.safeParse(event, JSON.parse(line));
    return parsed.success ? parsed.output : undefined;
  } catch {
    // Not ours: a warning of a library.
    return undefined;
  }
}

function lastLine(text: string): string | undefined {
  return text.trim().split("\n").at(-1) || undefined;
}
