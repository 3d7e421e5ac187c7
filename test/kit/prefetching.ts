/**
 * Prefetch at work on a table of each test's own, by a clock that tests turn.
 * @module
 */
import { beforeEach } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { listRepodata } from "#adapters/dynamodb/repodata.ts";
import { openLog } from "#adapters/log.ts";
import { decodeShard, type Section } from "#adapters/repodata/read-shard.ts";
import { loadNameIndex } from "#adapters/repodata/stored-index.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { getRange } from "#adapters/s3/objects.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { packKey } from "#core/layout.ts";
import type { IndexRequest } from "#core/repodata/index-request.ts";
import { REPODATA_LIMITS } from "#core/repodata/limits.ts";
import type { NameIndex } from "#core/repodata/name-index.ts";
import { channelKeyOf, type RepodataState } from "#core/repodata/state.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import type { PrefetchContext } from "#functions/prefetch/context.ts";
import { type Prefetched, prefetch } from "#functions/prefetch/prefetch.ts";
import { audited } from "./audited.ts";
import { createTable, type LocalAws } from "./ministack.ts";

export interface Prefetching {
  readonly db: AuditedDb;
  readonly bucket: Bucket;
  /** Lines of the log. */
  readonly lines: string[];
  later(seconds: number): void;
  /** A run now, of everything that is due unless the request says otherwise. */
  run(request?: Partial<IndexRequest>, more?: Partial<PrefetchContext>): Promise<Prefetched>;
  /** What is kept of a subdir. */
  state(subdir?: string): Promise<RepodataState>;
  index(subdir?: string): Promise<NameIndex>;
  /** Every file of the stored shards, with its section. */
  files(subdir?: string): Promise<Record<string, { readonly section: Section; readonly record: unknown }>>;
}

export interface PrefetchingOptions {
  readonly aws: LocalAws;
  readonly name: string;
  readonly channel: () => { readonly url: string; readonly host: string };
  readonly subdirs?: readonly string[];
}

/** Where channels are read from and kept, and what is not as it is in most tests. */
export type Reading = Pick<PrefetchContext, "db" | "bucket" | "settings" | "allowPrivateHosts"> &
  Partial<PrefetchContext>;

/** Of who leaves no channel to a task. */
export const readerContext = (reading: Reading): PrefetchContext => ({
  privateChannels: {},
  channelSecrets: "none/",
  limits: REPODATA_LIMITS,
  clock: () => new Date(),
  log: openLog({ write: () => {} }),
  signal: AbortSignal.timeout(300_000),
  inFunction: null,
  ...reading,
});

/** Reads channels as the function does. */
export const readChannels = (reading: Reading, request: Partial<IndexRequest> = {}): Promise<Prefetched> =>
  prefetch(readerContext(reading), { now: false, believeLoss: false, ...request });

/** Call at the top of a test file; filled before each test. */
export function usePrefetching({
  aws,
  name,
  channel,
  subdirs = ["noarch"],
}: PrefetchingOptions): Prefetching {
  let now = new Date("2026-03-04T05:06:07.890Z");
  let tables = 0;
  let db: AuditedDb;
  let bucket: Bucket;
  const lines: string[] = [];
  beforeEach(async () => {
    now = new Date("2026-03-04T05:06:07.890Z");
    db = audited(openDb({ table: await createTable(`prefetch-${name}-${++tables}`) }));
    bucket = openBucket(aws.bucket, db.client);
    lines.length = 0;
  });
  const state = async (subdir = "noarch"): Promise<RepodataState> => {
    const found = (await listRepodata(db)).find((one) => one.subdir === subdir);
    if (!found) throw new Error(`nothing is kept of ${subdir}`);
    return found;
  };
  const index = async (subdir = "noarch"): Promise<NameIndex> => {
    const found = await state(subdir);
    if (found.live === null) throw new Error(`${subdir} has no index: ${found.error}`);
    return await loadNameIndex(bucket, found, found.live.index);
  };
  return {
    get db() {
      return db;
    },
    get bucket() {
      return bucket;
    },
    lines,
    later(seconds) {
      now = new Date(now.getTime() + seconds * 1000);
    },
    run: (request = {}, more = {}) =>
      readChannels(
        {
          db,
          bucket,
          settings: deploymentSettings({
            conda_indexed_channels: [channel().url],
            conda_platforms: [...subdirs],
          }),
          allowPrivateHosts: [channel().host],
          channelSecrets: `${name}/`,
          clock: () => now,
          log: openLog({ write: (line) => lines.push(line) }),
          ...more,
        },
        request,
      ),
    state,
    index,
    async files(subdir = "noarch") {
      const [found, names] = [await state(subdir), await index(subdir)];
      const files: Record<string, { section: Section; record: unknown }> = {};
      for (const [at] of names.names.entries()) {
        const { pack, ...place } = names.placeAt(at);
        const shard = await getRange(bucket, packKey(channelKeyOf(found), subdir, pack), place);
        if (shard === null) throw new Error(`the pack ${pack} has gone`);
        const sections = await decodeShard(shard);
        for (const section of ["packages", "packages.conda"] as const) {
          for (const [fileName, record] of Object.entries(sections[section]))
            files[fileName] = { section, record };
        }
      }
      return files;
    },
  };
}
