/**
 * The key by which builds with the same lock find each other's artifacts.
 * @module
 */
import { createHash } from "node:crypto";
import type { Sha256 } from "#core/names.ts";

/** Raised when the same lock would give other bytes: another packer, other `.pyc`, another layout of the archive. */
const BUILDER_FORMAT = 1;

export interface ReuseKeyParts {
  readonly lockDigest: Sha256;
  readonly platform: string;
  /** `environment` names the whole set: archive, export and directory of one build. */
  readonly kind: "environment";
  /**
   * An archive and a directory hold the path of their namespace, and a stranger must not get private packages by
   * naming them: nothing is lent across namespaces.
   */
  readonly namespace: string;
}

/** @returns 64 hexadecimal digits */
export function reuseKeyOf(parts: ReuseKeyParts): string {
  const { lockDigest, platform, kind, namespace } = parts;
  return createHash("sha256")
    .update(JSON.stringify([lockDigest, platform, BUILDER_FORMAT, kind, namespace]))
    .digest("hex");
}
