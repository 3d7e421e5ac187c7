/**
 * Builds of one package name: what a shard says of each file, filtered and sorted for lists.
 * @module
 */
import { compareVersions } from "#core/package/version-order.ts";

/** One file of a channel. */
export interface PackageBuild {
  readonly channel: string;
  readonly subdir: string;
  readonly fileName: string;
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly buildNumber: number;
  readonly depends: readonly string[];
  readonly constrains: readonly string[];
  readonly license: string | null;
  readonly md5: string | null;
  readonly sha256: string | null;
  readonly sizeBytes: number | null;
  /** When it was built. */
  readonly builtAt: Date | null;
}

/** @param record of a stored shard: prefetch has checked what engines rely on, and nothing else */
export function readBuild(
  channel: string,
  subdir: string,
  fileName: string,
  record: Readonly<Record<string, unknown>>,
): PackageBuild {
  const texts = (key: string): readonly string[] => (record[key] as readonly string[] | undefined) ?? [];
  return {
    channel,
    subdir,
    fileName,
    name: String(record["name"]),
    version: String(record["version"]),
    build: String(record["build"]),
    buildNumber: Number(record["build_number"]),
    depends: texts("depends"),
    constrains: texts("constrains"),
    license: typeof record["license"] === "string" ? record["license"] : null,
    md5: hexOf(record["md5"]),
    sha256: hexOf(record["sha256"]),
    sizeBytes: typeof record["size"] === "number" ? record["size"] : null,
    builtAt: timeOf(record["timestamp"]),
  };
}

const hexOf = (hash: unknown): string | null => {
  if (hash instanceof Uint8Array) return Buffer.from(hash).toString("hex");
  return typeof hash === "string" ? hash : null;
};

/** The end of the year 9999 in seconds: what is more is in milliseconds. Channels have both. */
const SECONDS_MAX = 253_402_300_799;

function timeOf(timestamp: unknown): Date | null {
  if (typeof timestamp !== "number" || !(timestamp > 0)) return null;
  const milliseconds = timestamp > SECONDS_MAX ? timestamp : timestamp * 1000;
  return milliseconds > SECONDS_MAX * 1000 ? null : new Date(milliseconds);
}

export interface BuildSearch {
  readonly matches: (version: string) => boolean;
  /** Part of the build's text; empty for all. */
  readonly build: string;
  readonly sortBy: readonly string[];
  readonly order: "asc" | "desc";
}

/** By what builds are sorted if nothing else is asked, and where that leaves two of them equal. */
const ORDER = ["version", "build_number", "build", "channel", "subdir", "file"];

/** @returns those that match, in order; versions and numbers of builds by their value, not by their text */
export function selectBuilds(
  builds: readonly PackageBuild[],
  { matches, build, sortBy, order }: BuildSearch,
): PackageBuild[] {
  const versions = [...new Set(builds.map(({ version }) => version))].filter(matches);
  // Each is taken apart a few times, and not for each pair of builds.
  const rank = new Map(versions.sort(compareVersions).map((version, at) => [version, at]));
  const keys: Readonly<Record<string, (one: PackageBuild) => string | number>> = {
    channel: (one) => one.channel,
    subdir: (one) => one.subdir,
    version: (one) => rank.get(one.version) ?? 0,
    build: (one) => one.build,
    build_number: (one) => one.buildNumber,
    size: (one) => one.sizeBytes ?? -1,
    timestamp: (one) => one.builtAt?.getTime() ?? -1,
    file: (one) => one.fileName,
  };
  const wanted = [...new Set([...sortBy, ...ORDER])].flatMap((key) =>
    Object.hasOwn(keys, key) ? (keys[key] ?? []) : [],
  );
  const direction = order === "desc" ? -1 : 1;
  return builds
    .filter((one) => rank.has(one.version) && one.build.includes(build))
    .sort((a, b) => {
      for (const key of wanted) {
        const [left, right] = [key(a), key(b)];
        if (left !== right) return left < right ? -direction : direction;
      }
      return 0;
    });
}
