/**
 * Reads a conda-lock v1 lockfile, as a user posts it, into a lock for one platform.
 * @module
 */
import * as v from "valibot";
import { AppError } from "#core/errors.ts";
import { excerpt } from "#core/specification/faults.ts";
import type { Lock, LockedPackage, LockedPipPackage } from "./lock.ts";
import { inInstallOrder } from "./order.ts";
import { textMap } from "./text-map.ts";

const Sha256Text = v.pipe(v.string(), v.toLowerCase(), v.regex(/^[0-9a-f]{64}$/, "is not a sha256"));
const Md5Text = v.pipe(v.string(), v.toLowerCase(), v.regex(/^[0-9a-f]{32}$/, "is not an md5"));

/** What installing needs of a lockfile; its full schema is checked when it is posted. */
const LockFile = v.object({
  version: v.optional(v.literal(1, "only version 1 of conda-lock's format is known")),
  metadata: v.object({
    channels: v.array(v.object({ url: v.string() })),
    platforms: v.array(v.string()),
    custom_metadata: v.nullish(v.record(v.string(), v.unknown())),
  }),
  package: v.array(
    v.object({
      name: v.string(),
      version: v.string(),
      manager: v.picklist(["conda", "pip"]),
      platform: v.string(),
      url: v.string(),
      hash: v.object({ md5: v.nullish(Md5Text), sha256: v.nullish(Sha256Text) }),
      dependencies: v.optional(textMap("is no object", "is no text"), {}),
      build: v.nullish(v.string()),
      category: v.nullish(v.string(), "main"),
    }),
  ),
});
type Entry = v.InferOutput<typeof LockFile>["package"][number];

/**
 * @param document the lockfile, parsed from YAML or JSON
 * @throws AppError `invalid_specification` with one sentence: not a lockfile, nothing for this platform, an address
 *   that names no conda package, no sha256, one name twice
 */
export function parseCondaLock(document: unknown, platform: string): Lock {
  const result = v.safeParse(LockFile, document);
  if (!result.success) {
    const [issue] = result.issues;
    throw invalid(
      `The lockfile is not a conda-lock v1 file: ${v.getDotPath(issue) ?? "it"}: ${issue.message}.`,
    );
  }
  const { metadata, package: entries } = result.output;
  const mine = oncePerCategory(entries.filter((entry) => entry.platform === platform && isInstalled(entry)));
  const unnamed = mine.find(({ name }) => !NAME.test(name));
  if (unnamed) throw invalid(`The lockfile names a package ${excerpt(unnamed.name)}, which is no name.`);
  if (mine.length === 0) {
    const others = [...new Set(entries.map((entry) => entry.platform))].join(", ") || "none";
    throw invalid(
      `The lockfile has no package for ${platform} (it has: ${others}): lock it again with --platform ${platform}.`,
    );
  }
  const packages = mine.filter(({ manager }) => manager === "conda").map(condaPackage);
  const pipPackages = mine.filter(({ manager }) => manager === "pip").map(pipPackage);
  refuseTwice("conda", packages);
  refuseTwice("pip", pipPackages);
  if (packages.length === 0)
    throw invalid("The lockfile has no conda package, so there is nothing to install into.");
  const elsewhere = packages.find(({ subdir }) => subdir !== platform && subdir !== "noarch");
  if (elsewhere)
    throw invalid(
      `The lockfile's package ${elsewhere.name} for ${platform} is at an address for ${elsewhere.subdir}: lock it again.`,
    );
  if (pipPackages.length > 0 && !packages.some(({ name }) => name === "pip"))
    throw invalid(
      "The lockfile has pip packages but no conda package pip to install them: add pip, and lock again.",
    );
  return {
    platform,
    channels: channelsOf(metadata.channels, packages),
    virtualPackages: Object.fromEntries(
      Object.entries(metadata.custom_metadata ?? {}).filter(
        (pair): pair is [string, string] => pair[0].startsWith("__") && typeof pair[1] === "string",
      ),
    ),
    packages: inInstallOrder(packages),
    pipPackages: inInstallOrder(pipPackages),
  };
}

/** What `conda-lock install` takes: what is needed and what developers need, but no extras, and nothing virtual. */
const isInstalled = ({ name, manager, category }: Entry): boolean =>
  (category === "main" || category === "dev") && !(manager === "conda" && name.startsWith("__"));

