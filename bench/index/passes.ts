/**
 * One pass over a channel's index, in a process of its own so that its time and its memory are its own:
 * `node passes.ts parse|index|search|parse-said|summaries FILE`.
 * @module
 */
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { inOrder, noteVersion, type Versions } from "#adapters/repodata/fill.ts";
import { SECTIONS } from "#adapters/repodata/read-shard.ts";
import { packNameIndex, packSummaries, unpackNameIndex } from "#adapters/repodata/stored-index.ts";
import { sha256Of, unpackStream } from "#adapters/repodata/unpack.ts";
import { REPODATA_LIMITS } from "#core/repodata/limits.ts";
import { readRecord } from "#core/repodata/record.ts";
import { openScanner, type ScannedEntry } from "#core/repodata/scan.ts";
import { channelNames, searchPackages } from "#core/repodata/search.ts";
import { readSummaries } from "#functions/prefetch/summaries.ts";

export interface Pass {
  readonly cpuSeconds: number;
  readonly peakMB: number;
  /** Of what is stored. */
  readonly bytes?: number;
  /** Milliseconds of each search, by index and by looking at every record. */
  readonly searches?: readonly { readonly text: string; readonly index: number; readonly scan: number }[];
}

async function each(file: string, take: (entry: ScannedEntry) => void): Promise<void> {
  const scanner = openScanner(new Set(SECTIONS), REPODATA_LIMITS.recordBytes);
  for await (const piece of unpackStream(createReadStream(file), REPODATA_LIMITS.textBytes)) {
    for (const entry of scanner.push(piece)) take(entry);
  }
  scanner.end();
}

async function indexed(file: string): Promise<Buffer> {
  const names = new Map<string, { versions: Versions; records: number }>();
  await each(file, ({ key, value }) => {
    const record = readRecord(key, value);
    if (record === null) return;
    const known = names.get(record.name) ?? { versions: new Map(), records: 0 };
    names.set(record.name, known);
    known.records += 1;
    noteVersion(known.versions, record);
  });
  // As long and as hard to compress as true ones.
  const entries = [...names].map(([name, { versions, records }], at) => {
    const sha256 = sha256Of(Buffer.from(name));
    const length = 300 + (Number.parseInt(sha256.slice(0, 4), 16) % 4000);
    return { name, records, ...inOrder(versions), pack: "pack", offset: at * 2300 + length, length, sha256 };
  });
  return await packNameIndex("linux-64", entries);
}

const TEXTS = ["py", "lib", "graph-stats", "cloud1", "nothing-has-this"];
const RUNS = 15;

/** The middle of several runs. */
function milliseconds(work: () => unknown): number {
  const times = Array.from({ length: RUNS }, () => {
    const startedAt = performance.now();
    work();
    return performance.now() - startedAt;
  }).sort((a, b) => a - b);
  return times[RUNS >> 1] ?? Number.NaN;
}

async function searched(file: string): Promise<Pass["searches"]> {
  const channel = [
    channelNames("https://conda.example.org/bench", [await unpackNameIndex(await indexed(file))]),
  ];
  const records: { readonly name: string; readonly version: string }[] = [];
  await each(file, ({ value }) => {
    const { name, version } = value as (typeof records)[number];
    records.push({ name, version });
  });
  const page = { exact: false, sortBy: [], order: "asc", distinctOn: [], page: 1, size: 100 } as const;
  return TEXTS.map((search) => {
    const byScan = (): number => {
      const found = new Map<string, (typeof records)[number]>();
      for (const record of records) {
        if (record.name.includes(search)) found.set(`${record.name} ${record.version}`, record);
      }
      return found.size;
    };
    const { count } = searchPackages(channel, { ...page, search });
    if (count !== byScan()) throw new Error(`${search}: the index finds ${count}, and there are ${byScan()}`);
    return {
      text: search,
      index: milliseconds(() => searchPackages(channel, { ...page, search })),
      scan: milliseconds(byScan),
    };
  });
}

if (import.meta.main) {
  const [, , pass = "", file = ""] = process.argv;
  const result: { bytes?: number; searches?: Pass["searches"] } = {};
  let count = 0;
  if (pass === "parse") {
    await each(file, () => {
      count += 1;
    });
  } else if (pass === "index") result.bytes = (await indexed(file)).byteLength;
  else if (pass === "parse-said") {
    count = Object.keys((JSON.parse(await readFile(file, "utf8")) as { packages: object }).packages).length;
  } else if (pass === "summaries") {
    const { summaries } = await readSummaries(createReadStream(file), REPODATA_LIMITS);
    count = summaries.size;
    result.bytes = (await packSummaries(summaries)).byteLength;
  } else result.searches = await searched(file);
  const { user, system } = process.cpuUsage();
  const peakMB = process.resourceUsage().maxRSS / 1000;
  console.log(JSON.stringify({ cpuSeconds: (user + system) / 1e6, peakMB, count, ...result }));
}
