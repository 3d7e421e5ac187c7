import { beforeAll, expect, it } from "vitest";
import { openDb } from "#adapters/dynamodb/db.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { readLog } from "#adapters/s3/logs.ts";
import { getObject } from "#adapters/s3/objects.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openLog } from "#build-task/log-writer.ts";
import { LOG_BYTES_MAX } from "#core/build/log-line.ts";
import { logKey } from "#core/layout.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
let bucket: Bucket;
beforeAll(() => {
  bucket = openBucket(aws.bucket, openDb({ table: aws.table }).client);
});

const textOf = async (build: number): Promise<string> =>
  (await getObject(bucket, logKey(build)))?.toString("utf8") ?? "";

it("has no secret in its chunks and none in its text", async () => {
  const log = openLog(bucket, 1, 1);
  log.line("pip", "Looking in https://user:hunter2@example.org/simple");
  await log.finish();
  expect(await textOf(1)).toBe("pip: Looking in https://***@example.org/simple\n");
  const { lines } = await readLog(bucket, 1, 1, 0);
  expect(lines.map(({ text }) => text)).toEqual(["Looking in https://***@example.org/simple"]);
});

it("ends with the build's own last line however much a program says", async () => {
  const log = openLog(bucket, 2, 1);
  for (let n = 0; n < 300_000; n += 1) log.line("link scripts", "");
  log.line("", "FAILED: the script never stopped talking");
  const bytes = await log.finish();
  expect(bytes).toBeLessThan(LOG_BYTES_MAX);
  const last = (await textOf(2)).trimEnd().split("\n").slice(-2);
  expect(last).toEqual([
    "link scripts: The log is full: what follows is not kept.",
    "FAILED: the script never stopped talking",
  ]);
});
