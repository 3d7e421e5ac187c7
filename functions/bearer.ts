/**
 * Who a token speaks for, wherever it stands: the API and the image registry take the same ones.
 * @module
 */
import { createHash } from "node:crypto";
import type { Db } from "#adapters/dynamodb/db.ts";
import { serviceUsed } from "#adapters/dynamodb/service-use.ts";
import { isInForce } from "#adapters/dynamodb/token-in-force.ts";
import type { SecretCache } from "#adapters/secrets/secret.ts";
import { verifyToken } from "#adapters/secrets/tokens.ts";
import type { Entity } from "#core/access/entity.ts";
import type { ServiceTokens } from "#core/token/services.ts";

interface Services {
  readonly db: Db;
  readonly secret: SecretCache;
  /** Services with tokens of their own. */
  readonly services: ServiceTokens;
}

/** @returns null for a token that is none of ours, has ended or was revoked */
export async function bearerOf({ secret, db, services }: Services, token: string): Promise<Entity | null> {
  const service = services.size > 0 ? services.get(digest(token)) : undefined;
  if (service) {
    if (service.expiresAt !== null && service.expiresAt <= new Date()) return null;
    await serviceUsed(db, service.name);
    return service.entity;
  }
  const entity = await verifyToken(secret, token);
  return entity && (await isInForce(db, entity.tokenNames)) ? entity : null;
}

const digest = (text: string): string => createHash("sha256").update(text).digest("hex");
