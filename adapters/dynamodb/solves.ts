/**
 * The last solve of the same request: which lock it gave, and what the indexes were then.
 * @module
 */
import type { IndexSource } from "#core/lock/solve-key.ts";
import { GetCommand, PutCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { withVersion } from "./item.ts";
import { solveItemKey } from "./keys.ts";

export interface RememberedSolve {
  /** The build that made it. */
  readonly build: number;
  readonly lockDigest: string;
  readonly sources: readonly IndexSource[];
}

/** @returns null when nobody solved this yet */
export async function getSolve(db: Db, solveKey: string): Promise<RememberedSolve | null> {
  const { Item } = await db.client.send(new GetCommand({ TableName: db.table, Key: solveItemKey(solveKey) }));
  if (!Item) return null;
  return {
    build: Item["build"] as number,
    lockDigest: Item["lockDigest"] as string,
    sources: Item["sources"] as readonly IndexSource[],
  };
}

/** The newest one is kept. */
export async function putSolve(db: Db, solveKey: string, solve: RememberedSolve): Promise<void> {
  await db.client.send(
    new PutCommand({ TableName: db.table, Item: withVersion({ ...solveItemKey(solveKey), ...solve }) }),
  );
}
