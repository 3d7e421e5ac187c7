/**
 * Which hosts the task connects to: what a name resolves to is judged here, and the connection goes to the judged
 * address, so that a name cannot change its meaning in between.
 * @module
 */
import { lookup as dnsLookup, type LookupAddress } from "node:dns";
import type { LookupFunction } from "node:net";
import { AddressError, checkUrl, isAllowedPrivateHost } from "#core/address/check-url.ts";
import { isPublicIp } from "#core/address/ip.ts";

/**
 * Checks the host of an address as far as its text tells. Path and query are upstream's business: a redirect may go to
 * a signed address that looks like one with a token.
 * @throws AddressError
 */
export function checkHost(url: URL, allowPrivateHosts: readonly string[]): void {
  if (url.username !== "" || url.password !== "") {
    throw new AddressError(`The address at ${url.host} holds credentials, which are not passed on`);
  }
  checkUrl(`${url.origin}/`, allowPrivateHosts);
}

/** A `lookup` for `node:net` that gives public addresses only, unless the operator allowed this host. */
export function guardedLookup(url: URL, allowPrivateHosts: readonly string[]): LookupFunction {
  const allowed = isAllowedPrivateHost(url, allowPrivateHosts);
  return (hostname, options, callback) => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      if (error) return callback(error, "");
      const usable = allowed ? addresses : addresses.filter(({ address }) => isPublicIp(address));
      const [first] = usable;
      if (!first) {
        const refused = new AddressError(
          `The name ${hostname} stands for a private or loopback address, which builds may not visit: ` +
            "use a public host, or ask the operator to allow this one",
        );
        return callback(refused, "");
      }
      if (options.all) return callback(null, usable);
      return callback(null, first.address, first.family);
    });
  };
}
