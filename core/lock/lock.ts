/**
 * A lock: the exact packages of an environment for one platform.
 * @module
 */

/** One conda package, with the address of the true channel (never of a mirror, never with credentials). */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly buildNumber: number;
  /** `linux-64`, `noarch`, … */
  readonly subdir: string;
  /** Channel base address without subdir and without trailing slash. */
  readonly channel: string;
  /** Full address: `<channel>/<subdir>/<fileName>`. */
  readonly url: string;
  readonly fileName: string;
  readonly sha256: string;
  readonly md5: string | null;
  readonly sizeBytes: number;
  readonly depends: readonly string[];
  readonly constrains: readonly string[];
  readonly license: string | null;
  /** Milliseconds since the epoch, or null. */
  readonly timestamp: number | null;
}

/** One package that pip installs, pinned by address and hash. */
export interface LockedPipPackage {
  readonly name: string;
  readonly version: string;
  readonly url: string;
  readonly sha256: string;
  readonly depends: readonly string[];
}

export interface Lock {
  readonly platform: string;
  /** Channel base addresses in priority order. */
  readonly channels: readonly string[];
  /** Virtual packages the solve assumed: `{"__glibc": "2.28"}`. */
  readonly virtualPackages: Readonly<Record<string, string>>;
  /** In install order (dependencies first), as the engine gave them. */
  readonly packages: readonly LockedPackage[];
  readonly pipPackages: readonly LockedPipPackage[];
}
