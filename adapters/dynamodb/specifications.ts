/**
 * Specifications: written once, never changed. conda-store's hash ignores the order of arrays, so under one hash there
 * may be several documents, each with its own order.
 * @module
 */
import { GetCommand } from "@aws-sdk/lib-dynamodb";
import type { Db } from "./db.ts";
import { packJson, toDate, unpackJson } from "./item.ts";
import { specificationKey } from "./keys.ts";

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

/** The specification, or null. */
export async function getSpecification(
  db: Db,
  sha256: string,
  document: string,
): Promise<Specification | null> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: specificationKey(sha256, document), ConsistentRead: true }),
  );
  if (!Item) return null;
  const { spec, text } = await unpackJson<{ spec: object; text?: string }>(Item["content"]);
  return {
    id: Item["id"] as number,
    sha256,
    document,
    name: Item["name"] as string,
    spec,
    isLockfile: Item["isLockfile"] as boolean,
    createdAt: toDate(Item["createdAt"]),
    ...(text === undefined ? {} : { text }),
  };
}

/** Says whether the document is stored, without fetching it. */
export async function hasSpecification(db: Db, sha256: string, document: string): Promise<boolean> {
  const { Item } = await db.client.send(
    new GetCommand({
      TableName: db.table,
      Key: specificationKey(sha256, document),
      ProjectionExpression: "id",
      ConsistentRead: true,
    }),
  );
  return Item !== undefined;
}

/**
 * The large attribute of a specification's item, before anything is written.
 * @throws AppError invalid_request when it does not fit
 */
export const packSpecification = ({ spec, text }: NewSpecification): Promise<Uint8Array> =>
  packJson({ spec, text }, "The specification");

/** The attributes of a specification's item. */
export const fromSpecification = (
  { name, isLockfile }: NewSpecification,
  content: Uint8Array,
  id: number,
  at: Date,
): Record<string, unknown> => ({ id, name, isLockfile, createdAt: at.toISOString(), content });
