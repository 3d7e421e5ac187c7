/**
 * `conda-meta`, the prefix's own list of what is in it: compared, made to name true channels, rid of build paths.
 * A package may ship any file, so nothing here follows a link: files are replaced, never written through.
 * @module
 */
import { lstat, open, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import type { LockedPackage } from "#core/lock/lock.ts";
import { EngineError, type InstallRequest } from "#core/ports.ts";
import { internalError } from "./failure.ts";
import { trueChannels } from "./true-channels.ts";

/** Fields of a record that name the package cache of the machine that linked it. */
const CACHE_FIELDS = ["extracted_package_dir", "package_tarball_full_path"];

type PackageRecord = Record<string, unknown>;

/**
 * Compares `conda-meta` with the request, makes each record name the true channel, and writes the history.
 * @throws EngineError internal, naming what is missing or too many: an engine's exit code is no proof.
 */
export async function settlePrefix(request: InstallRequest): Promise<void> {
  const directory = join(request.prefix, "conda-meta");
  const wanted = new Map(request.packages.map((item) => [recordName(item), item]));
  const found = await recordNames(directory);
  const missing = [...wanted.keys()].filter((name) => !found.includes(name));
  const foreign = found.filter((name) => !wanted.has(name));
  if (missing.length > 0 || foreign.length > 0) {
    const lists = [
      missing.length > 0 ? `it did not install ${missing.join(", ")}` : "",
      foreign.length > 0 ? `it installed ${foreign.join(", ")}, which nobody asked for` : "",
    ];
    throw internalError(`it said it was done, but ${lists.filter(Boolean).join(" and ")}`);
  }
  const channels = trueChannels(request.channels);
  for (const [name, item] of wanted) {
    const path = join(directory, name);
    const record = await readRecord(path);
    if (record["sha256"] !== undefined && record["sha256"] !== item.sha256) {
      throw new EngineError(
        "checksum",
        `${item.fileName} was installed from other bytes than the lock's ${item.sha256}.`,
      );
    }
    const requested = record["requested_spec"];
    await writeRecord(path, {
      ...record,
      sha256: item.sha256,
      url: item.url,
      channel: item.channel,
      ...(typeof requested === "string" ? { requested_spec: channels.inText(requested) } : {}),
    });
  }
  await replaceFile(join(directory, "history"), history(request.packages));
}

/**
 * Removes the paths of the package cache from every record, as conda-pack does in its archives. To be called when
 * nobody needs the cache any more: conda-pack reads the unpacked packages it names.
 */
export async function forgetPackageCache(prefix: string): Promise<void> {
  const directory = join(prefix, "conda-meta");
  for (const name of await recordNames(directory)) {
    const path = join(directory, name);
    const record = await readRecord(path);
    for (const field of CACHE_FIELDS) if (field in record) record[field] = "";
    const link = record["link"];
    if (isRecord(link) && "source" in link) record["link"] = { ...link, source: "" };
    await writeRecord(path, record);
  }
}

/** conda's own name for a package's record. */
function recordName({ name, version, build }: LockedPackage): string {
  return `${name}-${version}-${build}.json`;
}

async function recordNames(directory: string): Promise<string[]> {
  const status = await lstat(directory).catch(() => undefined);
  if (status && !status.isDirectory()) throw internalError("conda-meta of the new prefix is not a directory");
  return status ? (await readdir(directory)).filter((name) => name.endsWith(".json")).sort() : [];
}

async function readRecord(path: string): Promise<PackageRecord> {
  if (!(await lstat(path)).isFile()) throw internalError(`${path} is not a regular file`);
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (isRecord(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw internalError(`${path} is not a JSON object`);
}

function writeRecord(path: string, record: PackageRecord): Promise<void> {
  return replaceFile(path, `${JSON.stringify(record, null, 2)}\n`);
}

/** By a new file and a rename: what was there may be a link, or a hard link into the package cache. */
async function replaceFile(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`;
  const file = await open(temporary, "wx", 0o644);
  try {
    await file.writeFile(text);
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/**
 * conda's log of revisions, with one. Its time is that of the newest package, not of the clock: the same lock gives
 * the same bytes.
 */
function history(packages: readonly LockedPackage[]): string {
  const newest = Math.max(0, ...packages.map(({ timestamp }) => timestamp ?? 0));
  const time = new Date(newest).toISOString().slice(0, 19).replace("T", " ");
  const specs = packages.map(({ name, version, build }) => `${name}==${version}=${build}`).sort();
  const lines = packages
    .map(({ channel, subdir, name, version, build }) => `+${channel}/${subdir}::${name}-${version}-${build}`)
    .sort();
  return [
    `==> ${time} <==`,
    "# cmd: conda-store",
    ...lines,
    `# update specs: ${JSON.stringify(specs)}`,
    "",
  ].join("\n");
}

function isRecord(value: unknown): value is PackageRecord {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
