/**
 * The engine `mamba`: the command line of mamba or micromamba 2.x.
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { LockedPackage } from "#core/lock/lock.ts";
import {
  type ChannelAddress,
  type CommandResult,
  type Engine,
  EngineError,
  type EngineRun,
  type InstallRequest,
  type LineSink,
  type SolveRequest,
} from "#core/ports.ts";
import { checkInstall, checkSpecs } from "../check-request.ts";
import { settlePrefix } from "../conda-meta.ts";
import { lockedPackage } from "../locked-package.ts";
import { makeWhole } from "../new-prefix.ts";
import { trueChannels } from "../true-channels.ts";
import { checkIndexes } from "./index-cache.ts";
import { installCall, type MambaCall, solveCall, TOKENS_FILE, tokensFile } from "./mamba-call.ts";
import { failureOf, unsolvableOf } from "./mamba-failure.ts";
import { readAnswer, readErrorText } from "./mamba-output.ts";
import { progressSink } from "./mamba-progress.ts";

export interface MambaOptions {
  readonly program: string;
  /** E.g. `micromamba 2.8.1`. */
  readonly name: string;
  /** Whether `create` knows `--skip-run-link-scripts`. */
  readonly hasSkipFlag: boolean | Promise<boolean>;
}

export function mambaEngine(options: MambaOptions): Engine {
  return {
    name: options.name,
    solve: (request, run) => solve(options.program, request, run),
    install: (request, run) => install(options, request, run),
  };
}

async function solve(program: string, request: SolveRequest, run: EngineRun): Promise<LockedPackage[]> {
  const call = solveCall(request, checkSpecs(request), run);
  await storeToken(request.channels, run);
  const attempt = async (changed: MambaCall) => {
    const result = await execute(program, changed, run);
    await checkIndexes(call.indexCache, request.channels);
    return readSolve(result, request);
  };
  try {
    return await attempt(call);
  } catch (error) {
    // The sharded index leaves out packages for another python than the one that was pinned, and mamba then says
    // that they do not exist. The whole index has the true reason.
    const misled = error instanceof EngineError && error.failure === "not_found" && pinsPython(request.specs);
    if (!misled) throw error;
    return attempt({ ...call, env: { ...call.env, MAMBA_USE_SHARDED_REPODATA: "false" } });
  }
}

/**
 * @param result of a solve's call.
 * @throws EngineError for everything but a solution.
 */
export function readSolve(result: CommandResult, request: SolveRequest): LockedPackage[] {
  const names = trueChannels(request.channels);
  const { packages, errors } = readAnswer(result);
  const failure =
    (result.signal === null && result.code !== 0 ? unsolvableOf(errors, request, names) : undefined) ??
    failureOf(result, errors, "index", { names, list: request.channels });
  if (failure) throw failure;
  if (packages.length === 0) {
    throw new EngineError(
      "invalid_spec",
      `Nothing would be installed for ${request.specs.join(", ")}: name a package.`,
    );
  }
  return packages.map((record) => lockedPackage(record, names));
}

async function install(options: MambaOptions, request: InstallRequest, run: EngineRun): Promise<void> {
  const packages = checkInstall(request);
  const call = installCall(request, packages, run, await options.hasSkipFlag);
  await storeToken(request.channels, run);
  const sink = progressSink(run.onLine, trueChannels(request.channels));
  await makeWhole(request.prefix, async () => {
    readInstall(await execute(options.program, call, run, sink), request);
    await settlePrefix(request);
  });
}

/**
 * @param result of an install's call, which exit 0 alone does not prove.
 * @throws EngineError
 */
function readInstall(result: CommandResult, request: Pick<InstallRequest, "channels">): void {
  const names = trueChannels(request.channels);
  const failure = failureOf(result, readErrorText(result.stderr), "package", {
    names,
    list: request.channels,
  });
  if (failure) throw failure;
}

/** Once, while the home is still as empty as it was given: afterwards the program has it. */
async function storeToken(channels: readonly ChannelAddress[], { home, token }: EngineRun): Promise<void> {
  if (token === undefined) return;
  const path = join(home, TOKENS_FILE);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, tokensFile(token, channels), { flag: "wx" });
}

async function execute(
  program: string,
  call: MambaCall,
  run: EngineRun,
  onLine?: LineSink,
): Promise<CommandResult> {
  for (const [name, text] of Object.entries(call.files)) await writeFile(join(run.workDirectory, name), text);
  for (const [name, text] of Object.entries(call.programs ?? {})) {
    const path = join(run.workDirectory, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { mode: 0o755 });
  }
  const { args, env } = call;
  return run
    .run({ program, args, env, cwd: run.home, ...(onLine ? { onLine } : {}) }, run.signal)
    .catch((error: Error) => {
      throw new EngineError("internal", error.message, { cause: error });
    });
}

function pinsPython(specs: readonly string[]): boolean {
  return specs.some((spec) => /^(?:.*::)?python\s*[\s=<>!~[]/.test(spec.trim()));
}
