/**
 * Credentials of private channels: what a namespace's secret holds, and which requests get what of it.
 * @module
 */
import * as v from "valibot";
import { isAllowedPrivateHost } from "#core/address/check-url.ts";
import { channelAddresses } from "#core/specification/channel.ts";

/** Visible characters only: nothing that could begin another header, or another part of an address. */
const word = (what: string, form: RegExp) =>
  v.pipe(
    v.string(`has a ${what} that is no string`),
    v.regex(form, `has a ${what} with characters that it cannot have`),
  );

/** HTTP's Basic, HTTP's Bearer, and conda's token in the path. */
const Credential = v.union(
  [
    v.strictObject({
      username: word("username", /^[^\p{Cc}:]{1,512}$/u),
      password: word("password", /^[^\p{Cc}]{1,4096}$/u),
    }),
    v.strictObject({ bearer: word("bearer", /^[A-Za-z0-9._~+/=-]{1,8192}$/) }),
    v.strictObject({ token: word("token", /^[A-Za-z0-9._~=-]{1,4096}$/) }),
  ],
  "has a channel without username and password, without bearer and without token",
);
export type ChannelCredential = v.InferOutput<typeof Credential>;

const Document = v.record(v.string(), Credential, "is no object with a channel for each key");

/** By the channel as specifications name it. */
export type ChannelCredentials = Readonly<Record<string, ChannelCredential>>;

/**
 * Reads a namespace's secret.
 * @throws Error that says what is wrong, as the end of a sentence, and never what was read
 */
export function parseChannelCredentials(text: string): ChannelCredentials {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // The parser's message quotes what it read, and this is a secret.
    throw new Error("is not JSON");
  }
  const result = v.safeParse(Document, value);
  if (!result.success) throw new Error(result.issues[0].message);
  return result.output;
}

/** Where a request goes, and with what. */
export interface Authorised {
  readonly url: URL;
  /** The header `Authorization`; null where the address says it, or nothing does. */
  readonly authorization: string | null;
}

export interface ChannelKeys {
  /**
   * The request with what the namespace has for it.
   * @param url of a file of a channel, without credentials
   */
  authorise(url: URL): Authorised;
  /** Whether there is anything for this address. */
  has(url: URL): boolean;
}

/**
 * @param alias address in front of bare names
 * @param allowPrivateHosts where even http may carry credentials: these are on the operator's own network
 */
export function openChannelKeys(
  credentials: ChannelCredentials,
  alias: string,
  allowPrivateHosts: readonly string[],
): ChannelKeys {
  const known = Object.entries(credentials)
    .flatMap(([channel, credential]) =>
      channelAddresses(channel, alias).map((address) => ({ address: `${address}/`, credential })),
    )
    // Where one address begins another, the longer one is meant.
    .sort((a, b) => b.address.length - a.address.length);
  const find = (url: URL): ChannelCredential | undefined => {
    if (url.protocol !== "https:" && !isAllowedPrivateHost(url, allowPrivateHosts)) return undefined;
    const text = `${url.origin}${url.pathname}`;
    return known.find(({ address }) => text.startsWith(address))?.credential;
  };
  return {
    has: (url) => find(url) !== undefined,
    authorise(url) {
      const credential = find(url);
      if (credential === undefined) return { url, authorization: null };
      if ("bearer" in credential) return { url, authorization: `Bearer ${credential.bearer}` };
      if ("token" in credential) {
        const secret = new URL(url);
        secret.pathname = `/t/${credential.token}${url.pathname}`;
        return { url: secret, authorization: null };
      }
      const pair = Buffer.from(`${credential.username}:${credential.password}`).toString("base64");
      return { url, authorization: `Basic ${pair}` };
    },
  };
}
