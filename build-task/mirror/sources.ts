/**
 * What engines read of the channels' indexes, noted by the mirror while they read it, and whether it is still so.
 * @module
 */
import type { IncomingHttpHeaders } from "node:http";
import type { KeptIndexes } from "#adapters/channel/kept-indexes.ts";
import { askUpstream, drain, type UpstreamRequest } from "#adapters/channel/upstream.ts";
import type { ChannelKeys } from "#core/channel/credentials.ts";
import type { IndexSource } from "#core/lock/solve-key.ts";

export interface Sources {
  /** Notes one answer of a channel. */
  note(answer: Answer): void;
  /** The channel gave no proper answer, so what the engine made of it may not be repeated. */
  spoil(): void;
  /** Null when something was read that cannot be recognised later. */
  list(): readonly IndexSource[] | null;
}

export interface Answer {
  readonly channel: string;
  readonly path: string;
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
}

/** A shard's name is its content: the index of the shards tells whether it is another. */
const NAMED_BY_CONTENT = /(?:^|\/)[0-9a-f]{64}\.msgpack\.zst$/;

export function openSources(): Sources {
  const read = new Map<string, IndexSource>();
  let spoilt = false;
  return {
    note({ channel, path, status, headers }) {
      if (NAMED_BY_CONTENT.test(path) && status === 200) return;
      const validator = validatorOf(headers);
      if (status === 404) put({ channel, path, status, validator: null });
      else if (status === 200 && validator) put({ channel, path, status, validator });
      else spoilt = true;
    },
    spoil() {
      spoilt = true;
    },
    list: () => (spoilt ? null : [...read.values()]),
  };

  function put(source: IndexSource): void {
    const key = `${source.channel} ${source.path}`;
    const known = read.get(key);
    // Two answers that differ: the index changed while it was read.
    if (known && known.validator !== source.validator) spoilt = true;
    read.set(key, source);
  }
}

/** Whether every file is still the one that was read. A channel that does not answer is no proof. */
export async function areUnchanged(
  sources: readonly IndexSource[],
  {
    keys,
    kept,
    ...options
  }: Pick<UpstreamRequest, "allowPrivateHosts" | "signal"> & {
    readonly keys: ChannelKeys;
    readonly kept?: KeptIndexes;
  },
): Promise<boolean> {
  const asked = await Promise.all(
    sources.map(async (source) => {
      const { channel, path, status, validator } = source;
      const known = await kept?.isUnchanged(source);
      if (typeof known === "boolean") return known;
      const { url, authorization } = keys.authorise(new URL(`${channel}/${path}`));
      const response = await askUpstream({
        ...options,
        method: "HEAD",
        url,
        headers: authorization === null ? {} : { authorization },
      }).catch(() => null);
      if (response === null) return false;
      drain(response);
      return (
        response.statusCode === status && (status === 404 || validatorOf(response.headers) === validator)
      );
    }),
  );
  return asked.every(Boolean);
}

const validatorOf = (headers: IncomingHttpHeaders): string | null =>
  headers.etag ?? headers["last-modified"] ?? null;
