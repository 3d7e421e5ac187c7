/**
 * Specifications: written once, never changed. conda-store's hash ignores the order of arrays, so under one hash there
 * may be several documents, each with its own order.
 * @module
 */
import { GetCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { packJson, toDate, unpackJson, withVersion } from "./item.ts";
import { specificationKey } from "./keys.ts";
import type { TransactItem } from "./transact.ts";
import { change } from "./transact-items.ts";

/** What a POST hands over. */
export interface NewSpecification {
  /** conda-store's hash of the document. */
  readonly sha256: string;
  /** sha256 of the document with its order kept. */
  readonly document: string;
  readonly name: string;
  /** The normalised document. */
  readonly spec: object;
  readonly isLockfile: boolean;
  /** The text as it was posted, where that is worth keeping. */
  readonly text?: string;
}

export interface Specification extends NewSpecification {
  readonly id: number;
  readonly createdAt: Date;
}

/** Those read lately, each connection's own. */
const READ = new WeakMap<Db["client"], Map<string, Specification>>();
const READ_MAX = 200;
/** Of a compressed document: larger ones, which are lockfiles, would fill the memory. */
const READ_BYTES_MAX = 4 * 1024;

/** The specification, or null. What was read is kept, as it never changes: do not change it either. */
export async function getSpecification(
  db: Db,
  sha256: string,
  document: string,
): Promise<Specification | null> {
  const name = `${db.table} ${sha256} ${document}`;
  const read = READ.get(db.client) ?? new Map<string, Specification>();
  READ.set(db.client, read);
  const known = read.get(name);
  if (known) return known;
  const found = await readSpecification(db, sha256, document);
  if (found === null || found.bytes > READ_BYTES_MAX) return found?.specification ?? null;
  const [oldest] = read.keys();
  if (read.size >= READ_MAX && oldest !== undefined) read.delete(oldest);
  read.set(name, found.specification);
  return found.specification;
}

async function readSpecification(
  db: Db,
  sha256: string,
  document: string,
): Promise<{ specification: Specification; bytes: number } | null> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: specificationKey(sha256, document), ConsistentRead: true }),
  );
  if (!Item) return null;
  const content = Item["content"] as Uint8Array;
  const { spec, text } = await unpackJson<{ spec: object; text?: string }>(content);
  const specification = {
    id: Item["id"] as number,
    sha256,
    document,
    name: Item["name"] as string,
    spec,
    isLockfile: Item["isLockfile"] as boolean,
    createdAt: toDate(Item["createdAt"]),
    ...(text === undefined ? {} : { text }),
  };
  return { specification, bytes: content.byteLength };
}

/**
 * The large attribute of a specification's item, before anything is written.
 * @throws AppError invalid_request when it does not fit
 */
export const packSpecification = ({ spec, text }: NewSpecification): Promise<Uint8Array> =>
  packJson({ spec, text }, "The specification");

/** Stores it; one that is there already stays as it is. Writing it again costs no more than looking first. */
export const keepSpecification = (
  db: Db,
  { sha256, document, name, isLockfile }: NewSpecification,
  content: Uint8Array,
  id: number,
  at: Date,
): TransactItem =>
  change(db, specificationKey(sha256, document), {
    setMissing: withVersion({ id, name, isLockfile, createdAt: at.toISOString(), content }),
  });
