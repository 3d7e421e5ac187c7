/**
 * Whose turn it is: the oldest build first inside a namespace, turns between namespaces, as on a ring. A namespace that
 * joins the ring, or has had its turn, takes the next number; the lowest number comes first. One that may not start a
 * build now keeps its number.
 * @module
 */

/** A namespace whose builds wait. */
export interface Turn {
  readonly namespace: string;
  readonly turn: number;
  /** How many of its builds wait. */
  readonly waiting: number;
}

const inOrder = (a: Turn, b: Turn): number => a.turn - b.turn || (a.namespace < b.namespace ? -1 : 1);

/**
 * The next turns, in order: namespaces, each as often as it may start a build.
 * @param room how many builds more a namespace may have at work
 * @param count at most so many turns
 */
export function nextTurns(
  ring: readonly Turn[],
  room: (namespace: string) => number,
  count: number,
): string[] {
  let left = ring
    .toSorted(inOrder)
    .map(({ namespace, waiting }) => ({ namespace, turns: Math.min(waiting, room(namespace)) }))
    .filter(({ turns }) => turns > 0);
  const order: string[] = [];
  for (let round = 1; left.length > 0 && order.length < count; round++) {
    for (const { namespace } of left.slice(0, count - order.length)) order.push(namespace);
    left = left.filter(({ turns }) => turns > round);
  }
  return order;
}

/** A build's place among all that wait, if every namespace had room. */
export interface Place {
  /** 1 for the next. */
  readonly position: number;
  readonly of: number;
}

/**
 * @param before builds of the same namespace that wait and are older
 * @returns null when the namespace does not wait: the build has just left the line
 */
export function placeOf(ring: readonly Turn[], namespace: string, before: number): Place | null {
  const own = ring.find((turn) => turn.namespace === namespace);
  if (!own || own.waiting <= before) return null;
  const others = ring.filter((turn) => turn !== own);
  const sooner = others.map((turn) => Math.min(turn.waiting, before + (inOrder(turn, own) < 0 ? 1 : 0)));
  return { position: 1 + before + sum(sooner), of: sum(ring.map(({ waiting }) => waiting)) };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((all, each) => all + each, 0);
