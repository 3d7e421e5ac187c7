/**
 * Tokens signed and verified with the deployment's secret.
 * @module
 */
import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import type { BindingMap } from "#core/access/binding.ts";
import type { Entity } from "#core/access/entity.ts";
import { AUDIENCE, entityOf } from "#core/token/claims.ts";
import { type Secret, type SecretCache, type SigningKey, signerAt, verifiersAt } from "./secret.ts";

const ALGORITHM = "HS256";
const bytesOf = (key: SigningKey): Uint8Array => new TextEncoder().encode(key.secret);

export interface NewToken {
  readonly primaryNamespace: string;
  readonly roleBindings: BindingMap;
  readonly expiresAt: Date;
  /** @default "authenticated" */
  readonly defaults?: Entity["defaults"];
  /** Under which the token is recorded and can be revoked. @default there is no record */
  readonly id?: string;
  /** Names of the tokens that it was made from. @default none */
  readonly madeFrom?: readonly string[];
}

/**
 * Signs a token with the key that signs now.
 * @param now only tests give another time.
 */
export async function mintToken(secret: SecretCache, token: NewToken, now = new Date()): Promise<string> {
  const claims = {
    primary_namespace: token.primaryNamespace,
    role_bindings: token.roleBindings,
    ...(token.defaults === "anonymous" ? { defaults: token.defaults } : {}),
    ...(token.madeFrom?.length ? { made_from: token.madeFrom } : {}),
    ...(token.id === undefined ? {} : { jti: token.id }),
  };
  return await signClaims(secret, claims, { audience: AUDIENCE, expiresAt: token.expiresAt, now });
}

/** Signs with the key that signs now. */
export async function signClaims(
  secret: SecretCache,
  claims: JWTPayload,
  { audience, expiresAt, now }: { readonly audience: string; readonly expiresAt: Date; readonly now: Date },
): Promise<string> {
  const key = signerAt(await secret.get(), now);
  return await new SignJWT(claims)
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT", kid: key.kid })
    .setAudience(audience)
    .setExpirationTime(expiresAt)
    .sign(bytesOf(key));
}

/**
 * Who a token speaks for.
 * @param now only tests give another time.
 * @returns null for anything but a token of ours that has not ended.
 * @throws when the secret cannot be read.
 */
export async function verifyToken(
  secret: SecretCache,
  token: string,
  now = new Date(),
): Promise<Entity | null> {
  // What is no token costs no look at the secret.
  if (headerOf(token)?.alg !== ALGORITHM) return null;
  const known = VERIFIED.get(await secret.get())?.get(token);
  if (known && known.until > now) return known.entity;
  const verified = await verifyClaims(secret, token, now);
  const entity = verified && entityOf(verified.claims);
  if (entity) {
    const until = earlier(entity.expiresAt ?? now, verified.key.verifiesUntil);
    remember(verified.source, token, { entity, until });
  }
  return entity;
}

/**
 * What a token with a good signature says, whomever it is for.
 * @returns null for anything but a token that was signed here and has not ended
 * @throws when the secret cannot be read
 */
export async function verifyClaims(
  secret: SecretCache,
  token: string,
  now: Date,
): Promise<{ readonly claims: JWTPayload; readonly source: Secret; readonly key: SigningKey } | null> {
  const header = headerOf(token);
  if (header?.alg !== ALGORITHM) return null;
  const { source, keys } = await candidates(secret, header.kid, now);
  for (const key of keys) {
    try {
      const { payload } = await jwtVerify(token, bytesOf(key), {
        algorithms: [ALGORITHM],
        requiredClaims: ["exp"],
        currentDate: now,
      });
      return { claims: payload, source, key };
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
    }
  }
  return null;
}

/**
 * Who good tokens speak for, kept as long as the secret that they were verified with: a client sends the same one with
 * every request, and verifying it costs more than the rest of many of them.
 */
const VERIFIED = new WeakMap<Secret, Map<string, Verified>>();

interface Verified {
  readonly entity: Entity;
  /** When the token ends, or its key. */
  readonly until: Date;
}

const earlier = (a: Date, b: Date | null): Date => (b !== null && b < a ? b : a);
const VERIFIED_MAX = 1000;

function remember(source: Secret, token: string, verified: Verified): void {
  const known = VERIFIED.get(source) ?? new Map<string, Verified>();
  const [oldest] = known.keys();
  if (known.size >= VERIFIED_MAX && oldest !== undefined) known.delete(oldest);
  known.set(token, verified);
  VERIFIED.set(source, known);
}

/** Keys worth trying. Tokens of the original name none; an unknown name may be a new key, so the secret is read again. */
async function candidates(
  secret: SecretCache,
  kid: string | undefined,
  now: Date,
): Promise<{ source: Secret; keys: readonly SigningKey[] }> {
  const source = await secret.get();
  if (kid === undefined) return { source, keys: verifiersAt(source, now) };
  const isKnown = source.keys.some((key) => key.kid === kid);
  const held = isKnown ? source : await secret.refresh();
  return { source: held, keys: verifiersAt(held, now).filter((key) => key.kid === kid) };
}

function headerOf(token: string): { alg?: string | undefined; kid?: string | undefined } | null {
  try {
    return decodeProtectedHeader(token);
  } catch {
    return null;
  }
}
