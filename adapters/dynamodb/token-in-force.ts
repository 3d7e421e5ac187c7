/**
 * Whether a token with a record has been revoked: asked with every request that brings one, so the answer is kept for a few
 * seconds, and use is written down once an hour.
 * @module
 */
import { tokenName } from "#core/token/token-name.ts";
import type { Db } from "./db.ts";
import { getTokens, tokenUsed, USED_AGAIN_SECONDS } from "./tokens.ts";

/** As long may a warm function not know that a token was revoked by another one. */
export const KNOWN_MS = 5_000;
const KNOWN_MAX = 1000;

interface Known {
  readonly revoked: boolean;
  /** Ends what was logged in, and not the tokens that were made meanwhile. */
  readonly loggedOut: boolean;
  readonly untilMs: number;
}
/** By the client, which all connections of one function share, whoever they write for. */
const KNOWN = new WeakMap<Db["client"], Map<string, Known>>();

/**
 * @param names the token's own first, then those of the tokens that it was made from: it ends with any of them
 * @param nowMs a clock that only goes forward
 * @returns false as well for a token whose record is not there
 */
export async function isInForce(
  db: Db,
  names: readonly string[],
  nowMs: number = performance.now(),
): Promise<boolean> {
  const [own] = names;
  if (own === undefined) return true;
  const known = knownOf(db);
  const answers = new Map(
    names.flatMap((name) => {
      const answer = known.get(name);
      return answer && answer.untilMs > nowMs ? [[name, answer] as const] : [];
    }),
  );
  const open = names.filter((name) => !answers.has(name));
  if (open.length > 0) await look(db, open, own, nowMs, answers);
  return names.every((name) => {
    const answer = answers.get(name);
    return answer !== undefined && !answer.revoked && !(name === own && answer.loggedOut);
  });
}

/** Here, the next question is answered by the table. */
export function forgetToken(db: Db, name: string): void {
  knownOf(db).delete(name);
}

async function look(
  db: Db,
  open: readonly string[],
  own: string,
  nowMs: number,
  answers: Map<string, Known>,
): Promise<void> {
  const known = knownOf(db);
  for (const token of await getTokens(db, open)) {
    const name = tokenName(token.primaryNamespace, token.id);
    const { revokedOn, loggedOutOn, lastUsedOn } = token;
    const answer = {
      revoked: revokedOn !== null,
      loggedOut: loggedOutOn !== null,
      untilMs: nowMs + KNOWN_MS,
    };
    answers.set(name, answer);
    known.delete(name);
    const [oldest] = known.keys();
    if (known.size >= KNOWN_MAX && oldest !== undefined) known.delete(oldest);
    known.set(name, answer);
    const now = new Date();
    const isFresh = lastUsedOn && now.getTime() - lastUsedOn.getTime() < USED_AGAIN_SECONDS * 1000;
    if (name === own && !isFresh && !answer.revoked && !answer.loggedOut) {
      // A request is worth more than the time of its token's last use; that is written with one of the next.
      await tokenUsed(db, token, now).catch(() => {});
    }
  }
}

function knownOf({ client }: Db): Map<string, Known> {
  const known = KNOWN.get(client) ?? new Map<string, Known>();
  KNOWN.set(client, known);
  return known;
}
