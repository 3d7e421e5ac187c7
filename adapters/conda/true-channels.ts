/**
 * Names of channels: the engine asks a mirror, everybody else sees the true channel.
 * @module
 */
import type { ChannelAddress } from "#core/ports.ts";

export interface TrueChannels {
  /** Address of the mirror for an address of a true channel; undefined if it is of none of them. */
  toAddress(url: string): string | undefined;
  /** The reverse. */
  toUrl(address: string): string | undefined;
  /** Text for people: every mirror's address replaced, with scheme and without; credentials masked. */
  inText(text: string): string;
}

/** @param channels those of one request; where one address begins another, the longer one is meant. */
export function trueChannels(channels: readonly ChannelAddress[]): TrueChannels {
  const byUrl = [...channels].sort((a, b) => b.url.length - a.url.length);
  const byAddress = [...channels].sort((a, b) => b.address.length - a.address.length);
  return {
    toAddress(url) {
      const channel = byUrl.find((candidate) => isWithin(candidate.url, url));
      return channel && channel.address + url.slice(channel.url.length);
    },
    toUrl(address) {
      const channel = byAddress.find((candidate) => isWithin(candidate.address, address));
      return channel && channel.url + address.slice(channel.address.length);
    },
    inText(text) {
      let replaced = text;
      for (const { address, url } of byAddress) {
        if (address === url) continue;
        replaced = replaced.replace(wholePath(address), () => url);
        replaced = replaced.replace(wholePath(withoutScheme(address)), () => withoutScheme(url));
      }
      return maskCredentials(replaced);
    },
  };
}

/** Masks `user:password@` and `/t/TOKEN/` in addresses of any text. */
export function maskCredentials(text: string): string {
  return text.replace(/(\/\/)[^/\s@]+@/g, "$1***@").replace(/(\/t\/)[^/\s]+(?=\/)/g, "$1***");
}

function isWithin(base: string, address: string): boolean {
  return address === base || address.startsWith(`${base}/`);
}

function withoutScheme(address: string): string {
  return address.replace(/^[a-z]+:\/\//, "");
}

/** The path itself and what lies below it, not `/c/10` for `/c/1`. */
function wholePath(address: string): RegExp {
  return new RegExp(`${address.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")}(?![\\w-]|\\.\\w)`, "g");
}
