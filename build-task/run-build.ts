/**
 * The order of the steps, from a claimed build to a published environment. Each step may be run again.
 * @module
 */
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { openKeptIndexes } from "#adapters/channel/kept-indexes.ts";
import { getSpecification, type Specification as Stored } from "#adapters/dynamodb/specifications.ts";
import type { Artifact, ArtifactType } from "#core/build/status.ts";
import { PREFIX_BYTES_MAX, PREFIX_TOO_LONG } from "#core/layout.ts";
import { type RenderedLock, renderCondaLock } from "#core/lock/conda-lock.ts";
import type { Lock } from "#core/lock/lock.ts";
import { virtualPackagesFor } from "#core/lock/virtual-packages.ts";
import { redact } from "#core/redact.ts";
import type { EnvironmentDocument } from "#core/specification/environment.ts";
import type { PipRequest, Specification } from "#core/specification/parse.ts";
import { readAccepted } from "#core/specification/stored.ts";
import type { SpecificationTests } from "#core/specification/tests.ts";
import { channelKeysOf } from "./channel-keys.ts";
import { BuildFailure } from "./failure.ts";
import { finishTree } from "./finish-tree.ts";
import { hold } from "./hold.ts";
import { type Mirror, startMirror } from "./mirror/mirror.ts";
import { openPackageCache } from "./mirror/package-cache.ts";
import { run } from "./named-steps.ts";
import { nativePlatform } from "./platform.ts";
import type { PrefixPackage } from "./prefix.ts";
import { type Built, keyOf, ownDirectory, thingsToMake, wantedImages, wantedPacked } from "./products.ts";
import { sideBySide } from "./side-by-side.ts";
import { storeExport } from "./steps/export.ts";
import { install } from "./steps/install.ts";
import { fetchLockfile, storeLockfile } from "./steps/lockfile.ts";
import { installPip, resolvePip } from "./steps/pip.ts";
import { recallSolve, rememberSolve } from "./steps/recall.ts";
import { findReusable } from "./steps/reuse.ts";
import { readLockfile, type SolveInput, solve } from "./steps/solve.ts";
import { recallTests } from "./steps/test.ts";
import type { StepContext, Task } from "./task.ts";

const NO_PIP: PipRequest = { requirements: [], indexUrl: null, extraIndexUrls: [], trustedHosts: [] };

/** @throws StepError; BuildFailure for what is wrong before the first step */
export async function runBuild(task: Task): Promise<Built> {
  if (Buffer.byteLength(task.paths.prefix) > PREFIX_BYTES_MAX) throw new BuildFailure(PREFIX_TOO_LONG);
  const [stored, keys] = await Promise.all([
    getSpecification(task.db, task.build.specificationSha256, task.build.document),
    channelKeysOf(task),
  ]);
  if (stored === null) throw new Error("the build's specification is not stored");
  const { db, bucket, signal, config, log } = task;
  const whose = { bucket, keys, namespace: task.build.namespace };
  const minutesMax = config.repodataMinutesMax;
  const mirror = await startMirror({
    allowPrivateHosts: config.allowedPrivateHosts,
    keys,
    signal,
    kept: openKeptIndexes({ ...whose, db, minutesMax, say: (line) => log.line("", redact(line)) }),
    packages: openPackageCache({ ...whose, directory: join(task.paths.work, "fetched"), signal }),
  });
  try {
    return await buildWith(task, mirror, stored);
  } finally {
    await mirror.close();
  }
}

