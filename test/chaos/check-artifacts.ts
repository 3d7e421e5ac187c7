/**
 * Every artifact that a build names is there and whole: sizes, checksums, what is in it.
 * @module
 */
import { execFile } from "node:child_process";
import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { getObject } from "#adapters/s3/objects.ts";
import { nativePlatform } from "#build-task/platform.ts";
import type { Build } from "#core/build/build.ts";
import { lockKey, PREFIXES } from "#core/layout.ts";
import { renderCondaLock } from "#core/lock/conda-lock.ts";
import { parseCondaLock } from "#core/lock/parse-conda-lock.ts";
import { removeTree } from "#local/run-task/launch.ts";
import { faultsOfDirectory } from "./check-disk.ts";

export async function faultsOfArtifacts(bucket: Bucket, builds: readonly Build[]): Promise<string[]> {
  const faults: string[] = [];
  const looked = new Map<string, Promise<string | null>>();
  for (const build of builds) {
    for (const { type, key, sizeBytes } of build.artifacts) {
      // What several builds name must have the size that each of them says.
      const what = `${key} ${sizeBytes}`;
      const fault =
        looked.get(what) ??
        (type === "DIRECTORY" ? faultsOfDirectory(key) : faultOfObject(bucket, key, sizeBytes));
      looked.set(what, fault);
      const text = await fault;
      if (text !== null) faults.push(`${type} of build ${build.id}: ${text}`);
    }
    if (build.status !== "COMPLETED" || build.deletedOn !== null) continue;
    const types = new Set(build.artifacts.map(({ type }) => type));
    for (const type of ["DIRECTORY", "LOCKFILE", "YAML", "CONDA_PACK", "LOGS"] as const) {
      if (!types.has(type)) faults.push(`build ${build.id} has no ${type}`);
    }
  }
  return faults;
}

async function faultOfObject(bucket: Bucket, key: string, sizeBytes: number): Promise<string | null> {
  const bytes = await getObject(bucket, key);
  if (bytes === null) return `${key} is not there`;
  if (bytes.length !== sizeBytes) return `${key} has ${bytes.length} bytes instead of ${sizeBytes}`;
  if (key.startsWith(PREFIXES.locks)) {
    const lock = parseCondaLock(JSON.parse(bytes.toString("utf8")), nativePlatform());
    const { digest } = renderCondaLock(lock);
    return lockKey(digest) === key ? null : `${key} has the digest ${digest}`;
  }
  return key.startsWith(PREFIXES.archives) ? await faultOfArchive(key, bytes) : null;
}

/** Unpacks it: gzip's own checksum, and each file against its package's. */
async function faultOfArchive(key: string, bytes: Buffer): Promise<string | null> {
  const directory = await mkdtemp(join(tmpdir(), "chaos-archive-"));
  try {
    await writeFile(join(directory, "archive"), bytes);
    const root = join(directory, "root");
    await promisify(execFile)("sh", [
      "-c",
      'mkdir "$2" && tar -xzf "$1" -C "$2"',
      "sh",
      `${directory}/archive`,
      root,
    ]);
    await chmod(root, 0o755);
    const fault = await faultsOfDirectory(root);
    return fault === null ? null : `${key}: ${fault}`;
  } catch (error) {
    return `${key} is broken: ${String(error)}`;
  } finally {
    removeTree(directory);
  }
}
