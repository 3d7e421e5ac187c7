import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { amzDate, authorization } from "#adapters/sigv4.ts";

/** The worked example "GET Object" of AWS's own page on signing by header. */
it("signs a request by header as AWS's published example", () => {
  const at = new Date("2013-05-24T00:00:00Z");
  const payloadHash = createHash("sha256").update("").digest("hex");

  const value = authorization(
    {
      method: "GET",
      path: "/test.txt",
      query: [],
      headers: {
        host: "examplebucket.s3.amazonaws.com",
        range: "bytes=0-9",
        "x-amz-content-sha256": payloadHash,
        "x-amz-date": amzDate(at),
      },
      payloadHash,
    },
    {
      service: "s3",
      region: "us-east-1",
      at,
      credentials: {
        accessKeyId: "AKIAIOSFODNN7EXAMPLE",
        secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
      },
    },
  );

  expect(value).toBe(
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, " +
      "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, " +
      "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
});
