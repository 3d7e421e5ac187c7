/**
 * The deployment's secret: signing keys, and for the local deployment a login password.
 * @module
 */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { openLender } from "#adapters/aws-lender.ts";
import { readSecretText } from "./secret-text.ts";

export interface SigningKey {
  readonly kid: string;
  readonly secret: string;
  /** Until then it verifies only, so that every function knows it before anybody meets its tokens; null: it signs. */
  readonly signsFrom: Date | null;
  /** From then on it verifies nothing; null: not yet known. */
  readonly verifiesUntil: Date | null;
}

export interface Secret {
  /** The newest first; during a rotation there are two. */
  readonly keys: readonly [SigningKey, ...SigningKey[]];
  /** Password of the dummy login; null where there is none. */
  readonly dummyPassword: string | null;
}

/** HS256 wants at least as many bytes as its hash has. */
const key = v.pipe(
  v.string("is missing a signing key"),
  v.minLength(32, "has a signing key shorter than 32 characters"),
);
const time = v.optional(
  v.pipe(
    v.string("has a time that is no string"),
    v.isoTimestamp("has a time that is none"),
    v.transform((text) => new Date(text)),
  ),
);
const kid = v.pipe(v.string("has a key without kid"), v.nonEmpty("has an empty kid"));
const SecretDocument = v.object({
  keys: v.optional(
    v.array(
      v.object({ kid, secret: key, signsFrom: time, verifiesUntil: time }, "has a key that is no object"),
      "has keys that are no list",
    ),
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
  const generated = secret === undefined ? [] : [{ kid: name ?? kidOf(secret), secret }];
  const [first, ...others] = [...keys, ...generated].map((each): SigningKey => {
    const { signsFrom = null, verifiesUntil = null } = { ...each };
    return { kid: each.kid, secret: each.secret, signsFrom, verifiesUntil };
  });
  if (!first) throw new Error("The secret has no signing key.");
  return { keys: [first, ...others], dummyPassword };
}

/** The newest that signs already. @throws Error when there is none */
export function signerAt({ keys }: Secret, now: Date): SigningKey {
  const signer = verifiersAt({ keys }, now).find(({ signsFrom }) => signsFrom === null || signsFrom <= now);
  if (!signer) throw new Error("The secret has no key that signs now: run npm run rotate-keys.");
  return signer;
}

/** Those whose tokens are good. */
export const verifiersAt = ({ keys }: Pick<Secret, "keys">, now: Date): SigningKey[] =>
  keys.filter(({ verifiesUntil }) => verifiesUntil === null || now < verifiesUntil);

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

/** A key that was taken out of the secret is good for so long in functions that are warm. */
export const KEPT_MS = 300_000;
const RELOAD_AFTER_MS = 60_000;

/** A secret kept in memory, with a bounded number of reads however many tokens name unknown keys. */
export interface SecretCache {
  /** As it was at most five minutes ago. */
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
  let known: { readonly text: string; readonly secret: Secret } | undefined;
  let loading: Promise<Secret> | undefined;
  let readAt = 0;
  let staleAt = 0;
  const load = (): Promise<Secret> => {
    readAt = nowMs();
    loading ??= read()
      .then((text) => {
        // The same object while nothing changed: what was verified with it stays verified.
        if (known?.text !== text) known = { text, secret: parseSecret(text) };
        staleAt = nowMs() + KEPT_MS;
        return known.secret;
      })
      .catch((error: unknown) => {
        // A failed read is not kept: it is tried again, and until then the old keys stay good.
        staleAt = nowMs() + RELOAD_AFTER_MS;
        throw error;
      })
      .finally(() => {
        loading = undefined;
      });
    return loading;
  };
  return {
    get: async () => {
      if (known === undefined) return await load();
      const { secret } = known;
      return nowMs() < staleAt ? secret : await load().catch(() => secret);
    },
    refresh: async () => (known && nowMs() - readAt < RELOAD_AFTER_MS ? known.secret : await load()),
  };
}

/**
 * Reads from Secrets Manager.
 * @param secretId its ARN, which tells the region, or a name in the region of the environment
 */
export const readSecret = (secretId: string) => async (): Promise<string> => {
  const text = await readSecretText(openLender(secretId.split(":")[3]), secretId);
  if (text === null) throw new Error("The secret holds no text.");
  return text;
};
