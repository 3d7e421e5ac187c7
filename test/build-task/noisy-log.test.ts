import { beforeAll, expect, it } from "vitest";
import { openDb } from "#adapters/dynamodb/db.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { openLog } from "#build-task/log-writer.ts";
import { LOG_BYTES_MAX } from "#core/build/log-line.ts";
import { readLogText } from "#test/kit/logs.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
let bucket: Bucket;
beforeAll(() => {
  bucket = openBucket(aws.bucket, openDb({ table: aws.table }).client);
});

it("a log ends with the build's own last line however much a program says, be it nothing but empty lines", async () => {
  const log = openLog(bucket, 1, 1);
  for (let n = 0; n < 300_000; n += 1) log.line("link scripts", "");
  log.line("", "FAILED: the script never stopped talking");
  const whole = await log.finish();

  expect(whole.sizeBytes).toBeLessThan(LOG_BYTES_MAX);
  const text = await readLogText(bucket, [whole]);
  const lines = text.trimEnd().split("\n");
  expect(lines.length).toBeLessThan(200_000);
  expect(lines.slice(-2)).toEqual([
    "link scripts: The log is full: what follows is not kept.",
    "FAILED: the script never stopped talking",
  ]);
});
