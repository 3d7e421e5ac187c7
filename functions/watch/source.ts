/**
 * Where watched files lie: what a pass asks of a bucket or of a directory.
 * @module
 */
import type { WatchedSource } from "#core/watched/file.ts";

/** A file as it is listed, without its text. */
export interface Found {
  readonly path: string;
  /** Another one for another text. */
  readonly mark: string;
  readonly sizeBytes: number;
  readonly changedAt: Date;
  /** Why it is not to be believed, whatever it says. */
  readonly fault?: string;
}

export interface Listing {
  /** In the order of their paths. */
  readonly files: readonly Found[];
  /** MD5 in hexadecimal digits of what is said about files that lie there or did, by their paths. */
  readonly told: ReadonlyMap<string, string>;
  /** false: there is more than is listed, so that what is missing need not be gone. */
  readonly isWhole: boolean;
}

export interface Source {
  readonly kind: WatchedSource;
  list(): Promise<Listing>;
  /** @returns null when it is not what was listed any more */
  read(file: Found): Promise<Buffer | null>;
  /** Writes beside the file what is wrong with it; null takes it back. */
  tell(path: string, text: string | null): Promise<void>;
}
