/**
 * One request to a true channel, with the rules for addresses at every hop.
 * @module
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { checkHost, guardedLookup } from "#adapters/guard.ts";
import { AddressError } from "#core/address/check-url.ts";
import { redact } from "#core/redact.ts";

export interface UpstreamRequest {
  readonly method: "GET" | "HEAD";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly allowPrivateHosts: readonly string[];
  readonly signal: AbortSignal;
}

const REDIRECTS_MAX = 5;
const DRAIN_BYTES_MAX = 64 * 1024;
const IDLE_MS_MAX = 60_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: 32 });
const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets: 32 });

/**
 * One request; a redirect is an answer like any other.
 * @throws AddressError for an address that may not be visited; Error for a connection that failed
 */
export async function askOnce(request: UpstreamRequest): Promise<IncomingMessage> {
  checkHost(request.url, request.allowPrivateHosts);
  return await once(request);
}

/**
 * Follows redirects, at most five. Other hosts on the way, and whoever they lead to, get the same headers but `authorization`.
 * @throws AddressError for an address that may not be visited; Error for a connection that failed
 */
export async function askUpstream(request: UpstreamRequest): Promise<IncomingMessage> {
  let { url, headers } = request;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
    const response = await askOnce({ ...request, url, headers });
    const location = REDIRECTS.has(response.statusCode ?? 0) ? response.headers.location : undefined;
    if (location === undefined) return response;
    drain(response);
    const next = URL.parse(location, url);
    if (next === null || !/^https?:$/.test(next.protocol)) {
      throw new AddressError(
        `${url.host} redirects to ${redact(location.slice(0, 100))}, which is no http(s) address`,
      );
    }
    if (next.origin !== url.origin) {
      const { authorization: _, ...others } = headers;
      headers = others;
    }
    url = next;
  }
  throw new Error(`${request.url.host} redirects more than ${REDIRECTS_MAX} times`);
}

/** Reads what nobody wants, so that the connection can be used again; not for ever, since it may have no end. */
export function drain(response: IncomingMessage): void {
  let bytes = 0;
  response.on("data", (data: Buffer) => {
    bytes += data.length;
    if (bytes > DRAIN_BYTES_MAX) response.destroy();
  });
  response.on("error", () => {});
}

function once({
  method,
  url,
  headers,
  allowPrivateHosts,
  signal,
}: UpstreamRequest): Promise<IncomingMessage> {
  const options = {
    method,
    headers: { ...headers, host: url.host },
    lookup: guardedLookup(url, allowPrivateHosts),
    signal,
  };
  return new Promise((resolve, reject) => {
    const outgoing =
      url.protocol === "https:"
        ? httpsRequest(url, { ...options, agent: httpsAgent }, resolve)
        : httpRequest(url, { ...options, agent: httpAgent }, resolve);
    outgoing.setTimeout(IDLE_MS_MAX, () =>
      outgoing.destroy(new Error(`${url.host} sent nothing for ${IDLE_MS_MAX / 1000} s`)),
    );
    outgoing.once("error", reject);
    outgoing.end();
  });
}
