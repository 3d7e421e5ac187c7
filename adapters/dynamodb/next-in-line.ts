/**
 * Which builds come next: turns between namespaces, the oldest first inside one. Costs one read of the ring and one for each
 * namespace that has a turn, however many builds wait.
 * @module
 */
import { nextTurns, type Place, placeOf, type Turn } from "#core/build/turns.ts";
import type { Db } from "./db.ts";
import { countOlder, oldestWaiting, readTurns, type Share, type Waiting, waitingDue } from "./line.ts";

export interface Free {
  /** How many builds may start. */
  readonly slots: number;
  /** How many more of a namespace may. */
  readonly room: (namespace: string) => number;
}

/** How many more of the slots each namespace may have. @param most slots of one namespace at once */
export function roomOf(shares: readonly Share[], most: number): (namespace: string) => number {
  const held = new Map<string, number>();
  for (const { namespace } of shares) held.set(namespace, (held.get(namespace) ?? 0) + 1);
  return (namespace) => Math.max(0, most - (held.get(namespace) ?? 0));
}

/** The builds that may start now, in the order of the line. */
export async function nextInLine(
  db: Db,
  ring: readonly Turn[],
  now: Date,
  { slots, room }: Free,
): Promise<Waiting[]> {
  const found = new Map<string, readonly Waiting[]>();
  /** Builds that are due, of namespaces that have fewer than wait. */
  const due = new Map<string, number>();
  for (;;) {
    const most = ring.map((turn) => ({ ...turn, waiting: due.get(turn.namespace) ?? turn.waiting }));
    const order = nextTurns(most, room, slots);
    const wanted = new Map<string, number>();
    for (const namespace of order) wanted.set(namespace, (wanted.get(namespace) ?? 0) + 1);
    const missing = [...wanted].filter(([namespace, count]) => (found.get(namespace)?.length ?? 0) < count);
    if (missing.length === 0) return inOrder(order, found);
    await inParts(missing, async ([namespace, count]) => {
      const line = await waitingDue(db, namespace, now, count);
      found.set(namespace, line);
      if (line.length < count) due.set(namespace, line.length);
    });
  }
}

function inOrder(order: readonly string[], found: ReadonlyMap<string, readonly Waiting[]>): Waiting[] {
  const used = new Map<string, number>();
  return order.flatMap((namespace) => {
    const n = used.get(namespace) ?? 0;
    used.set(namespace, n + 1);
    return found.get(namespace)?.[n] ?? [];
  });
}

/**
 * Builds that wait longest, oldest first: at most `limit`, as many of each namespace. And how many wait in all.
 * @param round where more namespaces wait than that, which of them: each comes in one of the rounds
 */
export async function waiting(
  db: Db,
  limit: number,
  round = 0,
): Promise<{ readonly oldest: readonly Waiting[]; readonly count: number }> {
  const ring = (await readTurns(db)).filter((turn) => turn.waiting > 0);
  const count = ring.reduce((sum, turn) => sum + turn.waiting, 0);
  const first = ring.length > limit ? (round * limit) % ring.length : 0;
  const some = [...ring.slice(first), ...ring.slice(0, first)].slice(0, limit);
  const heads: Waiting[] = [];
  await inParts(some, async ({ namespace }) => {
    heads.push(...(await oldestWaiting(db, namespace, Math.floor(limit / some.length))));
  });
  return { oldest: heads.sort((a, b) => a.build - b.build), count };
}

/** Where a waiting build stands; null when it has just left the line. */
export async function readPlace(
  db: Db,
  build: { readonly id: number; readonly namespace: string },
): Promise<Place | null> {
  const [ring, older] = await Promise.all([readTurns(db), countOlder(db, build)]);
  return placeOf(ring, build.namespace, older);
}

/** Namespaces asked at a time. */
const AT_ONCE = 16;

async function inParts<T>(all: readonly T[], ask: (one: T) => Promise<void>): Promise<void> {
  for (let i = 0; i < all.length; i += AT_ONCE) await Promise.all(all.slice(i, i + AT_ONCE).map(ask));
}
