/**
 * Functions behind a real socket, for clients that are programs: each request takes the way that API Gateway sends it.
 * @module
 */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { createApp } from "#functions/api/app.ts";
import { toRequest, toResult } from "#functions/api/lambda.ts";
import type { Services } from "#functions/api/services.ts";
import { lambdaEvent } from "./lambda-event.ts";

export interface Served {
  /** `http://localhost:port`: clients throw cookies for a bare address away. */
  readonly address: string;
  /** Method, path and query of every request, as they came. */
  readonly requests: string[];
  close(): Promise<void>;
}

/**
 * Serves the API on a free port until it is closed.
 * @param strippedPrefix what a proxy in front takes from the path
 */
export async function serveApp(services: Services, strippedPrefix = ""): Promise<Served> {
  const app = createApp(services);
  return await serveFunction(async (event) => {
    const { requestId } = event.requestContext;
    return await toResult(await app.fetch(toRequest(event, strippedPrefix), { requestId }));
  });
}

/** Serves a function on a free port until it is closed. */
export async function serveFunction(
  handle: (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>,
): Promise<Served> {
  const requests: string[] = [];
  const server = createServer((incoming, outgoing) => {
    requests.push(`${incoming.method} ${incoming.url}`);
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", async () => {
      send(outgoing, await handle(eventOf(incoming, Buffer.concat(chunks))));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "localhost", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://localhost:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function eventOf({ method = "GET", url = "/", headers }: IncomingMessage, body: Buffer) {
  const [path = "/", ...query] = url.split("?");
  const [rawPath = "/"] = decoded(path).split("?");
  const plain = Object.entries(headers).map(([name, value]) => [name, String(value)]);
  const { requestContext, ...event } = lambdaEvent({
    method,
    rawPath,
    rawQueryString: query.join("?"),
    headers: { ...Object.fromEntries(plain), "x-forwarded-proto": "http" },
    isBase64Encoded: true,
    ...(body.length > 0 ? { body: body.toString("base64") } : {}),
  });
  const domainName = headers.host ?? "localhost";
  return { ...event, requestContext: { ...requestContext, domainName, requestId: crypto.randomUUID() } };
}

/** API Gateway hands paths over percent-decoded. */
function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function send(outgoing: ServerResponse, result: APIGatewayProxyStructuredResultV2): void {
  const { statusCode = 200, headers = {}, cookies, body = "", isBase64Encoded } = result;
  const sent = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
  outgoing.writeHead(statusCode, { ...sent, ...(cookies ? { "set-cookie": cookies } : {}) });
  outgoing.end(Buffer.from(body, isBase64Encoded ? "base64" : "utf8"));
}