async function buildWith(task: Task, mirror: Mirror, stored: Stored): Promise<Built> {
  const posted = stored.isLockfile ? (stored.spec as { lockfile: unknown }).lockfile : null;
  const specification = stored.isLockfile
    ? null
    : readAccepted(stored.spec as EnvironmentDocument, task.settings, task.config.allowedPrivateHosts);
  const request = specification?.pip ?? NO_PIP;
  const asksPip = request.requirements.length > 0;
  const tests = specification?.tests ?? null;
  const input = specification && task.build.frozenLock === null ? solveInput(task, specification) : null;
  const recalled = input && !asksPip ? await recall(task, mirror, input) : null;
  if (recalled !== null) {
    const lent = await lend(task, recalled.lock, recalled.rendered, { posted, tests });
    if (lent !== null) return lent;
  }
  const solved = await run(task, "solve", (step) => lockOf(task, step, mirror, input, posted));
  // The lock of an earlier build has pip's packages already; that of a solve has not.
  if (!asksPip || solved.pipPackages.length > 0) {
    const lock = renderCondaLock(solved);
    if (input) await rememberSolve(task, input, mirror.sources(), lock.digest);
    // The same lock as the recalled one has nothing to lend, which is known by now.
    const isNew = recalled?.rendered.digest !== lock.digest;
    const lent = isNew ? await lend(task, solved, lock, { posted, tests }) : null;
    if (lent !== null) return lent;
    await run(task, "reuse", (step) => hold(task, step, thingsToMake(task, solved, lock)));
    const [products, installed] = await sideBySide<[Artifact[], PrefixPackage[]]>(task, [
      (each) => storeSmall(each, solved, lock, posted),
      (each) => run(each, "install", (step) => install(each, step, mirror, solved)),
    ]);
    if (solved.pipPackages.length > 0) {
      await run(task, "pip", (step) => installPip(task, step, mirror, solved.pipPackages, request));
    }
    return await finishTree(task, {
      lock: solved,
      rendered: lock,
      installed,
      sizeOf: mirror.sizeOf,
      products,
      tests,
    });
  }

  const installed = await run(task, "install", async (step) => {
    await hold(task, step, ownDirectory(task));
    return await install(task, step, mirror, solved);
  });
  const pipPackages = await run(task, "pip", (step) => resolvePip(task, step, mirror, request));
  const lock: Lock = { ...solved, pipPackages };
  const rendered = renderCondaLock(lock);
  const lent = await lend(task, lock, rendered, { posted: null, tests });
  if (lent !== null) {
    // What pip was asked in is of no use any more.
    await rm(task.paths.prefix, { recursive: true, force: true });
    return lent;
  }
  await run(task, "reuse", (step) => hold(task, step, thingsToMake(task, lock, rendered)));
  const [products] = await sideBySide<[Artifact[], unknown]>(task, [
    (each) => storeSmall(each, lock, rendered, null),
    (each) => run(each, "pip", (step) => installPip(each, step, mirror, pipPackages, request)),
  ]);
  return await finishTree(task, { lock, rendered, installed, sizeOf: mirror.sizeOf, products, tests });
}

/** @param input null when the lock is given: posted, or that of an earlier build */
async function lockOf(
  task: Task,
  step: StepContext,
  mirror: Mirror,
  input: SolveInput | null,
  posted: unknown,
): Promise<Lock> {
  if (input !== null) return await solve(task, step, mirror, input);
  const { frozenLock } = task.build;
  if (frozenLock === null) return readLockfile(step, posted, nativePlatform(), "a lockfile was posted,");
  const lockfile = await fetchLockfile(task, step, frozenLock);
  return readLockfile(step, lockfile, nativePlatform(), `frozen to ${frozenLock},`);
}

function solveInput(task: Task, { condaSpecs: specs, channels, variables }: Specification): SolveInput {
  const platform = nativePlatform();
  const virtualPackages = virtualPackagesFor(platform, task.settings.conda_virtual_packages, variables);
  return { specs, channels, platform, virtualPackages };
}

/** The same was asked for before, of the same channels: not even a solve. */
async function recall(
  task: Task,
  mirror: Mirror,
  input: SolveInput,
): Promise<{ lock: Lock; rendered: RenderedLock } | null> {
  const lock = await run(task, "recall", (step) => recallSolve(task, step, mirror, input));
  return lock && { lock, rendered: renderCondaLock(lock) };
}

/** Everything there already: one solve, at most, is all that this build costs. */
async function lend(
  task: Task,
  lock: Lock,
  rendered: RenderedLock,
  { posted, tests }: { readonly posted: unknown; readonly tests: SpecificationTests | null },
): Promise<Built | null> {
  const wanted: ArtifactType[] = [
    ...(task.paths.isShared ? (["DIRECTORY"] as const) : []),
    ...wantedPacked(task),
    ...wantedImages(task),
  ];
  if (wanted.length === 0) return null;
  const reuseKey = keyOf(task, lock, rendered);
  const lent = await run(task, "reuse", async (step) => {
    if (tests !== null && !(await recallTests(task, step, tests, reuseKey))) return null;
    return await findReusable(task, step, { reuseKey, lockDigest: rendered.digest }, wanted);
  });
  if (lent === null) return null;
  // Export and lockfile are this build's own: a name is in one, and what was posted in the other.
  const own = await storeSmall(task, lock, rendered, posted);
  const artifacts = [...lent.artifacts.filter(({ type }) => wanted.includes(type)), ...own];
  return { sizeBytes: lent.sizeBytes, lockDigest: rendered.digest, artifacts, packages: lent.packages };
}

/** Lockfile and export, which need no tree. */
async function storeSmall(
  task: Task,
  lock: Lock,
  rendered: RenderedLock,
  posted: unknown,
): Promise<Artifact[]> {
  const wanted = task.settings.build_artifacts;
  const stored = await sideBySide<Artifact[]>(task, [
    ...(wanted.includes("LOCKFILE")
      ? [(each: Task) => run(each, "lockfile", (step) => storeLockfile(each, step, rendered, posted))]
      : []),
    ...(wanted.includes("YAML")
      ? [(each: Task) => run(each, "export", (step) => storeExport(each, step, lock))]
      : []),
  ]);
  return [...stored];
}
