import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { generateChannel, writeRepodata } from "#bench/index/generate.ts";
import { type Measured, rowsOf } from "#bench/index/main.ts";
import { readRecord } from "#core/repodata/record.ts";

test("the channel that is measured has as many packages as asked for, every one as engines take them, the same each time", async () => {
  const channel = generateChannel(3_000);
  const directory = mkdtempSync(join(tmpdir(), "bench-index-"));
  try {
    const { records } = await writeRepodata(channel, join(directory, "repodata.json.zst"));
    expect(records).toBeGreaterThan(2_700);
    expect(records).toBeLessThan(3_300);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  for (const [at, name] of channel.names.entries()) {
    for (const [fileName, record] of channel.filesAt(at))
      expect(readRecord(fileName, record)?.name).toBe(name);
    expect(channel.filesAt(at)).toEqual(generateChannel(3_000).filesAt(at));
  }
});

test("what is above its budget is told", () => {
  const good: Measured = {
    parse: { cpuSeconds: 2, peakMB: 100 },
    index: { cpuSeconds: 2.8, peakMB: 300, bytes: 1e6 },
    search: { cpuSeconds: 9, peakMB: 400, searches: [{ text: "a", index: 1, scan: 30 }] },
    parseSaid: { cpuSeconds: 1, peakMB: 200 },
    summaries: { cpuSeconds: 2, peakMB: 100, bytes: 1e6 },
    refreshes: {
      wholeSeconds: 20,
      changedSeconds: 1,
      changedNames: 9,
      solveSeconds: { with: 1, without: 9 },
    },
  };
  const above = (changed: Partial<Measured>) =>
    rowsOf({ ...good, ...changed }).filter(({ kept }) => !kept).length;

  expect(above({})).toBe(0);
  expect(above({ index: { cpuSeconds: 3.1, peakMB: 1001, bytes: 41e6 } })).toBe(3);
  expect(above({ search: { ...good.search, searches: [{ text: "a", index: 2, scan: 30 }] } })).toBe(1);
  expect(above({ refreshes: { ...good.refreshes, changedSeconds: 2.1 } })).toBe(1);
});
