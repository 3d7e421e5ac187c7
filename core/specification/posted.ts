/**
 * What a POST or a watched file may hold: the text of an environment.yml, that of a lockfile; and of a POST alone: files to be
 * merged, an environment to clone.
 * @module
 */
import type { Body } from "#core/contract/route.ts";
import type { postSpecification } from "#core/contract/specifications.ts";
import { AppError } from "#core/errors.ts";
import type { EnvironmentName } from "#core/names.ts";
import type { EnvironmentDocument } from "#core/specification/environment.ts";
import { LOCKFILE_BYTES_MAX, SPECIFICATION_BYTES_MAX } from "#core/specification/limits.ts";
import { completeLockfile, type LockfileDocument, readLockfile } from "#core/specification/lockfile.ts";
import { mergeFiles } from "#core/specification/merge.ts";
import {
  completeSpecification,
  readSpecificationValue,
  type Specification,
  type SpecificationPolicy,
} from "#core/specification/parse.ts";
import { parseYaml } from "#core/specification/yaml.ts";

type PostBody = Body<typeof postSpecification>;

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
  /** Object key of the lockfile to build from, instead of a new solve. */
  readonly frozenLock?: string;
}

/**
 * Says what the body holds.
 * @throws AppError `invalid_request` for more than one source, or for what does not go with it
 */
export function sourceOf(body: PostBody): "text" | "files" | "clone" | "solve" {
  const given = [
    body.specification !== "",
    body.files !== null,
    Boolean(body.clone_from),
    Boolean(body.solve_id),
  ];
  const refuse = (why: string): never => {
    throw new AppError("invalid_request", why);
  };
  if (given.filter(Boolean).length > 1)
    refuse("Give one of specification, files, clone_from and solve_id, not several.");
  if (body.frozen && !body.clone_from) refuse("frozen goes with clone_from: a lockfile is frozen anyway.");
  if (body.is_lockfile && (body.files || body.clone_from || body.solve_id))
    refuse("is_lockfile goes with specification: files, clones and solves say themselves what they are.");
  if (body.files) return "files";
  if (body.solve_id) return "solve";
  return body.clone_from ? "clone" : "text";
}

/**
 * Reads texts, which tell the environment's name, before anything is known of the namespace.
 * @throws AppError `invalid_specification`, `invalid_name`, `body_too_large`
 */
export function readPosted(body: PostBody): Posted {
  const name = body.environment_name ?? "";
  const description = body.environment_description ?? "";
  if (body.files) {
    const bytes = body.files.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0);
    refuseLarger(bytes, SPECIFICATION_BYTES_MAX, "The files are", "name fewer things");
    return environmentPosted(mergeFiles(body.files, name, description).document);
  }
  return body.is_lockfile
    ? readLockfileText(body.specification, name, description)
    : readText(body.specification);
}

function readLockfileText(text: string, name: string, description: string): Posted {
  refuseLarger(Buffer.byteLength(text), LOCKFILE_BYTES_MAX, "The lockfile is", "lock fewer packages");
  return lockfilePosted(readLockfile(parseYaml(text, LOCKFILE_BYTES_MAX), name, description).document);
}

/**
 * Reads an environment.yml; or the document of a lockfile, as GET build shows it, which conda-store would take for an empty one.
 * @param lockName of an environment, for a conda-lock file, which names none; without it such a file is refused
 * @throws AppError `invalid_specification`, `invalid_name`, `body_too_large`
 */
export function readText(text: string, lockName?: string): Posted {
  const bytes = Buffer.byteLength(text);
  const mayLock = lockName !== undefined || /^lockfile:/m.test(text);
  const bytesMax = mayLock ? LOCKFILE_BYTES_MAX : SPECIFICATION_BYTES_MAX;
  refuseLarger(bytes, bytesMax, "The specification is", "name fewer things");
  const value = parseYaml(text, bytesMax);
  if (value instanceof Map && value.has("lockfile")) {
    const [name, description] = ["name", "description"].map((key) => String(value.get(key) ?? ""));
    return lockfilePosted(readLockfile(value.get("lockfile"), name ?? "", description ?? "").document);
  }
  if (value instanceof Map && value.has("package") && value.has("metadata") && !value.has("name")) {
    if (lockName !== undefined) return lockfilePosted(readLockfile(value, lockName, "").document);
    throw new AppError(
      "invalid_specification",
      "This is a lockfile: send it with is_lockfile: true and environment_name.",
    );
  }
  refuseLarger(bytes, SPECIFICATION_BYTES_MAX, "The specification is", "name fewer things");
  return environmentPosted(readSpecificationValue(value).document);
}

/**
 * Reads a text that is to be solved.
 * @throws AppError `invalid_specification`, `invalid_name`, `body_too_large`
 */
export function readSolvable(text: string): Solvable {
  refuseLarger(Buffer.byteLength(text), SPECIFICATION_BYTES_MAX, "The specification is", "name fewer things");
  const { name, document: posted } = readSpecificationValue(parseYaml(text, SPECIFICATION_BYTES_MAX));
  return { name, posted, complete: (policy) => completeSpecification(posted, policy) };
}

export interface Solvable {
  readonly name: EnvironmentName;
  /** Before settings. */
  readonly posted: EnvironmentDocument;
  /** @throws AppError `invalid_specification` or `setting_violated` */
  readonly complete: (policy: SpecificationPolicy) => Specification;
}

/** A document that `readSpecification` or `mergeFiles` gave. */
export const environmentPosted = (posted: EnvironmentDocument): Posted => ({
  name: posted.name as EnvironmentName,
  complete: (policy) => {
    const { sha256, document, spec, description } = completeSpecification(posted, policy);
    return { sha256, document, spec, isLockfile: false, description: description ?? "" };
  },
});

/** A document that `readLockfile` gave. */
export const lockfilePosted = (posted: LockfileDocument): Posted => ({
  name: posted.name as EnvironmentName,
  complete: (policy) => {
    const { sha256, document, spec } = completeLockfile(posted, policy);
    return { sha256, document, spec, isLockfile: true, description: posted.description };
  },
});

function refuseLarger(bytes: number, bytesMax: number, what: string, remedy: string): void {
  if (bytes <= bytesMax) return;
  throw new AppError("body_too_large", `${what} larger than ${bytesMax / 1024} KiB: ${remedy}.`);
}
