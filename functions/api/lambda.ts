/**
 * Between API Gateway's events (payload 2.0) and the web's Request and Response.
 * @module
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";

/**
 * The request that a client sent, as far as API Gateway lets us see it.
 * @param strippedPrefix what a proxy in front took from the path, such as `/conda-store`: it is put back
 */
export function toRequest(event: APIGatewayProxyEventV2, strippedPrefix = ""): Request {
  const { method } = event.requestContext.http;
  const headers = new Headers();
  for (const [name, value] of Object.entries(event.headers))
    if (value !== undefined) headers.set(name, value);
  if (event.cookies?.length) headers.set("cookie", event.cookies.join("; "));
  const scheme = headers.get("x-forwarded-proto") === "http" ? "http" : "https";
  const query = event.rawQueryString ? `?${event.rawQueryString}` : "";
  const address = `${scheme}://${event.requestContext.domainName}${strippedPrefix}${encodePath(event.rawPath)}${query}`;
  const hasBody = event.body !== undefined && method !== "GET" && method !== "HEAD";
  const body = hasBody ? Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8") : null;
  return new Request(address, { method: NO_REQUEST.has(method) ? `NO-${method}` : method, headers, body });
}

/** No Request can have these: under another name they are answered like every method that an address has not. */
const NO_REQUEST: ReadonlySet<string> = new Set(["CONNECT", "TRACE", "TRACK"]);

/**
 * API Gateway hands over the path percent-decoded: a name with `%` or `#` in it would be read as something else.
 * A slash inside a name is lost on the way, which is why no name may have one.
 */
export const encodePath = (rawPath: string): string =>
  rawPath.toWellFormed().split("/").map(encodeURIComponent).join("/") || "/";

/** Bodies that are not text travel in base64. */
export async function toResult(response: Response): Promise<APIGatewayProxyStructuredResultV2> {
  const headers = Object.fromEntries([...response.headers].filter(([name]) => name !== "set-cookie"));
  const cookies = response.headers.getSetCookie();
  const bytes = Buffer.from(await response.arrayBuffer());
  const isText = /^(text\/|application\/json|image\/svg)/.test(response.headers.get("content-type") ?? "");
  const encoded = response.headers.has("content-encoding") || (bytes.length > 0 && !isText);
  return {
    statusCode: response.status,
    headers,
    ...(cookies.length > 0 ? { cookies } : {}),
    body: bytes.toString(encoded ? "base64" : "utf8"),
    isBase64Encoded: encoded,
  };
}
