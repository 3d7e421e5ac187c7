/**
 * install: the locked packages, linked by the engine at the final path.
 * @module
 */
import { rm, statfs } from "node:fs/promises";
import { join } from "node:path";
import type { Lock } from "#core/lock/lock.ts";
import { withProgress } from "../download-progress.ts";
import { BuildFailure, describeBytes } from "../failure.ts";
import type { Mirror } from "../mirror/mirror.ts";
import { type PrefixPackage, readPrefix } from "../prefix.ts";
import type { StepContext, Task } from "../task.ts";

/** Archives and what comes out of them lie side by side: less than this many times the download cannot do. */
const UNPACKED_TIMES_MIN = 2;

/**
 * Whatever an earlier try left at the prefix is removed first.
 * @throws EngineError; BuildFailure when the disk cannot hold it
 */
export async function install(
  task: Task,
  step: StepContext,
  mirror: Mirror,
  lock: Lock,
): Promise<PrefixPackage[]> {
  const { prefix, packageCache, work } = task.paths;
  const engine = await task.engine;
  const { builder } = task.strangers;
  await rm(prefix, { recursive: true, force: true });
  await Promise.all([builder.makeHome(prefix, 0o755), builder.makeHome(packageCache)]);
  const downloadBytes = lock.packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  await mustFit(packageCache, downloadBytes * UNPACKED_TIMES_MIN);
  const workDirectory = await builder.makeInbox(join(work, "install"));
  const home = await builder.makeHome(join(workDirectory, "home"));
  step.line(`${engine.name}: ${lock.packages.length} packages, ${describeBytes(downloadBytes)} to download`);
  mirror.expect(lock.packages);
  const channels = [...new Set(lock.packages.map(({ channel }) => channel))];
  try {
    const request = {
      packages: lock.packages,
      channels: channels.map((url) => mirror.addressOf(url)),
      platform: lock.platform,
      prefix,
      packageCache,
    };
    const around = { workDirectory, home, token: mirror.token, signal: step.signal };
    await withProgress(
      downloadBytes,
      () => mirror.packageBytes,
      step.line,
      () => engine.install(request, { ...around, run: builder.run, onLine: step.line }),
    );
  } catch (error) {
    throw mirror.explain(error);
  }
  const cached = mirror.cached();
  if (cached) {
    const asked = cached.hits + cached.misses;
    step.line(
      `${cached.hits} of ${asked} packages (${describeBytes(cached.hitBytes)}) were kept from earlier builds`,
    );
  }
  return await readPrefix(prefix);
}

async function mustFit(directory: string, neededBytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory);
  const freeBytes = bavail * bsize;
  if (freeBytes >= neededBytes) return;
  throw new BuildFailure(
    `The disk of the build task has ${describeBytes(freeBytes)} free, and this environment needs more than ` +
      `${describeBytes(neededBytes)}: make it smaller, or ask the operator for a larger disk (taskDiskGiB).`,
  );
}
