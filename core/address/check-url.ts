/**
 * Which addresses the service may visit on behalf of users, as far as the text tells; what a name resolves to is
 * judged by whoever connects, with `isPublicIp`, and again after each redirect.
 * @module
 */
import { redact } from "#core/redact.ts";
import { isPublicIp, parseIpv4 } from "./ip.ts";

/** An address that is refused. `message` is a sentence for the user, without secrets. */
export class AddressError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "AddressError";
  }
}

const shown = (text: string): string => {
  const line = redact(text.replace(/[^\x20-\x7e]/g, "?"));
  return line.length > 120 ? `${line.slice(0, 117)}...` : line;
};

/**
 * May this host be visited although it is private or loopback?
 * @param url a parsed address.
 * @param allowPrivateHosts `host` (any port) or `host:port`; IPv6 in brackets.
 */
export function isAllowedPrivateHost(url: URL, allowPrivateHosts: readonly string[]): boolean {
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return allowPrivateHosts.some((entry) => {
    const wanted = entry.trim().toLowerCase();
    return wanted === url.hostname || wanted === `${url.hostname}:${port}`;
  });
}

/** Names that are loopback by definition, and addresses that are not public. The URL parser has normalised both. */
function isPrivateHost(hostname: string): boolean {
  const name = hostname.replace(/\.$/, "");
  if (name.startsWith("[")) return !isPublicIp(name.slice(1, -1));
  if (parseIpv4(name) !== null) return !isPublicIp(name);
  return name === "localhost" || name.endsWith(".localhost");
}

/**
 * Checks an address that a user gave: http(s), no credentials, no private host.
 * Numbers such as `http://2130706433` or `http://0x7f.1` are read as the address they mean.
 * @param text the address.
 * @param allowPrivateHosts hosts (`host` or `host:port`) that are let through although private.
 * @returns the parsed address.
 * @throws AddressError with a sentence that says what is wrong and what to do.
 */
export function checkUrl(text: string, allowPrivateHosts: readonly string[]): URL {
  if (/[\s\p{Cc}\\]/u.test(text))
    throw new AddressError(`The address ${shown(text)} has a space, backslash or control character`);
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== "http" && scheme !== "https")
    throw new AddressError(`The address ${shown(text)} is not an http(s) address: use https://…`);
  if (!/^https?:\/\/[^/]/i.test(text)) throw new AddressError(`The address ${shown(text)} has no host`);
  const url = URL.parse(text);
  if (url === null) throw new AddressError(`The address ${shown(text)} is not a valid address`);
  if (url.username !== "" || url.password !== "" || /\/t\/[^/]+/.test(url.pathname))
    throw new AddressError(
      `The address ${shown(text)} holds credentials, which everybody who sees the environment could read: ` +
        "write it without them and ask the operator to store the channel's credentials",
    );
  if (isPrivateHost(url.hostname) && !isAllowedPrivateHost(url, allowPrivateHosts))
    throw new AddressError(
      `The address ${shown(text)} is private or loopback, which builds may not visit: ` +
        "use a public address, or ask the operator to allow this host",
    );
  return url;
}
