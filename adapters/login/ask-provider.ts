/**
 * Requests to login providers: bounded in time and size, never redirected, never to a private address that the operator did
 * not allow, and by https wherever it is not one.
 * @module
 */
import { exchange } from "#adapters/exchange.ts";
import { checkHost, guardedLookup } from "#adapters/guard.ts";
import { AddressError, isAllowedPrivateHost } from "#core/address/check-url.ts";

export interface ProviderRequest {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as a form by POST; without it, it is a GET. */
  readonly form?: Readonly<Record<string, string>>;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Parsed JSON; undefined for anything else. */
  readonly json: unknown;
}

/** What is done for one login has this long in all: API Gateway waits for 29 seconds. */
const LOGIN_MS_MAX = 15_000;
export const REQUEST_MS_MAX = 6_000;
const ANSWER_BYTES_MAX = 512 * 1024;

/** A provider that is down, slow or does not keep to its protocol. `message` is for the log: it may quote the provider. */
export class ProviderError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "ProviderError";
  }
}

export type AskProvider = (request: ProviderRequest) => Promise<ProviderAnswer>;

/**
 * Everything that one login asks of its provider goes through one of these.
 * @param allMs how long all of its requests together may take
 * @throws ProviderError from the function that is returned: no answer in time, too long an answer, a forbidden address
 */
export function openProvider(allowPrivateHosts: readonly string[], allMs = LOGIN_MS_MAX): AskProvider {
  const deadline = AbortSignal.timeout(allMs);
  return async ({ url, headers = {}, form }) => {
    const address = checkAddress(url, allowPrivateHosts);
    try {
      const answer = await exchange(address, {
        method: form ? "POST" : "GET",
        headers: {
          accept: "application/json",
          "user-agent": "conda-store",
          ...(form ? { "content-type": "application/x-www-form-urlencoded" } : {}),
          ...headers,
        },
        body: Buffer.from(form ? new URLSearchParams(form).toString() : ""),
        idleMsMax: REQUEST_MS_MAX,
        bytesMax: ANSWER_BYTES_MAX,
        lookup: guardedLookup(address, allowPrivateHosts),
        signal: AbortSignal.any([deadline, AbortSignal.timeout(REQUEST_MS_MAX)]),
      });
      return { status: answer.status, headers: answer.headers, json: parsed(answer.body) };
    } catch (error) {
      throw new ProviderError(`${address.host} did not answer`, { cause: error });
    }
  };
}

/** @throws ProviderError for an address that neither we nor a browser should be sent to */
export function checkAddress(text: unknown, allowPrivateHosts: readonly string[]): URL {
  const url = typeof text === "string" ? URL.parse(text) : null;
  if (url === null) throw new ProviderError("the provider names something that is no address");
  try {
    checkHost(url, allowPrivateHosts);
  } catch (error) {
    if (error instanceof AddressError) throw new ProviderError(error.message, { cause: error });
    throw error;
  }
  if (url.protocol !== "https:" && !isAllowedPrivateHost(url, allowPrivateHosts)) {
    throw new ProviderError(`the provider's address at ${url.host} is not https`);
  }
  return url;
}

function parsed(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
