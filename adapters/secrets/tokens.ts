/**
 * Tokens signed and verified with the deployment's secret.
 * @module
 */
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import type { BindingMap } from "#core/access/binding.ts";
import type { Entity } from "#core/access/entity.ts";
import { AUDIENCE, entityOf } from "#core/token/claims.ts";
import type { SecretCache, SigningKey } from "./secret.ts";

const ALGORITHM = "HS256";
const bytesOf = (key: SigningKey): Uint8Array => new TextEncoder().encode(key.secret);

export interface NewToken {
  readonly primaryNamespace: string;
  readonly roleBindings: BindingMap;
  readonly expiresAt: Date;
  /** @default "authenticated" */
  readonly defaults?: Entity["defaults"];
}

/** Signs a token with the first key. */
export async function mintToken(secret: SecretCache, token: NewToken): Promise<string> {
  const [key] = (await secret.get()).keys;
  return new SignJWT({
    primary_namespace: token.primaryNamespace,
    role_bindings: token.roleBindings,
    ...(token.defaults === "anonymous" ? { defaults: token.defaults } : {}),
  })
    .setProtectedHeader({ alg: ALGORITHM, typ: "JWT", kid: key.kid })
    .setAudience(AUDIENCE)
    .setExpirationTime(token.expiresAt)
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
  const header = headerOf(token);
  if (header?.alg !== ALGORITHM) return null;
  for (const key of await candidates(secret, header.kid)) {
    try {
      const { payload } = await jwtVerify(token, bytesOf(key), {
        algorithms: [ALGORITHM],
        requiredClaims: ["exp"],
        currentDate: now,
      });
      return entityOf(payload);
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
    }
  }
  return null;
}

/** Keys worth trying. Tokens of the original name none; an unknown name may be a new key, so the secret is read again. */
async function candidates(secret: SecretCache, kid: string | undefined): Promise<readonly SigningKey[]> {
  const { keys } = await secret.get();
  if (kid === undefined) return keys;
  const known = keys.filter((key) => key.kid === kid);
  return known.length > 0 ? known : (await secret.refresh()).keys.filter((key) => key.kid === kid);
}

function headerOf(token: string): { alg?: string | undefined; kid?: string | undefined } | null {
  try {
    return decodeProtectedHeader(token);
  } catch {
    return null;
  }
}
