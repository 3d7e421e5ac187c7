/**
 * A package of a built environment, as lists and searches show it.
 * @module
 */
export interface InstalledPackage {
  readonly manager: "conda" | "pip";
  readonly name: string;
  readonly version: string;
  /** Build string; empty for pip's. */
  readonly build: string;
  /** Channel base address, or the index pip took it from. */
  readonly channel: string;
  readonly subdir: string;
  readonly license: string | null;
  readonly summary: string | null;
  readonly sha256: string;
  readonly sizeBytes: number | null;
}
