/**
 * One request to a true channel, with the rules for addresses at every hop.
 * @module
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { AddressError } from "#core/address/check-url.ts";
import { redact } from "#core/redact.ts";
import { checkHost, guardedLookup } from "./guard.ts";

export interface UpstreamRequest {
  readonly method: "GET" | "HEAD";
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly allowPrivateHosts: readonly string[];
  readonly signal: AbortSignal;
}

const REDIRECTS_MAX = 5;
const IDLE_MS_MAX = 60_000;
const REDIRECTS = new Set([301, 302, 303, 307, 308]);

const httpAgent = new HttpAgent({ keepAlive: true, maxSockets: 32 });
const httpsAgent = new HttpsAgent({ keepAlive: true, maxSockets: 32 });

/**
 * Follows redirects, at most five.
 * @throws AddressError for an address that may not be visited; Error for a connection that failed
 */
export async function askUpstream(request: UpstreamRequest): Promise<IncomingMessage> {
  let url = request.url;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
    checkHost(url, request.allowPrivateHosts);
    const response = await once({ ...request, url });
    const location = REDIRECTS.has(response.statusCode ?? 0) ? response.headers.location : undefined;
    if (location === undefined) return response;
    response.resume();
    const next = URL.parse(location, url);
    if (next === null || !/^https?:$/.test(next.protocol)) {
      throw new AddressError(
        `${url.host} redirects to ${redact(location.slice(0, 100))}, which is no http(s) address`,
      );
    }
    url = next;
  }
  throw new Error(`${request.url.host} redirects more than ${REDIRECTS_MAX} times`);
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
