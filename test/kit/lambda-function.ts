/**
 * A Lambda function in the local AWS, from its source.
 * @module
 */
import { crc32 } from "node:zlib";

/** The few calls of Lambda's API that a test needs are not worth a client. */
const HEADERS = {
  "content-type": "application/json",
  authorization: "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/lambda/aws4_request",
};

/**
 * Deploys `exports.handler` of a CommonJS source.
 * @returns its ARN
 */
export async function deployFunction(name: string, source: string): Promise<string> {
  const response = await fetch(`${process.env["AWS_ENDPOINT_URL"]}/2015-03-31/functions`, {
    method: "POST",
    headers: HEADERS,
    body: JSON.stringify({
      FunctionName: `${name}-${crypto.randomUUID()}`,
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: "arn:aws:iam::000000000000:role/nobody",
      Code: { ZipFile: zipOf("index.js", Buffer.from(source)).toString("base64") },
    }),
  });
  const { FunctionArn } = (await response.json()) as { readonly FunctionArn?: string };
  if (FunctionArn === undefined) throw new Error(`the function was not made: ${response.status}`);
  return FunctionArn;
}

/** An archive with one file, not compressed. */
function zipOf(name: string, content: Buffer): Buffer {
  const title = Buffer.from(name);
  const common = Buffer.alloc(26);
  common.writeUInt16LE(20, 0);
  common.writeUInt32LE(crc32(content), 10);
  common.writeUInt32LE(content.length, 14);
  common.writeUInt32LE(content.length, 18);
  common.writeUInt16LE(title.length, 22);
  const local = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), common, title, content]);
  const rest = Buffer.alloc(14);
  // Of a regular file that its owner may read and write, and others may read.
  rest.writeUInt32LE(0o100644 * 0x10000, 6);
  const central = Buffer.concat([Buffer.from("PK\x01\x02\x14\x03", "latin1"), common, rest, title]);
  const end = Buffer.alloc(22);
  end.write("PK\x05\x06", "latin1");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}
