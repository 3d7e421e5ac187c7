/**
 * Integer ids from atomic counters. An id that a failed write took is lost, never given out again.
 * @module
 */
import { UpdateCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { expressions } from "./expression.ts";
import { type CounterKind, counterKey, SCHEMA_VERSION } from "./keys.ts";

/** Each new build takes a turn too, so both are counted in one item and taken by one write. */
const COUNTS = {
  namespace: { item: "namespace", attribute: "lastId" },
  build: { item: "build", attribute: "lastId" },
  turn: { item: "build", attribute: "lastTurn" },
  role: { item: "role", attribute: "lastId" },
} as const satisfies Record<string, { readonly item: CounterKind; readonly attribute: string }>;
type Counted = keyof typeof COUNTS;

/** Where each counter is kept. */
export const COUNTER_ATTRIBUTES = Object.values(COUNTS);

/** The next id; the first is 1 unless the deployment seeded the counter higher. */
export async function nextId(db: Db, counted: Counted): Promise<number> {
  const { item, attribute } = COUNTS[counted];
  return Number((await take(db, item, [attribute]))[attribute]);
}

/** The next build's id, and a turn. */
export async function nextBuild(db: Db): Promise<{ readonly id: number; readonly turn: number }> {
  const { build, turn } = COUNTS;
  const taken = await take(db, build.item, [build.attribute, turn.attribute]);
  return { id: Number(taken[build.attribute]), turn: Number(taken[turn.attribute]) };
}

async function take(
  db: Db,
  item: CounterKind,
  attributes: readonly string[],
): Promise<Record<string, unknown>> {
  const { Attributes = {} } = await db.client.send(
    new UpdateCommand({
      TableName: db.table,
      Key: counterKey(item),
      ...expressions({
        add: Object.fromEntries(attributes.map((each) => [each, 1])),
        set: { v: SCHEMA_VERSION },
      }),
      ReturnValues: "UPDATED_NEW",
    }),
  );
  return Attributes;
}
