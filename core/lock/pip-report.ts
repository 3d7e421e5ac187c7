/**
 * What pip says it would install (`pip install --dry-run --report`), as part of a lock.
 * @module
 */
import * as v from "valibot";
import { AppError } from "#core/errors.ts";
import { normaliseProjectName, parseRequirement } from "#core/specification/requirement.ts";
import type { LockedPipPackage } from "./lock.ts";

const Report = v.object({
  install: v.array(
    v.object({
      download_info: v.object({
        url: v.string(),
        archive_info: v.nullish(
          v.object({
            hash: v.nullish(v.string()),
            hashes: v.nullish(v.record(v.string(), v.string())),
          }),
        ),
      }),
      metadata: v.object({
        name: v.string(),
        version: v.string(),
        requires_dist: v.nullish(v.array(v.string()), []),
      }),
    }),
  ),
});
type Entry = v.InferOutput<typeof Report>["install"][number];

/**
 * @param report the report's JSON
 * @throws AppError `invalid_specification` naming a package that cannot be pinned by address and hash
 */
export function parsePipReport(report: unknown): LockedPipPackage[] {
  return v.parse(Report, report).install.map((entry) => {
    const { metadata, download_info: from } = entry;
    const name = normaliseProjectName(metadata.name);
    const sha256 = sha256Of(entry);
    if (!/^https?:\/\//.test(from.url) || sha256 === null) {
      throw new AppError(
        "invalid_specification",
        `The pip package ${name} ${metadata.version} comes from a place that gives no file with a sha256, ` +
          "so it cannot be locked: ask for a released version from an index.",
      );
    }
    return {
      name,
      version: metadata.version,
      url: from.url.replace(/#.*$/, ""),
      sha256,
      depends: (metadata.requires_dist ?? []).flatMap(dependency),
    };
  });
}

function sha256Of({ download_info: { archive_info: info } }: Entry): string | null {
  const hash = info?.hashes?.["sha256"] ?? /^sha256=(.+)$/.exec(info?.hash ?? "")?.[1];
  return hash !== undefined && /^[0-9a-f]{64}$/.test(hash) ? hash : null;
}

/** `numpy<3,>=1.21 ; python_version > "3"` → `numpy <3,>=1.21`; extras nobody asked for are left out. */
function dependency(text: string): string[] {
  try {
    const { name, specifiers, marker } = parseRequirement(text);
    if (marker !== null && /\bextra\b/.test(marker)) return [];
    return [`${normaliseProjectName(name)} ${specifiers.replaceAll(/\s/g, "")}`.trim()];
  } catch {
    // Old packages have requirements that nobody can read; what is installed was decided by pip.
    return [];
  }
}
