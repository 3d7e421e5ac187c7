import { beforeEach, describe, expect, it } from "vitest";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { readLog } from "#adapters/s3/logs.ts";
import { getObject, listObjects } from "#adapters/s3/objects.ts";
import { flushDelayMs, openLog } from "#build-task/log-writer.ts";
import { LINE_LENGTH_MAX, LOG_BYTES_MAX } from "#core/build/log-line.ts";
import type { Artifact } from "#core/build/status.ts";
import { logChunkPrefix } from "#core/layout.ts";
import { readLogText } from "#test/kit/logs.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
let bucket: Bucket;
const textOf = (whole: Artifact): Promise<string> => readLogText(bucket, [whole]);
let id = 0;
beforeEach(() => {
  id += 1;
  bucket = {
    name: aws.bucket,
    region: "us-east-1",
    endpoint: aws.endpoint,
    credentials: async () => ({ accessKeyId: "test", secretAccessKey: "test" }),
  };
});

describe("the log of a build", () => {
  it("can be read while the build runs, and whole when it has ended", async () => {
    const log = openLog(bucket, id, 1);
    log.line("", "starting");
    log.line("solve", "numpy", "stderr");
    await expect
      .poll(async () => (await readLog(bucket, id, 1, 0)).lines, { timeout: 10_000 })
      .toMatchObject([
        { step: "", text: "starting", stream: "stdout" },
        { step: "solve", text: "numpy", stream: "stderr" },
      ]);
    log.line("install", "zlib");

    const whole = await log.finish();

    const text = "starting\nsolve: numpy\ninstall: zlib\n";
    expect(await textOf(whole)).toBe(text);
    expect(whole.sizeBytes).toBe(Buffer.byteLength(text));
    expect((await readLog(bucket, id, 1, 0)).lines.map(({ text }) => text)).toEqual([
      "starting",
      "numpy",
      "zlib",
    ]);
  });

  it("has what earlier attempts said in front of its own", async () => {
    const first = openLog(bucket, id, 1);
    first.line("solve", "of the first");
    await first.finish();
    const second = openLog(bucket, id, 2);
    second.line("solve", "of the second");
    const whole = await second.finish();
    expect(await textOf(whole)).toBe("solve: of the first\nsolve: of the second\n");
  });

  it("holds no secret, neither in its chunks nor as a whole", async () => {
    const log = openLog(bucket, id, 1);
    log.line("solve", "GET https://user:hunter2@example.org/t/tk-SECRET/main/noarch");
    const whole = await log.finish();
    const chunk = JSON.stringify((await readLog(bucket, id, 1, 0)).lines);
    for (const text of [chunk, await textOf(whole)]) expect(text).not.toMatch(/hunter2|tk-SECRET/);
  });

  it("cuts endless lines, and says when it is full", async () => {
    const log = openLog(bucket, id, 1);
    for (let n = 0; n < LOG_BYTES_MAX / LINE_LENGTH_MAX + 10; n += 1)
      log.line("pip", "x".repeat(LINE_LENGTH_MAX * 2));
    log.line("pip", "too late");
    const whole = await log.finish();
    const lines = (await textOf(whole)).trimEnd().split("\n");
    expect(Math.max(...lines.map((line) => line.length))).toBe(LINE_LENGTH_MAX + "pip: ".length);
    expect(lines.at(-1)).toBe("pip: The log is full: what follows is not kept.");
    expect((await textOf(whole)).length).toBeLessThanOrEqual(LOG_BYTES_MAX + LINE_LENGTH_MAX);
  });

  it("that comes all at once is cut into chunks that one answer can hold, in order and whole", async () => {
    const log = openLog(bucket, id, 1);
    for (let n = 0; n < 1500; n += 1) log.line("pip", `${n} ${"x".repeat(3000)}`);
    const _whole = await log.finish();
    const sizes: number[] = [];
    const numbers: number[] = [];
    for (const { key } of await listObjects(bucket, logChunkPrefix(id, 1))) {
      const chunk = (await getObject(bucket, key)) ?? Buffer.alloc(0);
      sizes.push(chunk.byteLength);
      const lines = chunk.toString("utf8").trimEnd().split("\n");
      numbers.push(...lines.map((line) => Number.parseInt((JSON.parse(line) as { text: string }).text, 10)));
    }
    expect(Math.max(...sizes)).toBeLessThan(1024 * 1024);
    expect(numbers).toEqual(Array.from({ length: 1500 }, (_, n) => n));
  });

  it("makes no chunk for every line", async () => {
    const log = openLog(bucket, id, 1);
    for (let n = 0; n < 1000; n += 1) log.line("install", `file ${n}`);
    const whole = await log.finish();
    expect((await listObjects(bucket, logChunkPrefix(id, 1))).length).toBeLessThanOrEqual(2);
    expect((await textOf(whole)).split("\n")).toHaveLength(1001);
  });
});

describe("a line of a build that has run for long", () => {
  const HOUR_MS = 3_600_000;

  it("waits a second when nothing was said before it", () => {
    expect(flushDelayMs(0, 0)).toBe(1000);
    expect(flushDelayMs(HOUR_MS, HOUR_MS / 10)).toBe(1000);
  });

  it("waits longer where lines come without a pause, so that an hour of them is few hundred chunks", () => {
    let chunks = 0;
    // Every line comes when the chunk before it has just been written.
    for (let elapsedMs = 0; elapsedMs < HOUR_MS; elapsedMs += flushDelayMs(elapsedMs, 0)) chunks += 1;

    expect(chunks).toBeGreaterThan(100);
    expect(chunks).toBeLessThan(400);
  });
});
