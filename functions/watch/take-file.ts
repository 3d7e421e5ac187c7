/**
 * Looking at one watched file whose text may have changed.
 * @module
 */
import { createHash } from "node:crypto";
import { NoteRefused, submitSpecification } from "#adapters/dynamodb/submit.ts";
import { putWatchedFile, stored, watchedFileItem } from "#adapters/dynamodb/watched-files.ts";
import { AppError } from "#core/errors.ts";
import { redact } from "#core/redact.ts";
import { LOCKFILE_BYTES_MAX } from "#core/specification/limits.ts";
import { type Posted, readText } from "#core/specification/posted.ts";
import { environmentOf, faultOfNamespace, lockNameOf, type WatchedFile } from "#core/watched/file.ts";
import { prepareSubmission } from "../prepare-submission.ts";
import type { WatchContext } from "./context.ts";
import type { Found } from "./source.ts";

export interface Taking {
  readonly found: Found;
  /** What was known of it. */
  readonly file: WatchedFile;
  /** The file that each environment belongs to. */
  readonly owners: ReadonlyMap<string, WatchedFile>;
  /** Of each environment: the newest build that a file asked for, and what it was to build. */
  readonly latest: ReadonlyMap<string, WatchedFile>;
}

export interface Taken {
  readonly kind: "built" | "unchanged" | "refused";
  /** What is known now; null when another pass was first, or the file is not what was listed any more. */
  readonly file: WatchedFile | null;
  /** Of the text, if it was read. */
  readonly environment?: string;
}

/**
 * Builds what is good and new.
 * @throws what is not the file's fault: table or source do not answer, too many changes at once
 */
export async function takeFile(context: WatchContext, taking: Taking): Promise<Taken> {
  const { db, source, clock } = context;
  const { found, file } = taking;
  const isTooLarge = found.sizeBytes > LOCKFILE_BYTES_MAX;
  const bytes = isTooLarge ? Buffer.alloc(0) : await source.read(found);
  if (bytes === null) return { kind: "unchanged", file: null };
  const digest = isTooLarge ? null : createHash("sha256").update(bytes).digest("hex");
  const seen: WatchedFile = {
    ...file,
    mark: found.mark,
    digest,
    seenAt: clock().toISOString(),
    removedAt: null,
  };
  if (digest !== null && digest === file.digest && file.error === null && file.removedAt === null) {
    return { kind: "unchanged", file: await putWatchedFile(db, { ...seen, seenAt: file.seenAt }) };
  }
  let posted: Posted;
  try {
    posted = readFile(file, found, bytes);
  } catch (error) {
    return await refuse(context, file, seen, error);
  }
  try {
    return { ...(await submit(context, taking, seen, posted)), environment: posted.name };
  } catch (error) {
    if (error instanceof NoteRefused) return { kind: "unchanged", file: null, environment: posted.name };
    // The text is good in itself: what is in its way may go without it.
    return await refuse(context, file, { ...seen, mark: null }, error);
  }
}

/** @throws AppError for what only another text mends */
function readFile(
  { namespace, path }: WatchedFile,
  { sizeBytes, fault: open }: Found,
  bytes: Buffer,
): Posted {
  if (open !== undefined) throw new AppError("invalid_request", open);
  const fault = faultOfNamespace(namespace);
  if (fault !== null) throw new AppError("invalid_name", fault);
  if (sizeBytes > LOCKFILE_BYTES_MAX) {
    const most = `${LOCKFILE_BYTES_MAX / 1024 / 1024} MiB`;
    throw new AppError("body_too_large", `The file is larger than ${most}: no specification is.`);
  }
  return readText(textOf(bytes), lockNameOf(path));
}

function textOf(bytes: Buffer): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new AppError("invalid_specification", "The file is not text in UTF-8: save it as such.");
  }
}

async function submit(
  context: WatchContext,
  taking: Taking,
  seen: WatchedFile,
  posted: Posted,
): Promise<Taken> {
  const { db, settings } = context;
  const { owners, latest } = taking;
  const { namespace, path } = seen;
  const name = environmentOf(namespace, posted.name);
  const owner = owners.get(name);
  if (owner && (owner.path !== path || owner.source !== seen.source)) {
    const other = `${owner.path}${owner.source === seen.source ? "" : ` (${owner.source})`}`;
    throw new AppError(
      "conflict",
      `The environment ${posted.name} is already that of the file ${other}: give this one another name, or remove one of the files.`,
    );
  }
  const prepared = await prepareSubmission(context, namespace, posted);
  const createNamespace = namespace === settings.filesystem_namespace;
  if (prepared.place.namespace === null && !createNamespace) {
    throw new AppError(
      "namespace_not_found",
      `There is no namespace ${namespace}: make it, or move the file to the directory of another.`,
    );
  }
  const specification = prepared.specification.document;
  const good = { ...seen, environment: posted.name, specification, error: null };
  const last = latest.get(name);
  if (last?.specification === specification && prepared.place.environment !== null) {
    return { kind: "unchanged", file: await putWatchedFile(db, { ...good, buildId: last.buildId }) };
  }
  const { buildId } = await submitSpecification(db, {
    ...prepared,
    createNamespace,
    file: path,
    note: (id) => watchedFileItem(db, { ...good, buildId: id }),
  });
  context.log.info("a watched file is built", { source: seen.source, path, build: buildId });
  return { kind: "built", file: stored({ ...good, buildId }) };
}

/** Notes why it is not built; what was built before stays as it is. @throws what is no refusal */
async function refuse(
  { db, log }: WatchContext,
  before: WatchedFile,
  seen: WatchedFile,
  cause: unknown,
): Promise<Taken> {
  if (!(cause instanceof AppError) || cause.code === "try_again") throw cause;
  const error = redact(cause.message);
  const isKnown =
    before.error === error &&
    before.digest === seen.digest &&
    before.mark === seen.mark &&
    before.removedAt === null;
  if (isKnown) return { kind: "refused", file: before };
  log.info("a watched file is refused", { source: seen.source, path: seen.path, error });
  return { kind: "refused", file: await putWatchedFile(db, { ...seen, error }) };
}
