/**
 * The packages of a build, as conda-store lists them.
 * @module
 */
import { createHash } from "node:crypto";
import type { InstalledPackage } from "#core/lock/installed-package.ts";

export interface PackageQuery {
  readonly search?: string | undefined;
  readonly exact?: string | undefined;
  readonly build?: string | undefined;
  readonly sort_by: readonly string[];
  readonly order: "asc" | "desc";
}

/** Filtered and sorted; by channel and name if nothing else is asked. */
export function selectPackages(
  packages: readonly InstalledPackage[],
  { search = "", exact = "", build = "", sort_by, order }: PackageQuery,
): InstalledPackage[] {
  const whole = /^(true|t|1|yes|y|on)$/i.test(exact);
  const keys = sort_by.filter((key): key is "channel" | "name" => key === "channel" || key === "name");
  const direction = order === "desc" ? -1 : 1;
  return packages
    .filter(({ name }) => search === "" || (whole ? name === search : name.includes(search)))
    .filter((each) => each.build.includes(build))
    .sort((a, b) => {
      for (const key of keys.length > 0 ? keys : (["channel", "name"] as const)) {
        if (a[key] !== b[key]) return a[key] < b[key] ? -direction : direction;
      }
      return 0;
    });
}

export const showPackage = (installed: InstalledPackage) => {
  const { channel, name, version, license, summary, subdir, sizeBytes } = installed;
  return {
    id: stableId(`${channel}\n${name}\n${version}`),
    channel: { id: stableId(channel), name: channel, last_update: null },
    license,
    name,
    version,
    summary,
    subdir: subdir || null,
    size: sizeBytes,
  };
};

/** 48 bits of a hash: the same for the same text everywhere, and an exact number in JavaScript. */
export const stableId = (text: string): number =>
  Number.parseInt(createHash("sha256").update(text).digest("hex").slice(0, 12), 16);
