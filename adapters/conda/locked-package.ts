/**
 * A record of an engine's answer, as a locked package that names the true channel.
 * @module
 */
import type { LockedPackage } from "#core/lock/lock.ts";
import { EngineError } from "#core/ports.ts";
import { internalError } from "./failure.ts";
import { maskCredentials, type TrueChannels } from "./true-channels.ts";

export interface SolvedRecord extends Omit<LockedPackage, "channel" | "sha256"> {
  readonly sha256: string | null;
}

/**
 * @param record with the address the engine fetches from.
 * @throws EngineError channel_broken if the index has no sha256, internal if the address is of no asked channel.
 */
export function lockedPackage(record: SolvedRecord, channels: TrueChannels): LockedPackage {
  const url = channels.toUrl(record.url);
  if (url === undefined) {
    throw internalError(
      `it chose ${record.name} from ${maskCredentials(record.url)}, which is not among the channels`,
    );
  }
  if (record.sha256 === null) {
    throw new EngineError(
      "channel_broken",
      `The index has no sha256 for ${url}, so it cannot be locked: ask the channel's owner to index the channel again.`,
    );
  }
  const tail = `/${record.subdir}/${record.fileName}`;
  if (!url.endsWith(tail)) throw internalError(`it chose the address ${url}, which does not end in ${tail}`);
  return { ...record, url, sha256: record.sha256, channel: url.slice(0, -tail.length) };
}
