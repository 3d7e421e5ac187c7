/**
 * Rotating the keys that sign tokens. A new key verifies at once and signs a little later, when every function has read the
 * secret again; the old one verifies until its last login has ended. One write does it all.
 * @module
 */
import { randomBytes } from "node:crypto";
import {
  GetSecretValueCommand,
  InvalidParameterException,
  PutSecretValueCommand,
  type SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from "@aws-sdk/client-secrets-manager";
import { LOGIN_SECONDS } from "#core/token/claims.ts";
import { KEPT_MS, parseSecret, type SigningKey, signerAt, verifiersAt } from "./secret.ts";

/** Functions read the secret every five minutes. */
export const SIGNS_AFTER_MS = 2 * KEPT_MS;
const HOUR_MS = 3_600_000;
/** A login that the old key signed last has ended by then. */
export const OVERLAP_HOURS_MIN = Math.ceil((LOGIN_SECONDS * 1000 + SIGNS_AFTER_MS) / HOUR_MS);

export interface Rotation {
  /** The secret's new text. */
  readonly text: string;
  /** Newest first. */
  readonly keys: readonly SigningKey[];
  /** Those that nothing is verified with any more. */
  readonly dropped: readonly string[];
}

export interface RotationOptions {
  readonly now: Date;
  /** How long the keys of now verify on. null: they end at once, and with them every token. */
  readonly overlapHours: number | null;
}

/**
 * What the secret's text becomes; fields that are not keys stay as they are.
 * @throws Error when a rotation is under way already, or the overlap is too short for the logins of now
 */
export function rotate(text: string, { now, overlapHours }: RotationOptions): Rotation {
  const secret = parseSecret(text);
  const coming = secret.keys.find(({ signsFrom }) => signsFrom !== null && signsFrom > now);
  if (coming && overlapHours !== null) {
    throw new Error(
      `Key ${coming.kid} is about to sign, from ${coming.signsFrom?.toISOString()}: wait for it.`,
    );
  }
  if (overlapHours !== null && overlapHours < OVERLAP_HOURS_MIN) {
    throw new Error(`The overlap must be ${OVERLAP_HOURS_MIN} hours or more: logins of now last as long.`);
  }
  const signsFrom = overlapHours === null ? null : new Date(now.getTime() + SIGNS_AFTER_MS);
  const created: SigningKey = {
    kid: `${now.toISOString().slice(0, 10)}-${randomBytes(4).toString("hex")}`,
    secret: randomBytes(48).toString("base64url"),
    signsFrom,
    verifiesUntil: null,
  };
  const kept = overlapHours === null ? [] : verifiersAt(secret, now).map(endAfter(overlapHours, now));
  const { key: _, kid: __, ...others } = text.trimStart().startsWith("{") ? JSON.parse(text) : {};
  const keys = [created, ...kept];
  return {
    text: JSON.stringify({ ...others, keys: keys.map(written) }),
    keys,
    dropped: secret.keys.map(({ kid }) => kid).filter((kid) => !kept.some((key) => key.kid === kid)),
  };
}

const endAfter =
  (hours: number, now: Date) =>
  (key: SigningKey): SigningKey => ({
    ...key,
    verifiesUntil: key.verifiesUntil ?? new Date(now.getTime() + hours * HOUR_MS),
  });

const written = ({ kid, secret, signsFrom, verifiesUntil }: SigningKey) => ({
  kid,
  secret,
  ...(signsFrom && { signsFrom: signsFrom.toISOString() }),
  ...(verifiesUntil && { verifiesUntil: verifiesUntil.toISOString() }),
});

/** Keys in words, for who decides about them; never the keys. */
export function describeKeys(keys: readonly SigningKey[], now: Date): string[] {
  const signer = keys[0] && signerAt({ keys: [keys[0], ...keys.slice(1)], dummyPassword: null }, now);
  return keys.map((key) => {
    const signs = key.kid === signer?.kid ? "signs" : "verifies";
    const later = key.signsFrom && key.signsFrom > now ? `, signs from ${key.signsFrom.toISOString()}` : "";
    const end = key.verifiesUntil ? `, ends ${key.verifiesUntil.toISOString()}` : "";
    return `key ${key.kid}: ${signs}${later}${end}`;
  });
}

/** The secret's text and which version it is. */
export async function readVersion(
  client: SecretsManagerClient,
  secretId: string,
): Promise<{ readonly text: string; readonly version: string }> {
  const { SecretString, VersionId } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
  if (SecretString === undefined || VersionId === undefined) throw new Error("The secret holds no text.");
  return { text: SecretString, version: VersionId };
}

/**
 * Makes the text current, unless the secret is another one than it was read as.
 * @throws Error when somebody else has changed it meanwhile: nothing is changed then
 */
export async function replaceVersion(
  client: SecretsManagerClient,
  secretId: string,
  { text, version }: { readonly text: string; readonly version: string },
): Promise<void> {
  const stage = `rotation-${randomBytes(8).toString("hex")}`;
  const { VersionId } = await client.send(
    new PutSecretValueCommand({ SecretId: secretId, SecretString: text, VersionStages: [stage] }),
  );
  try {
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: secretId,
        VersionStage: "AWSCURRENT",
        MoveToVersionId: VersionId,
        RemoveFromVersionId: version,
      }),
    );
  } catch (error) {
    if (!(error instanceof InvalidParameterException)) throw error;
    throw new Error("The secret was changed meanwhile; nothing was done. Look again.");
  } finally {
    // Without a label a version is forgotten.
    await client.send(
      new UpdateSecretVersionStageCommand({
        SecretId: secretId,
        VersionStage: stage,
        RemoveFromVersionId: VersionId,
      }),
    );
  }
}