/** conda-lock writes a package that two categories want once for each. */
function oncePerCategory(entries: readonly Entry[]): Entry[] {
  const seen = new Map<string, Set<string>>();
  return entries.filter(({ manager, name, url, category }) => {
    const key = JSON.stringify([manager, name, url]);
    const categories = seen.get(key) ?? new Set();
    const isFirst = categories.size === 0 || categories.has(category ?? "");
    seen.set(key, categories.add(category ?? ""));
    return isFirst;
  });
}

function condaPackage(entry: Entry): LockedPackage {
  const address = packageAddress(entry.url);
  if (!address) {
    throw invalid(
      `The lockfile's address of ${entry.name} is not that of a conda package: ${withoutCredentials(entry.url)}.`,
    );
  }
  return {
    ...address,
    name: entry.name,
    version: entry.version,
    build: entry.build ?? address.build,
    sha256: mustHaveHash(entry),
    md5: entry.hash.md5 ?? null,
    sizeBytes: 0,
    depends: dependencyList(entry.dependencies),
    constrains: [],
    license: null,
    timestamp: null,
  };
}

/** Names and addresses become parts of file names and lines of pip's own language. */
const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,200}$/;
const FILE_ADDRESS = /^https?:\/\/[^\s\\\p{Cc}]{1,2000}$/u;

function pipPackage(entry: Entry): LockedPipPackage {
  const url = withoutCredentials(entry.url);
  if (!FILE_ADDRESS.test(url)) {
    throw invalid(
      `The lockfile's address of ${entry.name} is not an http(s) address of a file: lock it again.`,
    );
  }
  return {
    name: entry.name,
    version: entry.version,
    url,
    sha256: mustHaveHash(entry),
    depends: dependencyList(entry.dependencies),
  };
}

/** No escapes but those of `+` and `!` in versions: `..%2F` would be another channel where a server decodes it. */
const FILE_NAME = /^(?:[A-Za-z0-9_.+!~-]|%2[Bb]|%21){1,250}$/;

/**
 * Takes `<channel>/<subdir>/<name>-<version>-<build>.conda` apart.
 * @returns null when the address is not of that form
 */
export function packageAddress(
  url: string,
): Pick<LockedPackage, "url" | "channel" | "subdir" | "fileName" | "build" | "buildNumber"> | null {
  const clean = withoutCredentials(url);
  const match = /^(https?:\/\/[^?#]+?)\/([a-z0-9]+-[a-z0-9_]+|noarch)\/([^/?#]+)$/.exec(clean);
  const [, channel, subdir, fileName] = match ?? [];
  if (channel === undefined || subdir === undefined || fileName === undefined) return null;
  if (!FILE_NAME.test(fileName)) return null;
  const build = /^.+-[^-]+-([^-]+)\.(?:conda|tar\.bz2)$/.exec(fileName)?.[1];
  if (build === undefined) return null;
  const buildNumber = Number(/(\d+)$/.exec(build)?.[1] ?? 0);
  return { url: clean, channel, subdir, fileName, build, buildNumber };
}

/** `user:password@` and `/t/<token>/` never enter a lock: credentials are given by settings. */
function withoutCredentials(url: string): string {
  return url
    .replace(/^(https?:\/\/)[^/@]*@/, "$1")
    .replace(/\/t\/[^/]+\//, "/")
    .replace(/#.*$/, "");
}

function mustHaveHash({ name, hash }: Entry): string {
  if (hash.sha256) return hash.sha256;
  throw invalid(`The lockfile has no sha256 for ${name}: lock it again with a current conda-lock.`);
}

function dependencyList(map: Readonly<Record<string, string>>): string[] {
  return Object.entries(map).map(([name, wanted]) => (wanted === "" ? name : `${name} ${wanted}`));
}

function refuseTwice(manager: string, packages: readonly { readonly name: string }[]): void {
  const seen = new Set<string>();
  for (const { name } of packages) {
    if (seen.has(name))
      throw invalid(`The lockfile has the ${manager} package ${name} twice for one platform.`);
    seen.add(name);
  }
}

/** The file's channels where they are addresses; else (conda-lock writes names too) those the packages come from. */
function channelsOf(
  listed: readonly { readonly url: string }[],
  packages: readonly LockedPackage[],
): string[] {
  const urls = listed.map(({ url }) => withoutCredentials(url).replace(/\/+$/, ""));
  const given = urls.every((url) => /^https?:\/\//.test(url)) ? urls : [];
  return [...new Set([...given, ...packages.map(({ channel }) => channel)])];
}

function invalid(message: string): AppError {
  return new AppError("invalid_specification", message);
}
