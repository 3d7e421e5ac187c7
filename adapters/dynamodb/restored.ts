/**
 * What a table that was brought back to an earlier second must be told of the time since.
 * @module
 */
import { ConditionalCheckFailedException, GetCommand, UpdateCommand } from "./commands.ts";
import { COUNTER_ATTRIBUTES } from "./counters.ts";
import type { Db } from "./db.ts";
import { readEnvironmentNames } from "./environments.ts";
import { expressions } from "./expression.ts";
import { type CounterKind, counterKey, SCHEMA_VERSION } from "./keys.ts";
import { readNamespaces } from "./namespaces.ts";

/**
 * Raises every counter to where it stood, so that no id which a client has seen is given a second time. Doing it again
 * changes nothing, and a counter that has gone further stays.
 * @returns the highest build's id that was ever given
 */
export async function raiseCounters(from: Db, to: Db): Promise<number> {
  for (const { item, attribute } of COUNTER_ATTRIBUTES) {
    const reached = await lastOf(from, item, attribute);
    await to.client
      .send(
        new UpdateCommand({
          TableName: to.table,
          Key: counterKey(item),
          ...expressions({
            set: { [attribute]: reached, v: SCHEMA_VERSION },
            where: { [attribute]: { below: reached } },
          }),
        }),
      )
      .catch((error: unknown) => {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
      });
  }
  return await lastOf(to, "build", "lastId");
}

async function lastOf(db: Db, item: CounterKind, attribute: string): Promise<number> {
  const { Item = {} } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: counterKey(item), ConsistentRead: true }),
  );
  return Number(Item[attribute] ?? 0);
}

/** Environments that either table knows: a link of each may lead to what the other one wanted. */
export async function environmentsOfBoth(
  from: Db,
  to: Db,
): Promise<{ readonly namespace: string; readonly environment: string }[]> {
  const found = new Map<string, { namespace: string; environment: string }>();
  for (const db of [from, to]) {
    for (const { name: namespace } of await readNamespaces(db, "asc")) {
      for await (const environment of readEnvironmentNames(db, namespace, null)) {
        found.set(`${namespace}/${environment}`, { namespace, environment });
      }
    }
  }
  return [...found.values()];
}
