/**
 * Files of channels' indexes, whole, from the channels themselves.
 * @module
 */
import type { IndexFile } from "#adapters/conda/wasm/solver-thread.ts";
import type { FetchIndex } from "#adapters/conda/wasm/wasm-solver.ts";
import type { ChannelKeys } from "#core/channel/credentials.ts";
import { EngineError } from "#core/ports.ts";
import type { KeptIndexes } from "./kept-indexes.ts";
import { askUpstream, drain } from "./upstream.ts";

/** conda-forge's largest subdir has 60 MB, compressed. */
const INDEX_BYTES_MAX = 256 * 1024 * 1024;
const REFUSED = new Set([401, 403]);

/** First what prefetch has put by, which asks no channel; then the channel. */
export function fetchKeptFirst(kept: KeptIndexes, fetchIndex: FetchIndex): FetchIndex {
  return async (url, place) => {
    const answer = place && (await kept.answer(place.channel, place.path));
    if (!answer) return await fetchIndex(url, place);
    const parts: Uint8Array[] = [];
    for await (const part of answer.body ?? []) parts.push(part);
    return { status: answer.status, body: Buffer.concat(parts), validator: answer.etag };
  };
}

/**
 * @param keys what the namespace has for private channels
 * @returns a fetcher that judges every address, at every redirect
 */
export function openFetchIndex(
  keys: ChannelKeys,
  allowPrivateHosts: readonly string[],
  signal: AbortSignal,
): FetchIndex {
  return async (asked): Promise<IndexFile> => {
    const { url, authorization } = keys.authorise(asked);
    const headers = {
      "accept-encoding": "identity",
      "user-agent": "conda-store-serverless",
      ...(authorization === null ? {} : { authorization }),
    };
    const response = await askUpstream({ method: "GET", url, headers, allowPrivateHosts, signal });
    const status = response.statusCode ?? 0;
    if (status !== 200) {
      drain(response);
      // Elsewhere 403 often means that there is no such file; the plain index is there in every channel.
      if (status === 401 || (REFUSED.has(status) && asked.pathname.endsWith("/repodata.json"))) {
        throw new EngineError(
          "channel_auth",
          `${asked.href} refuses access (HTTP ${status}): the channel wants credentials; have them added for it.`,
        );
      }
      return { status, body: new Uint8Array(), validator: null };
    }
    const parts: Buffer[] = [];
    let bytes = 0;
    for await (const part of response as AsyncIterable<Buffer>) {
      bytes += part.length;
      if (bytes > INDEX_BYTES_MAX) {
        response.destroy();
        throw new Error(`${asked.href} is larger than ${INDEX_BYTES_MAX / 1024 / 1024} MiB`);
      }
      parts.push(part);
    }
    const { etag, "last-modified": modified } = response.headers;
    return { status, body: Buffer.concat(parts), validator: etag ?? modified ?? null };
  };
}
