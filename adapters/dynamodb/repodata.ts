/**
 * What prefetch knows of channels: one item for each subdir of each channel.
 * @module
 */

import { newState, type RepodataPlace, type RepodataState } from "#core/repodata/state.ts";
import { batchGet } from "./batch-get.ts";
import { ConditionalCheckFailedException, DeleteCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import type { Item } from "./item.ts";
import { REPODATA, repodataKey } from "./keys.ts";
import { readPartition } from "./query.ts";
import { isVersion, putVersioned } from "./versioned.ts";

/** Of every channel that is, or was, configured. */
export async function listRepodata(db: Db): Promise<RepodataState[]> {
  const states: RepodataState[] = [];
  for await (const item of readPartition(db, { partition: REPODATA })) states.push(toState(item));
  return states;
}

/** Of these places: those that there is something of. */
export const getRepodata = async (db: Db, places: readonly RepodataPlace[]): Promise<RepodataState[]> =>
  (await batchGet(db, places.map(repodataKey))).map(toState);

function toState(item: Item): RepodataState {
  const { pk: _pk, sk: _sk, v: _v, writtenBy: _by, ...state } = item;
  return { ...newState(state as unknown as RepodataPlace), ...state };
}

/**
 * Stores a state in place of the one that it was made from.
 * @returns what is stored now, or null when another writer was first: then nothing is changed
 */
export async function putRepodata(db: Db, state: RepodataState): Promise<RepodataState | null> {
  const { version } = state;
  const stored = { ...state, version: version + 1 };
  return (await putVersioned(db, { ...repodataKey(state), ...stored }, version)) ? stored : null;
}

/** Forgets a state. @returns false when another writer was first; true also when it has gone already */
export async function deleteRepodata(db: Db, state: RepodataState): Promise<boolean> {
  const gone = new DeleteCommand({
    TableName: db.table,
    Key: repodataKey(state),
    ReturnValuesOnConditionCheckFailure: "ALL_OLD",
    ...isVersion(state.version),
  });
  return await db.client.send(gone).then(
    () => true,
    (error: unknown) => {
      // What has gone may be gone by this very call, whose answer was lost.
      if (error instanceof ConditionalCheckFailedException) return error.Item === undefined;
      throw error;
    },
  );
}
