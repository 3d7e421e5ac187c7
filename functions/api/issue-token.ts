/**
 * Handing out tokens that can be listed and revoked.
 * @module
 */
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { putToken, type TokenRecord } from "#adapters/dynamodb/tokens.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import { AppError } from "#core/errors.ts";
import { newTokenId } from "#core/token/token-name.ts";
import type { Services } from "./services.ts";

export type IssuedToken = Pick<
  TokenRecord,
  "kind" | "name" | "primaryNamespace" | "roleBindings" | "expiresAt"
> & {
  /** Names of the tokens that it is made from. */
  readonly madeFrom: readonly string[];
};

/** Gateways take about 10 KB of headers; a token beyond this could not be sent back. */
const TOKEN_LENGTH_MAX = 7_000;

/**
 * Signs a token and keeps a record of it; the record is there before the token is.
 * @throws AppError invalid_token_request (too many roles for one token)
 */
export async function issueToken(
  { db, secret }: Pick<Services, "secret"> & { readonly db: AuditedDb },
  { madeFrom, ...issued }: IssuedToken,
): Promise<{ readonly token: string; readonly id: string }> {
  const createdOn = new Date();
  const id = newTokenId(createdOn);
  const token = await mintToken(secret, { ...issued, id, madeFrom });
  mustFit(token);
  await putToken(db, { ...issued, id, createdOn });
  return { token, id };
}

/** @throws AppError invalid_token_request */
export function mustFit(token: string): void {
  if (token.length <= TOKEN_LENGTH_MAX) return;
  throw new AppError(
    "invalid_token_request",
    "Requested role_bindings are too many for one token: name fewer.",
  );
}
