/**
 * Who is counted for what costs most: builds that are asked for, and passwords that are tried.
 * @module
 */
import { createHash } from "node:crypto";
import { type CountedRequest, countRequest, refuseIfFull } from "#adapters/dynamodb/rates.ts";
import { rolesByPattern } from "#core/access/binding.ts";
import type { Entity } from "#core/access/entity.ts";
import { TooManyRequests } from "#core/errors.ts";
import { NAMES_BEHIND_ADDRESS } from "#core/rates.ts";
import type { ApiContext } from "../context.ts";
import type { Services } from "../services.ts";

/** So many times as many tokens may be asked for as builds. */
const TOKENS_FOR_A_BUILD = 10;

type Counting = Pick<Services, "db" | "rates">;

/** @throws TooManyRequests */
export const countSubmission = (counting: Counting, own: Entity, c: ApiContext): Promise<void> =>
  countRequest(counting.db, submissionOf(counting, own, c));

/**
 * Work that counts the submission in the transaction by which it ends, which saves a call. What fails is counted here, so that
 * refused requests are bounded too.
 * @throws TooManyRequests
 */
export async function countedSubmission<T>(
  counting: Counting,
  own: Entity,
  c: ApiContext,
  work: (counted: CountedRequest) => Promise<T>,
): Promise<T> {
  const counted = submissionOf(counting, own, c);
  refuseIfFull(counting.db, counted);
  try {
    return await work(counted);
  } catch (error) {
    if (!(error instanceof TooManyRequests)) await countRequest(counting.db, counted);
    throw error;
  }
}

const submissionOf = ({ rates }: Counting, own: Entity, c: ApiContext): CountedRequest => ({
  party: `submission#${principalOf(own, c)}`,
  bounds: { requests: rates.submissionsPerMinute },
  at: new Date(),
});

/** Tokens are records too, but cheap ones: hubs make one for each page that they show. @throws TooManyRequests */
export const countToken = ({ db, rates }: Counting, own: Entity, c: ApiContext): Promise<void> =>
  countRequest(db, {
    party: `token#${principalOf(own, c)}`,
    bounds: { requests: TOKENS_FOR_A_BUILD * rates.submissionsPerMinute },
    at: new Date(),
  });

/**
 * Before the password is looked at. The name is hashed: people type passwords into the wrong field.
 * @throws TooManyRequests
 */
export const countLogin = ({ db, rates }: Counting, username: string, c: ApiContext): Promise<void> =>
  countRequest(db, {
    party: `login#${addressOf(c)}`,
    bounds: {
      requests: NAMES_BEHIND_ADDRESS * rates.loginsPerMinute,
      [`name_${digest(username)}`]: rates.loginsPerMinute,
    },
    at: new Date(),
  });

/** Logins that are begun at a provider: each leaves an item for ten minutes. @throws TooManyRequests */
export const countProviderLogin = ({ db, rates }: Counting, c: ApiContext): Promise<void> =>
  countRequest(db, {
    party: `provider#${addressOf(c)}`,
    bounds: { requests: NAMES_BEHIND_ADDRESS * rates.loginsPerMinute },
    at: new Date(),
  });

/** Tokens are made from tokens, so what they share is counted: their namespace; for services, which have none, their rights. */
function principalOf({ authenticated, defaults, primaryNamespace, bindings }: Entity, c: ApiContext): string {
  if (!authenticated || defaults === "anonymous") return `nobody#${addressOf(c)}`;
  if (primaryNamespace !== "") return `member#${primaryNamespace}`;
  return `service#${digest(JSON.stringify(Object.entries(rolesByPattern(bindings)).sort()))}`;
}

const addressOf = (c: ApiContext): string => c.env?.address ?? "";
const digest = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 16);
