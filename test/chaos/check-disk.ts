/**
 * Links and directories of the shared disk, as consumers find them.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, lstatSync, readlinkSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "#core/environment/environment.ts";
import { ENVIRONMENT_LINK, linkPath, prefixPath } from "#core/layout.ts";

/** Links that do not lead to the directory that the table wants. */
export function faultsOfLinks(store: string, environments: readonly Environment[]): string[] {
  return environments.flatMap(({ namespace, name, link }) => {
    const path = join(store, linkPath(namespace.name, name, ENVIRONMENT_LINK));
    const found = targetOf(path);
    const wanted = link.buildKey === null ? null : join(store, prefixPath(namespace.name, link.buildKey));
    if (found !== wanted)
      return [`the link of ${namespace.name}/${name} leads to ${found} instead of ${wanted}`];
    if (wanted !== null && !existsSync(join(path, "conda-meta", "history")))
      return [`${path} leads to no environment`];
    return [];
  });
}

function targetOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}

interface Record {
  readonly files: readonly string[];
  readonly paths_data?: {
    readonly paths: readonly {
      readonly _path: string;
      readonly path_type: string;
      readonly sha256?: string;
      readonly prefix_placeholder?: string;
    }[];
  };
}

/** What is missing in an environment, or other than its packages had it, by its own records; or null. */
export async function faultsOfDirectory(directory: string): Promise<string | null> {
  const meta = join(directory, "conda-meta");
  const names = await readdir(meta).catch(() => null);
  if (names === null || !names.includes("history")) return `${directory} is no environment`;
  const records = names.filter((name) => name.endsWith(".json"));
  if (records.length === 0) return `${directory} has no packages`;
  for (const name of records) {
    const { files, paths_data } = JSON.parse(await readFile(join(meta, name), "utf8")) as Record;
    const missing = files.find((file) => !isThere(join(directory, file)));
    if (missing !== undefined) return `${missing} of ${name} is missing in ${directory}`;
    for (const { _path: path, path_type, sha256, prefix_placeholder } of paths_data?.paths ?? []) {
      // Links have the checksum of what they lead to, and names of prefixes are written into files.
      if (path_type !== "hardlink" || sha256 === undefined || prefix_placeholder) continue;
      const found = createHash("sha256")
        .update(await readFile(join(directory, path)))
        .digest("hex");
      if (found !== sha256) return `${path} of ${name} has the checksum ${found} in ${directory}`;
    }
  }
  return null;
}

function isThere(path: string): boolean {
  try {
    return lstatSync(path) !== undefined;
  } catch {
    return false;
  }
}
