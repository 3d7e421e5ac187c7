import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { getSignedUrl, S3RequestPresigner } from "@aws-sdk/s3-request-presigner";
import { describe, expect, it } from "vitest";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { presign } from "#adapters/s3/presign.ts";

const at = new Date("2026-11-20T08:09:10.000Z");
const credentials = {
  accessKeyId: "AKIDEXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
};
const KEYS = ["archives/abc.tar.gz", "a b/ü+ß(1)'!*~.txt", "logs/12/log.txt", "x%2F&=?#y"];

interface Case {
  readonly name: string;
  readonly endpoint?: string;
  readonly sessionToken?: string;
}
const PLACES: Case[] = [
  { name: "AWS" },
  { name: "AWS with a role's session", sessionToken: "FwoG/ token+with=everything" },
  { name: "a local S3", endpoint: "http://127.0.0.1:4566" },
];

describe.each(PLACES)("a presigned address for $name", ({ endpoint, sessionToken }) => {
  const identity = { ...credentials, ...(sessionToken ? { sessionToken } : {}) };
  const bucket: Bucket = {
    name: "store-bucket",
    region: "eu-central-1",
    endpoint,
    credentials: async () => identity,
  };
  const client = new S3Client({
    region: bucket.region,
    credentials: identity,
    ...(endpoint ? { endpoint, forcePathStyle: true } : {}),
  });

  it.each(KEYS)("is the one that the official signer makes, for %s", async (Key) => {
    const options = { at, expiresSeconds: 300, contentType: "application/gzip", fileName: "my env.tar.gz" };
    const ours = new URL(await presign(bucket, Key, options));

    const command = new GetObjectCommand({ Bucket: bucket.name, Key });
    const theirs = new URL(await getSignedUrl(client, command, { expiresIn: 300, signingDate: at }));
    const resigned = await new S3RequestPresigner({ ...client.config, credentials: identity }).presign(
      {
        method: "GET",
        protocol: theirs.protocol,
        hostname: theirs.hostname,
        ...(theirs.port ? { port: Number(theirs.port) } : {}),
        path: theirs.pathname,
        query: {
          "response-content-type": options.contentType,
          "response-content-disposition": 'attachment; filename="my env.tar.gz"',
        },
        headers: { host: theirs.host },
      },
      { expiresIn: 300, signingDate: at },
    );
    expect(`${ours.origin}${ours.pathname}`).toBe(`${theirs.origin}${theirs.pathname}`);
    expect(Object.fromEntries(ours.searchParams)).toEqual(resigned.query);
  });

  it("is refused for longer than an hour, as the signer's session would be over", async () => {
    await expect(presign(bucket, "k", { expiresSeconds: 3601 })).rejects.toThrow(RangeError);
  });
});
