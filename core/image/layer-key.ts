/**
 * The key by which a layer that was made once is found again: everything that decides about its bytes.
 * @module
 */
import { createHash } from "node:crypto";

/** Raised when the same packages would give other bytes: another tar, another compressor, other records. */
const LAYER_FORMAT = 1;

export interface LayerKeyParts {
  /** Who builds in a namespace trusts those who build there, and nobody else: what others made is not borrowed. */
  readonly namespace: string;
  /** Where the packages are in the image. */
  readonly prefix: string;
  /** Where its python has its packages, below the prefix; null where it decides about nothing. */
  readonly sitePackages: string | null;
  readonly packages: readonly { readonly sha256: string; readonly url: string }[];
}

/** @returns 64 hexadecimal digits, the same whatever the order of the packages */
export function layerKeyOf({ namespace, prefix, sitePackages, packages }: LayerKeyParts): string {
  const named = packages.map(({ sha256, url }) => `${sha256} ${url}`).sort();
  return createHash("sha256")
    .update(JSON.stringify([LAYER_FORMAT, namespace, prefix, sitePackages, named]))
    .digest("hex");
}
