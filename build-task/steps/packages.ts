/**
 * packages: the list that the API shows, with what only the unpacked packages tell.
 * @module
 */
import { join } from "node:path";
import * as v from "valibot";
import { eachOf } from "#adapters/disk/each-file.ts";
import { readPlainFile } from "#adapters/disk/read-plain-file.ts";
import { putPackages } from "#adapters/dynamodb/packages.ts";
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import type { Lock } from "#core/lock/lock.ts";
import { compareText } from "#core/lock/order.ts";
import type { PrefixPackage } from "../prefix.ts";
import type { StepContext, Task } from "../task.ts";

const About = v.object({ summary: v.nullish(v.string()), license: v.nullish(v.string()) });
export interface Fetched {
  readonly installed: readonly PrefixPackage[];
  readonly sizeOf: (url: string) => number | null;
}

const READERS = 16;
const SUMMARY_LENGTH_MAX = 500;
const ABOUT_BYTES_MAX = 1024 * 1024;

/**
 * @param sizeOf bytes of a package that was fetched, for those of a lock that came without sizes; null where it is not known
 * @returns the number of packages, pip's among them
 */
export async function storePackages(
  task: Task,
  step: StepContext,
  lock: Lock,
  digest: string,
  { installed, sizeOf }: Fetched,
): Promise<number> {
  const abouts = new Map<string, v.InferOutput<typeof About>>();
  await eachOf(installed, READERS, step.signal, async ({ name, unpacked }) => {
    if (unpacked !== null) abouts.set(name, await readAbout(unpacked));
  });
  const conda = lock.packages.map((item): InstalledPackage => {
    const about = abouts.get(item.name);
    return {
      manager: "conda",
      name: item.name,
      version: item.version,
      build: item.build,
      channel: item.channel,
      subdir: item.subdir,
      license: (item.license ?? about?.license)?.slice(0, SUMMARY_LENGTH_MAX) ?? null,
      summary: about?.summary?.slice(0, SUMMARY_LENGTH_MAX) ?? null,
      sha256: item.sha256,
      sizeBytes: item.sizeBytes > 0 ? item.sizeBytes : sizeOf(item.url),
    };
  });
  const pip = lock.pipPackages.map(
    (item): InstalledPackage => ({
      manager: "pip",
      name: item.name,
      version: item.version,
      build: "",
      channel: new URL(item.url).origin,
      subdir: "",
      license: null,
      summary: null,
      sha256: item.sha256,
      sizeBytes: null,
    }),
  );
  const byName = (a: InstalledPackage, b: InstalledPackage): number => compareText(a.name, b.name);
  await putPackages(task.db, digest, [...conda.sort(byName), ...pip.sort(byName)]);
  return conda.length + pip.length;
}

/** A package without a description, or with a strange one, is still a package. */
async function readAbout(unpacked: string): Promise<v.InferOutput<typeof About>> {
  try {
    const text = await readPlainFile(join(unpacked, "info", "about.json"), ABOUT_BYTES_MAX);
    const result = v.safeParse(About, JSON.parse(text ?? "{}"));
    return result.success ? result.output : {};
  } catch {
    return {};
  }
}
