/**
 * Channels: from what users write to the addresses that are visited.
 * @module
 */
import { AddressError, checkUrl } from "#core/address/check-url.ts";
import { AppError } from "#core/errors.ts";
import { excerpt } from "./faults.ts";

/** What conda's own `defaults` and `pkgs/…` stand for, whatever the alias. */
const ANACONDA = "https://repo.anaconda.com/pkgs";
const DEFAULTS = [`${ANACONDA}/main`, `${ANACONDA}/r`];

const CHANNEL_NAME = /^[A-Za-z0-9_+-][A-Za-z0-9_.+-]*(?:\/[A-Za-z0-9_+-][A-Za-z0-9_.+-]*)*$/;

const isAddress = (text: string): boolean => /^https?:/i.test(text);

/** Longer than any address that a server takes. */
const LENGTH_MAX = 2000;

/** Without the slashes at its end. Not by a regular expression, which looks at each of a row of slashes again and again. */
export function withoutLastSlashes(text: string): string {
  let end = text.length;
  while (text[end - 1] === "/") end -= 1;
  return text.slice(0, end);
}

/**
 * The addresses a channel stands for, for comparing only: nothing is checked.
 * @param alias address in front of bare names.
 * @returns none for `nodefaults`, two for `defaults`, else one, without trailing slash.
 */
export function channelAddresses(text: string, alias: string): readonly string[] {
  const channel = withoutLastSlashes(text.trim());
  if (channel === "nodefaults") return [];
  if (channel === "defaults") return DEFAULTS;
  if (/^pkgs\/(?:main|r|msys2|free)$/.test(channel)) return [`${ANACONDA}${channel.slice("pkgs".length)}`];
  if (!isAddress(channel)) return [`${withoutLastSlashes(alias)}/${channel}`];
  const url = URL.parse(channel);
  return [url === null ? channel : `${url.origin}${withoutLastSlashes(url.pathname)}`];
}

/**
 * The addresses a channel stands for, checked by the rules for addresses.
 * @throws AppError `invalid_specification` (400) naming the channel and what to do.
 */
export function resolveChannel(
  text: string,
  alias: string,
  allowPrivateHosts: readonly string[],
): readonly string[] {
  const refuse = (why: string): never => {
    throw new AppError("invalid_specification", `The channel ${excerpt(text)} cannot be used: ${why}`);
  };
  const channel = text.trim();
  if (channel.length > LENGTH_MAX) refuse(`it is longer than ${LENGTH_MAX} characters`);
  if (channel.includes(":") ? !isAddress(channel) : !CHANNEL_NAME.test(withoutLastSlashes(channel)))
    refuse("write the name of a channel such as conda-forge, or an address that begins with https://");
  if (isAddress(channel) && /[?#]/.test(channel)) refuse("an address of a channel has no ? and no #");
  if (/\/(?:noarch|linux-64|linux-aarch64|osx-64|osx-arm64|win-64)\/*$/.test(channel))
    refuse("write it without the platform at its end");
  const addresses = channelAddresses(channel, alias);
  for (const address of addresses) {
    try {
      checkUrl(isAddress(channel) ? channel : address, allowPrivateHosts);
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      refuse(error.message);
    }
  }
  return addresses;
}
