/**
 * Rounds in turns: each route at both sizes of the store and of the original, so that a slow moment of the machine meets all of
 * them.
 * @module
 */
import type { Load, Measured } from "./load.ts";
import type { OurApi } from "./our-api.ts";
import type { Peer } from "./peer.ts";
import { BENCH_ROUTES, type RouteName } from "./routes.ts";

/** One route in one round. */
export interface RouteRound {
  readonly one: Measured;
  readonly sixteen: Measured;
  /** One client, in the small store. */
  readonly few: Measured;
  /** The original, where it runs and answers. */
  readonly peer: { readonly one: Measured; readonly sixteen: Measured } | null;
}

export type Rounds = ReadonlyMap<RouteName, readonly RouteRound[]>;

export interface Sides {
  readonly many: OurApi;
  readonly few: OurApi;
  readonly peer: Peer | null;
}

const CLIENTS = 16;
/** Of one client's requests, with both stores in turns: the garbage of the route before is cleared away in one of them. */
const PIECES = 5;
/** The original takes a hundred times as long for some. */
const PEER_SHARE = 10;

export async function runRounds(
  { many, few, peer }: Sides,
  { rounds, requests }: { readonly rounds: number; readonly requests: number },
  say: (line: string) => void,
): Promise<Rounds> {
  let asked = 0;
  const loadOf = (clients: number, count: number): Load => {
    asked += count;
    return { clients, count, from: asked - count };
  };
  const short = Math.max(CLIENTS, Math.ceil(requests / PEER_SHARE));
  const inTurns = async (name: RouteName): Promise<{ one: Measured; few: Measured }> => {
    const [one, small]: [Measured[], Measured[]] = [[], []];
    const part = Math.ceil(requests / PIECES);
    for (let piece = 0; piece < PIECES; piece += 1) {
      one.push(await many.measure(name, loadOf(1, part)));
      small.push(await few.measure(name, loadOf(1, part)));
    }
    return { one: middle(one), few: middle(small) };
  };
  const measurePeer = async (name: RouteName): Promise<RouteRound["peer"]> => {
    const one = await peer?.measure(name, loadOf(1, short));
    const sixteen = one && (await peer?.measure(name, loadOf(CLIENTS, short)));
    return one && sixteen ? { one, sixteen } : null;
  };
  // Until Node has compiled what is used often, a request costs a multiple.
  for (const { name } of BENCH_ROUTES) {
    for (const api of [many, few]) await api.measure(name, loadOf(1, 2 * requests));
    await peer?.measure(name, loadOf(1, 3));
  }
  const measured = new Map<RouteName, RouteRound[]>();
  for (let round = 1; round <= rounds; round += 1) {
    for (const { name } of BENCH_ROUTES) {
      const ours = await inTurns(name);
      const sixteen = await many.measure(name, loadOf(CLIENTS, requests));
      const theirs = await measurePeer(name);
      measured.set(name, [...(measured.get(name) ?? []), { ...ours, sixteen, peer: theirs }]);
    }
    say(`round ${round} of ${rounds}`);
  }
  return measured;
}

/** The piece with the median of processor time. */
function middle(pieces: readonly Measured[]): Measured {
  const sorted = [...pieces].sort((a, b) => a.cpuMs - b.cpuMs);
  const found = sorted[Math.floor(sorted.length / 2)];
  if (!found) throw new Error("nothing was measured");
  return found;
}
