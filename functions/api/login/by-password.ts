/**
 * Logging in with a name and a password.
 * @module
 */
import { createHash, timingSafeEqual } from "node:crypto";
import { type AuditedDb, by } from "#adapters/dynamodb/audit.ts";
import { AppError } from "#core/errors.ts";
import type { PasswordBackend } from "#core/login/backends.ts";
import { LOGIN_SECONDS } from "#core/token/claims.ts";
import { issueToken } from "../issue-token.ts";
import type { Services } from "../services.ts";
import { providerFailed } from "./provider-failed.ts";

export interface Given {
  readonly username: string;
  readonly password: string;
  /** The caller's, as API Gateway saw it. */
  readonly address: string;
}

type Parts = Services & { readonly db: AuditedDb };

/**
 * @returns a token
 * @throws AppError `invalid_credentials`, `login_refused`, `provider_failed`
 */
export async function logInByPassword(
  services: Parts,
  backend: PasswordBackend,
  given: Given,
): Promise<string> {
  if (backend.kind === "dummy") return await dummyToken(services, given);
  const [{ askHook }, { admit }] = await Promise.all([
    import("#adapters/login/hook.ts"),
    import("./admit.ts"),
  ]);
  const identity = await askHook(services.db.client, backend, given).catch((error: unknown) => {
    throw providerFailed(backend, error);
  });
  if (identity === null) throw wrong();
  return await admit(services, backend, identity, new Date());
}

async function dummyToken(services: Parts, { username, password }: Given): Promise<string> {
  const { dummyPassword } = await services.secret.get();
  if (dummyPassword === null || !equal(password, dummyPassword)) throw wrong();
  const own = { db: by(services.db, { kind: "user", name: username }), secret: services.secret };
  const { token } = await issueToken(own, {
    kind: "login",
    name: null,
    madeFrom: [],
    primaryNamespace: username,
    // As the original's dummy login: whoever knows the password of a local deployment owns all of it.
    roleBindings: { "*/*": ["admin"] },
    expiresAt: new Date(Date.now() + LOGIN_SECONDS * 1000),
  });
  return token;
}

const wrong = (): AppError => new AppError("invalid_credentials", "Invalid authentication credentials");

/** Compares in constant time; hashing first makes the lengths equal. */
function equal(given: string, expected: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
