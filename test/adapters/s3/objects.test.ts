import { randomBytes } from "node:crypto";
import { ListMultipartUploadsCommand, S3Client } from "@aws-sdk/client-s3";
import { describe, expect, it } from "vitest";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { joinLog, readLog, writeLogChunk } from "#adapters/s3/logs.ts";
import { uploadStream } from "#adapters/s3/multipart-upload.ts";
import { deleteObject, getObject, headObject, listObjects, putObject } from "#adapters/s3/objects.ts";
import { presign } from "#adapters/s3/presign.ts";
import { sendS3 } from "#adapters/s3/request.ts";
import type { LogLine } from "#core/build/log-line.ts";
import { logChunkPrefix } from "#core/layout.ts";
import { readLogText } from "#test/kit/logs.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const bucket = (): Bucket => ({
  name: aws.bucket,
  region: "us-east-1",
  endpoint: aws.endpoint,
  credentials: async () => ({ accessKeyId: "test", secretAccessKey: "test" }),
});
const text = { contentType: "text/plain" };
const never = new AbortController().signal;
const upload = { contentType: "application/gzip", signal: never, partBytes: 5 * 1024 * 1024 };

async function* chunks(bytes: Buffer, chunkBytes: number): AsyncGenerator<Buffer> {
  for (let from = 0; from < bytes.length; from += chunkBytes) yield bytes.subarray(from, from + chunkBytes);
}

async function unfinishedUploads(): Promise<number> {
  const { Uploads = [] } = await new S3Client({ forcePathStyle: true }).send(
    new ListMultipartUploadsCommand({ Bucket: aws.bucket }),
  );
  return Uploads.length;
}

describe("small objects", () => {
  it.each(["plain.txt", "a b/ü+&=?#%2F'(1).txt", "deep/er/still"])(
    "come back as written: %s",
    async (key) => {
      await putObject(bucket(), key, "Grüße", text);

      expect((await getObject(bucket(), key))?.toString()).toBe("Grüße");
      expect(await headObject(bucket(), key)).toMatchObject({ sizeBytes: 7 });
      expect((await listObjects(bucket(), key)).map((object) => object.key)).toEqual([key]);
    },
  );

  it("that are not there are null", async () => {
    expect(await getObject(bucket(), "missing")).toBeNull();
    expect(await headObject(bucket(), "missing")).toBeNull();
    await deleteObject(bucket(), "missing");
  });

  it("are written once only when asked so", async () => {
    const once = { ...text, onlyIfAbsent: true };
    expect(await putObject(bucket(), "once", "first", once)).toBe(true);
    expect(await putObject(bucket(), "once", "second", once)).toBe(false);
    expect((await getObject(bucket(), "once"))?.toString()).toBe("first");
  });

  it("are listed in full when there are more than one page of them", async () => {
    const keys = Array.from({ length: 1050 }, (_, n) => `many/${String(n).padStart(4, "0")}`);
    for (let from = 0; from < keys.length; from += 50) {
      await Promise.all(keys.slice(from, from + 50).map((key) => putObject(bucket(), key, "", text)));
    }
    expect((await listObjects(bucket(), "many/")).map(({ key }) => key)).toEqual(keys);
    expect(await listObjects(bucket(), "many/", "many/1047")).toHaveLength(2);
  });

  it("are served by a presigned address under the name and type it gives", async () => {
    await putObject(bucket(), "served", "bytes", text);

    const url = await presign(bucket(), "served", { contentType: "application/json", fileName: "lock.json" });
    const response = await fetch(url);

    expect(await response.text()).toBe("bytes");
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("content-disposition")).toBe('attachment; filename="lock.json"');
  });

  it("fail with S3's own code and the key, without an address that holds a signature", async () => {
    const wrong = { ...bucket(), name: "no-such-bucket" };
    await expect(sendS3(wrong, { method: "GET", key: "k" })).rejects.toMatchObject({
      name: "S3Error",
      code: "NoSuchBucket",
      message: expect.stringMatching(/^S3 refused GET k: NoSuchBucket: (?!.*Signature)/),
    });
  });

  it("fail in one line when nothing listens", async () => {
    const gone = { ...bucket(), endpoint: "http://127.0.0.1:1" };
    await expect(getObject(gone, "k")).rejects.toThrow(/^S3 cannot be reached: connect ECONNREFUSED/);
  });
});

