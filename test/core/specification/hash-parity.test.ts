import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { AppError } from "#core/errors.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { specificationSha256 } from "#core/specification/canonical.ts";
import { asCanonical } from "#core/specification/environment.ts";
import { LOCKFILE_BYTES_MAX } from "#core/specification/limits.ts";
import { completeLockfile, readLockfile } from "#core/specification/lockfile.ts";
import { readSpecification } from "#core/specification/parse.ts";
import { parseYaml } from "#core/specification/yaml.ts";

/**
 * Recorded from conda-store-server 2025.2.2 with PyYAML 6.0.3 and conda-lock 4.0.3: its models' hash of each text, null
 * for a refusal. conda itself was not there, so its models took every match spec.
 */
const recorded = JSON.parse(
  readFileSync(new URL("conda-store-server-2025.2.2.json", import.meta.url), "utf8"),
) as {
  readonly environments: readonly [text: string, sha256: string | null][];
  readonly lockfiles: readonly [name: string, description: string, text: string, sha256: string | null][];
};

const orNull = (hash: () => string): string | null => {
  try {
    return hash();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return null;
  }
};

/** The one text that we refuse and conda-store takes: an md5 alone proves nothing of what is downloaded. */
const hasOnlyMd5 = (text: string): boolean => text.includes('"md5"') && !text.includes('"sha256"');

describe("the hash of an environment is conda-store's", () => {
  it.each(recorded.environments)("%j", (text, sha256) => {
    const ours = orNull(() => specificationSha256(asCanonical(readSpecification(text).document)));
    expect(ours).toBe(sha256);
  });
});

describe("the hash of a lockfile is conda-store's", () => {
  it.each(recorded.lockfiles)("%s %j %s", (name, description, text, sha256) => {
    const ours = orNull(() => {
      const { document } = readLockfile(parseYaml(text, LOCKFILE_BYTES_MAX), name, description);
      return completeLockfile(document, { settings: deploymentSettings({}), allowPrivateHosts: [] }).sha256;
    });
    expect(ours).toBe(hasOnlyMd5(text) ? null : sha256);
  });
});
