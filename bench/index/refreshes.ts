/**
 * Reading a channel whole, reading it again when one name in a hundred has changed, and what a build's solve spends either way.
 * @module
 */
import { createReadStream, mkdtempSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type KeptIndexes, openKeptIndexes } from "#adapters/channel/kept-indexes.ts";
import { openEngine } from "#adapters/conda/open-engine.ts";
import { getRepodata, putRepodata } from "#adapters/dynamodb/repodata.ts";
import { openLog } from "#adapters/log.ts";
import { runCommand } from "#adapters/process/command.ts";
import { encodePair, encodeShard, encodeShardIndex, NO_PAIRS } from "#adapters/repodata/shard.ts";
import { sha256Of } from "#adapters/repodata/unpack.ts";
import { startMirror } from "#build-task/mirror/mirror.ts";
import { openChannelKeys } from "#core/channel/credentials.ts";
import { REPODATA_LIMITS } from "#core/repodata/limits.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { prefetch } from "#functions/prefetch/prefetch.ts";
import type { LocalAws } from "../local-aws.ts";
import type { Generated } from "./generate.ts";

export interface Refreshes {
  readonly wholeSeconds: number;
  readonly changedSeconds: number;
  readonly changedNames: number;
  /** Of one solve with the channel's own index, and with the kept one. */
  readonly solveSeconds: { readonly without: number; readonly with: number };
}

const SUBDIR = "linux-64";
/** Engines want every channel to have it. */
const NOTHING = Buffer.from('{"info":{"subdir":"noarch"},"packages":{},"packages.conda":{}}');
/** One in so many names changes. */
const CHANGED = 100;

/** @param file the channel's index */
export async function measureRefreshes(
  aws: LocalAws,
  channel: Generated,
  file: string,
  { python, directory }: { readonly python: string; readonly directory: string },
): Promise<Refreshes> {
  const before = new Map(
    channel.names.map((name) => [name, Buffer.from(sha256Of(Buffer.from(name)), "hex")]),
  );
  const changed = channel.names.filter((_, at) => at % CHANGED === 0);
  const shards = new Map<string, Buffer>();
  const after = new Map(before);
  for (const name of changed) {
    const files = channel.filesAt(channel.names.indexOf(name));
    const bytes = Buffer.concat(files.flatMap(([fileName, record]) => encodePair(fileName, record)));
    const shard = encodeShard({ packages: NO_PAIRS, "packages.conda": { count: files.length, bytes } });
    const sha256 = sha256Of(shard);
    shards.set(`/bench/${SUBDIR}/shards/${sha256}.msgpack.zst`, shard);
    after.set(name, Buffer.from(sha256, "hex"));
  }
  let index: Buffer | null = encodeShardIndex(SUBDIR, before);
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const bytes =
      path === "/bench/noarch/repodata.json"
        ? NOTHING
        : path === `/bench/${SUBDIR}/repodata_shards.msgpack.zst`
          ? index
          : shards.get(path);
    if (path === `/bench/${SUBDIR}/repodata.json.zst`) {
      response.writeHead(200, { "content-length": statSync(file).size, etag: '"whole"' });
      if (request.method === "HEAD") response.end();
      else pipeline(createReadStream(file), response).catch(() => response.destroy());
    } else if (bytes) response.writeHead(200, { "content-length": bytes.byteLength }).end(bytes);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const url = `http://${host}/bench`;
    const read = async (): Promise<number> => {
      const startedAt = performance.now();
      const { failed } = await prefetch(
        {
          ...{ db: aws.db, bucket: aws.bucket, limits: REPODATA_LIMITS, clock: () => new Date() },
          settings: deploymentSettings({
            conda_indexed_channels: [url],
            conda_platforms: [SUBDIR, "noarch"],
          }),
          ...{ privateChannels: {}, allowPrivateHosts: [host], channelSecrets: "bench/" },
          log: openLog({ level: "warn" }),
          signal: AbortSignal.timeout(900_000),
          inFunction: null,
        },
        { now: true, believeLoss: false },
      );
      if (failed > 0) throw new Error("the channel could not be read");
      return (performance.now() - startedAt) / 1000;
    };
    const wholeSeconds = await read();
    index = encodeShardIndex(SUBDIR, after);
    const changedSeconds = await read();
    // A channel of one file: what a solve of it costs without us.
    index = null;
    const solve = (isKept: boolean): Promise<number> =>
      solveOnce(aws, { url, host, python, directory, isKept });
    const specs = { with: await solve(true), without: await solve(false) };
    return { wholeSeconds, changedSeconds, changedNames: changed.length, solveSeconds: specs };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

interface Solve {
  readonly url: string;
  readonly host: string;
  readonly python: string;
  readonly directory: string;
  readonly isKept: boolean;
}

async function solveOnce(
  { db, bucket }: LocalAws,
  { url, host, python, directory, isKept }: Solve,
): Promise<number> {
  const signal = AbortSignal.timeout(900_000);
  const keys = openChannelKeys({}, "https://conda.anaconda.org", [host]);
  // Reading it twice took its time on a busy machine.
  for (const state of await getRepodata(db, [{ owner: null, channel: url, subdir: SUBDIR }])) {
    await putRepodata(db, { ...state, checkedAt: new Date().toISOString() });
  }
  const kept: KeptIndexes = openKeptIndexes({
    ...{ db, bucket, keys, namespace: "bench", minutesMax: 60 },
    say: () => {},
  });
  const mirror = await startMirror({ allowPrivateHosts: [host], keys, signal, ...(isKept ? { kept } : {}) });
  try {
    const engine = await openEngine({ kind: "rattler", program: python, run: runCommand, signal });
    const home = mkdtempSync(join(directory, "home-"));
    const workDirectory = mkdtempSync(join(directory, "work-"));
    const startedAt = performance.now();
    await engine.solve(
      {
        specs: ["python 3.12.*"],
        channels: [mirror.addressOf(url)],
        platform: SUBDIR,
        virtualPackages: { __glibc: "2.28", __linux: "5.10" },
      },
      { workDirectory, home, token: mirror.token, signal, run: runCommand, onLine: () => {} },
    );
    return (performance.now() - startedAt) / 1000;
  } finally {
    await mirror.close();
  }
}