describe("an upload in parts", () => {
  it.each([0, 1, 5 * 1024 * 1024, 5 * 1024 * 1024 + 1, 23_456_789])(
    "of %d bytes arrives whole",
    async (length) => {
      const bytes = randomBytes(length);
      const key = `archives/of-${length}`;

      const uploaded = await uploadStream(bucket(), key, chunks(bytes, 100_003), upload);

      expect(uploaded.sizeBytes).toBe(length);
      expect(uploaded.sha256).toMatch(/^[0-9a-f]{64}$/);
      expect((await getObject(bucket(), key))?.equals(bytes)).toBe(true);
      expect(await unfinishedUploads()).toBe(0);
    },
  );

  it("never replaces an object, whatever its length", async () => {
    const first = randomBytes(100);
    await putObject(bucket(), "archives/there", first, text);

    for (const length of [10, 11_000_000]) {
      const again = await uploadStream(
        bucket(),
        "archives/there",
        chunks(randomBytes(length), 64_000),
        upload,
      );
      expect(again).toEqual({ sizeBytes: 100, sha256: null });
    }
    expect((await getObject(bucket(), "archives/there"))?.equals(first)).toBe(true);
    expect(await unfinishedUploads()).toBe(0);
  });

  it("leaves neither object nor parts when the stream fails", async () => {
    async function* failing(): AsyncGenerator<Buffer> {
      yield* chunks(randomBytes(12_000_000), 1_000_000);
      throw new Error("the packer died");
    }
    await expect(uploadStream(bucket(), "archives/failed", failing(), upload)).rejects.toThrow("packer died");
    expect(await headObject(bucket(), "archives/failed")).toBeNull();
    expect(await unfinishedUploads()).toBe(0);
  });

  it("stops at the signal", async () => {
    const controller = new AbortController();
    async function* endless(): AsyncGenerator<Buffer> {
      for (let n = 0; ; n += 1) {
        if (n === 12) controller.abort(new Error("lease lost"));
        yield Buffer.alloc(1_000_000);
      }
    }
    const options = { ...upload, signal: controller.signal };
    await expect(uploadStream(bucket(), "archives/stopped", endless(), options)).rejects.toThrow(
      "lease lost",
    );
    expect(await headObject(bucket(), "archives/stopped")).toBeNull();
    expect(await unfinishedUploads()).toBe(0);
  });
});

describe("a build's log", () => {
  const line = (line: string, step = "solve"): LogLine => ({
    at: "2026-11-20T08:09:10.000Z",
    step,
    stream: "stdout",
    text: line,
  });

  it("is read while it grows, from where the reader was", async () => {
    expect(await readLog(bucket(), 7, 1, 0)).toEqual({ lines: [], next: 0 });
    await writeLogChunk(bucket(), 7, 1, 0, [line("one"), line("two")]);

    const first = await readLog(bucket(), 7, 1, 0);
    await writeLogChunk(bucket(), 7, 1, 1, [line("three")]);
    const second = await readLog(bucket(), 7, 1, first.next);

    expect(first.lines.map((each) => each.text)).toEqual(["one", "two"]);
    expect(second).toEqual({ lines: [line("three")], next: 2 });
  });

  it("is joined over all attempts in order, and again to the same text", async () => {
    for (let chunk = 0; chunk < 11; chunk += 1) {
      await writeLogChunk(bucket(), 8, 1, chunk, [line(`first ${chunk}`)]);
    }
    await writeLogChunk(bucket(), 8, 2, 0, [line("again", "")]);

    const log = await joinLog(bucket(), 8, 2);
    expect(await joinLog(bucket(), 8, 2)).toEqual(log);

    const joined = await readLogText(bucket(), [log]);
    expect(log.sizeBytes).toBe(Buffer.byteLength(joined));
    expect(joined.split("\n")).toEqual([
      ...Array.from({ length: 11 }, (_, n) => `solve: first ${n}`),
      "again",
      "",
    ]);
    expect(await listObjects(bucket(), logChunkPrefix(8, 2))).toHaveLength(1);
  });
});
