/**
 * What a channel says of its packages: read as a stream, and nothing of it kept but a line for each name.
 * @module
 */
import { fetchFile } from "#adapters/repodata/fetch-file.ts";
import { storeSummaries } from "#adapters/repodata/stored-index.ts";
import { RepodataError, type RepodataLimits } from "#core/repodata/limits.ts";
import { openScanner } from "#core/repodata/scan.ts";
import type { RepodataState } from "#core/repodata/state.ts";
import { CHANNEL_DATA, readSummary, type Summaries } from "#core/repodata/summaries.ts";
import { mustNotBeLost, type RefreshContext } from "./parts.ts";
import type { Refreshed } from "./refresh.ts";

/** @throws RepodataError for a channel whose summaries cannot be used as they are now */
export async function refreshSummaries(context: RefreshContext, state: RepodataState): Promise<Refreshed> {
  const { bucket, limits, clock } = context;
  const file = new URL(`${state.channel}/${CHANNEL_DATA}`);
  const fetched = await fetchFile(context, file, limits.channelDataBytes, state.live);
  if (fetched.kind === "unchanged") return fetched;
  // Whoever says nothing of packages any more is believed: nothing is built from it.
  if (fetched.kind === "missing") return { kind: "absent" };
  const { summaries, skipped } = await readSummaries(fetched.body, limits);
  mustNotBeLost(context, state, summaries.size);
  const at = clock().toISOString();
  const stored = {
    index: await storeSummaries(bucket, state, summaries),
    ...{ packs: [], shards: null, file: CHANNEL_DATA, ...fetched.validator },
    ...{ names: summaries.size, records: summaries.size, skipped, filledAt: at, changedAt: at },
  };
  return { kind: "changed", how: "whole", live: stored };
}

/** @throws RepodataError for what is no such file, or has no end */
export async function readSummaries(
  text: AsyncIterable<Uint8Array>,
  limits: RepodataLimits,
): Promise<{ readonly summaries: Summaries; readonly skipped: number }> {
  const scanner = openScanner(new Set(["packages"]), limits.channelDataEntryBytes);
  const summaries = new Map<string, string>();
  let [length, skipped] = [0, 0];
  for await (const piece of text) {
    for (const { key, value } of scanner.push(piece)) {
      const summary = readSummary(key, value);
      if (summary === undefined) skipped += 1;
      if (typeof summary !== "string") continue;
      summaries.set(key, summary);
      length += key.length + summary.length;
      if (summaries.size > limits.names) throw new RepodataError(`has more than ${limits.names} names`);
      if (length > limits.summaryLength) {
        throw new RepodataError(`says more than the ${limits.summaryLength} characters that are kept`);
      }
    }
  }
  scanner.end();
  return { summaries, skipped };
}
