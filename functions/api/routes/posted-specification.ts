/**
 * What a POST may hold: the text of an environment.yml, or that of a lockfile.
 * @module
 */

import type { Body } from "#core/contract/route.ts";
import type { postSpecification } from "#core/contract/specifications.ts";
import { AppError } from "#core/errors.ts";
import type { EnvironmentName } from "#core/names.ts";
import { LOCKFILE_BYTES_MAX, SPECIFICATION_BYTES_MAX } from "#core/specification/limits.ts";
import { completeLockfile, readLockfile } from "#core/specification/lockfile.ts";
import {
  completeSpecification,
  readSpecification,
  type SpecificationPolicy,
} from "#core/specification/parse.ts";

/** What is stored. */
export interface Accepted {
  readonly sha256: string;
  readonly document: string;
  readonly spec: object;
  readonly isLockfile: boolean;
  /** Empty: the environment keeps the description it has. */
  readonly description: string;
}

export interface Posted {
  readonly name: EnvironmentName;
  /**
   * Applies what depends on namespace and deployment.
   * @throws AppError `invalid_specification` or `setting_violated`
   */
  readonly complete: (policy: SpecificationPolicy) => Accepted;
}

/**
 * Reads the text, which tells the environment's name, before anything is known of the namespace.
 * @throws AppError `invalid_specification`, `invalid_name`, `body_too_large`
 */
export function readPosted(body: Body<typeof postSpecification>): Posted {
  if (body.is_lockfile) {
    const text = withinLimit(body.specification, LOCKFILE_BYTES_MAX, "lock fewer platforms or packages");
    const description = body.environment_description ?? "";
    const { name, document } = readLockfile(text, body.environment_name ?? "", description);
    const complete: Posted["complete"] = (policy) => {
      const { sha256, document: documentSha256, spec } = completeLockfile(document, policy);
      return { sha256, document: documentSha256, spec, isLockfile: true, description };
    };
    return { name, complete };
  }
  const text = withinLimit(body.specification, SPECIFICATION_BYTES_MAX, "name fewer things");
  const { name, document } = readSpecification(text);
  const complete: Posted["complete"] = (policy) => {
    const { sha256, document: documentSha256, spec, description } = completeSpecification(document, policy);
    return { sha256, document: documentSha256, spec, isLockfile: false, description: description ?? "" };
  };
  return { name, complete };
}

function withinLimit(text: string, bytesMax: number, remedy: string): string {
  if (Buffer.byteLength(text) <= bytesMax) return text;
  throw new AppError("body_too_large", `The specification is larger than ${bytesMax / 1024} KiB: ${remedy}.`);
}
