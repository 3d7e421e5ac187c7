/**
 * S3's requests as IAM judges them; addresses are by path, as the local AWS wants them.
 * @module
 */
import { type Ask, type AwsRequest, ask, type Context, type Target, unknownAsk } from "./call.ts";

export function asksOfS3({ method, url, headers, body, status }: AwsRequest): Ask[] {
  const { pathname, searchParams: query } = new URL(url, "http://s3");
  const [bucket = "", ...rest] = pathname.slice(1).split("/").map(decodeURIComponent);
  const key = rest.join("/");
  const container: Target = { kind: "bucket", name: bucket };
  const object: Target = { ...container, below: key };
  const plain = [...query.keys()].every((name) => HARMLESS.test(name));

  if (key === "") {
    if (method === "HEAD" || (method === "GET" && isListing(query)))
      return [ask("s3:ListBucket", container, listContext(query))];
    if (method === "POST" && query.has("delete")) return deletions(body, container);
  } else if (method === "GET" || method === "HEAD") {
    if (plain) return [ask("s3:GetObject", object), ...(status === 404 ? [missing(container, key)] : [])];
    if (query.has("uploadId")) return [ask("s3:ListMultipartUploadParts", object)];
  } else if (method === "PUT") {
    const copied = headers["x-amz-copy-source"];
    const part = query.has("partNumber") && query.has("uploadId");
    if (plain || part)
      return [
        ask("s3:PutObject", object, writeContext(headers, !part)),
        ...(typeof copied === "string" ? [source(copied)] : []),
      ];
  } else if (method === "POST") {
    if (query.has("uploads")) return [ask("s3:PutObject", object, writeContext(headers, false))];
    if (query.has("uploadId")) return [ask("s3:PutObject", object, writeContext(headers, true))];
  } else if (method === "DELETE") {
    if (query.has("uploadId")) return [ask("s3:AbortMultipartUpload", object)];
    if (plain) return [ask("s3:DeleteObject", object)];
  }
  return [unknownAsk(`s3:${method} ${[...query.keys()].join("&")}`)];
}

/** Of a signature, of the answer's headers, or the SDK's name of the operation: none makes it another action. */
const HARMLESS = /^(x-amz-.*|response-.*|x-id)$/i;

const isListing = (query: URLSearchParams): boolean =>
  query.has("list-type") || [...query.keys()].every((name) => HARMLESS.test(name) || name === "prefix");

function listContext(query: URLSearchParams): Context {
  const prefix = query.get("prefix");
  return prefix === null ? {} : { "s3:prefix": prefix };
}

/** @param creates whether an object comes into being by this request, and not only a part of one */
function writeContext(headers: AwsRequest["headers"], creates: boolean): Context {
  const condition = headers["if-none-match"];
  return {
    "s3:ObjectCreationOperation": String(creates),
    ...(typeof condition === "string" ? { "s3:if-none-match": condition } : {}),
  };
}

/** To a caller who may not list the key, S3 says 403 for a missing object, which our adapters do not expect. */
const missing = (container: Target, key: string): Ask =>
  ask("s3:ListBucket", container, { "s3:prefix": key });

function source(header: string): Ask {
  const [name = "", ...key] = decodeURIComponent(header).replace(/^\//, "").split("/");
  return ask("s3:GetObject", { kind: "bucket", name, below: key.join("/") });
}

const deletions = (body: Buffer, container: Target): Ask[] =>
  [...body.toString("utf8").matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = ""]) =>
    ask("s3:DeleteObject", { ...container, below: key }),
  );
