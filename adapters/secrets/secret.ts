/**
 * The deployment's secret: signing keys, and for the local deployment a login password.
 * @module
 */
import { createHash } from "node:crypto";
import * as v from "valibot";

export interface SigningKey {
  readonly kid: string;
  readonly secret: string;
}

export interface Secret {
  /** The first signs; all verify. During a rotation there are two. */
  readonly keys: readonly [SigningKey, ...SigningKey[]];
  /** Password of the dummy login; null where there is none. */
  readonly dummyPassword: string | null;
}

/** HS256 wants at least as many bytes as its hash has. */
const key = v.pipe(
  v.string("is missing a signing key"),
  v.minLength(32, "has a signing key shorter than 32 characters"),
);
const kid = v.pipe(v.string("has a key without kid"), v.nonEmpty("has an empty kid"));
const SecretDocument = v.object({
  keys: v.optional(
    v.array(v.object({ kid, secret: key }, "has a key that is no object"), "has keys that are no list"),
  ),
  /** One generated key: what a deployment starts with. */
  key: v.optional(key),
  kid: v.optional(kid),
  dummyPassword: v.optional(
    v.pipe(v.string("has a dummyPassword that is no string"), v.nonEmpty("has an empty dummyPassword")),
  ),
});

/**
 * Reads the secret's text: a JSON object with `keys` (or one generated `key` and its `kid`), or nothing but a generated string.
 * @throws Error that says what is wrong and never what was read.
 */
export function parseSecret(text: string): Secret {
  const document = text.trimStart().startsWith("{") ? parseJson(text) : { key: text };
  const result = v.safeParse(SecretDocument, document);
  if (!result.success) throw new Error(`The secret ${result.issues[0].message}.`);
  const { keys = [], key: secret, kid: name, dummyPassword = null } = result.output;
  const [first, ...others] = secret === undefined ? keys : [...keys, { kid: name ?? kidOf(secret), secret }];
  if (!first) throw new Error("The secret has no signing key.");
  return { keys: [first, ...others], dummyPassword };
}

/** A generated key has no name of its own; eight digits of its hash tell keys apart and give nothing away. */
const kidOf = (secret: string): string => createHash("sha256").update(secret).digest("hex").slice(0, 8);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's message quotes what it read, and this is the secret.
    throw new Error("The secret is not JSON.");
  }
}

const RELOAD_AFTER_MS = 60_000;

/** A secret kept in memory, with a bounded number of reads however many tokens name unknown keys. */
export interface SecretCache {
  get(): Promise<Secret>;
  /** Reads again if the last read is older than a minute. */
  refresh(): Promise<Secret>;
}

/**
 * @param read gives the secret's text.
 * @param nowMs a clock that only goes forward.
 */
export function cacheSecret(
  read: () => Promise<string>,
  nowMs: () => number = () => performance.now(),
): SecretCache {
  let cached: Promise<Secret> | undefined;
  let readAt = 0;
  const load = (): Promise<Secret> => {
    readAt = nowMs();
    const loading = read().then(parseSecret);
    const previous = cached;
    cached = loading;
    // A failed read is not kept: the next request tries again, and until then the old keys stay good.
    loading.catch(() => {
      if (cached === loading) cached = previous;
    });
    return loading;
  };
  return {
    get: () => cached ?? load(),
    refresh: () => (cached && nowMs() - readAt < RELOAD_AFTER_MS ? cached : load()),
  };
}

/** Reads from Secrets Manager. The client is loaded on first use: a request without a token never needs it. */
export const readSecret = (secretId: string) => async (): Promise<string> => {
  const { GetSecretValueCommand, SecretsManagerClient } = await import("@aws-sdk/client-secrets-manager");
  const { SecretString } = await new SecretsManagerClient().send(
    new GetSecretValueCommand({ SecretId: secretId }),
  );
  if (SecretString === undefined) throw new Error("The secret holds no text.");
  return SecretString;
};
