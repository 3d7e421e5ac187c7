import { createServer, request as httpRequest, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test } from "vitest";
import { cutPath, type FrontDoor, openFrontDoor } from "#local/front-door.ts";

/** Stands where the local AWS answers for the deployed API: says what arrived. */
let upstream: Server;
let door: FrontDoor;

async function open(listener: Parameters<typeof createServer>[1], limits = {}): Promise<void> {
  upstream = createServer(listener);
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
  const { port } = upstream.address() as AddressInfo;
  door = await openFrontDoor({ port: 0, endpoint: `http://127.0.0.1:${port}`, apiId: "abc", limits });
}

beforeEach(() =>
  open((request, response) => {
    response.setHeader("set-cookie", ["a=1", "b=2"]);
    request
      .resume()
      .on("end", () => response.end(JSON.stringify({ url: request.url, headers: request.headers })));
  }),
);
afterEach(async () => {
  await door.close();
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
});

/** fetch() neither sets Host nor leaves a path as it is. */
function ask(
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string } = {},
) {
  const { hostname, port } = new URL(door.url);
  const { method = "GET", headers = {}, body } = options;
  return new Promise<{ status: number; headers: IncomingMessage["headers"]; text: string }>(
    (resolve, reject) => {
      const request = httpRequest({
        host: "127.0.0.1",
        port,
        method,
        path,
        headers: { host: `${hostname}:${port}`, ...headers },
      });
      request.on("error", reject);
      request.on("response", (response) => {
        let text = "";
        response.on("data", (data: Buffer) => {
          text += data;
        });
        response.on("end", () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
        );
      });
      request.end(body);
    },
  );
}

test("a request reaches the deployed API under its own name, and tells the name it was asked by", async () => {
  const { status, headers, text } = await ask("/api/v1/?page=2");

  expect(status).toBe(200);
  expect(headers["set-cookie"]).toEqual(["a=1", "b=2"]);
  const arrived = JSON.parse(text) as { url: string; headers: Record<string, string> };
  expect(arrived.url).toBe("/_aws/execute-api/abc/$default/api/v1/?page=2");
  expect(arrived.headers["host"]).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(arrived.headers["x-forwarded-host"]).toBe(new URL(door.url).host);
});

test.each(["evil.example", "localhost", "localhost:1", "localhost.evil.example:8080"])(
  "Host %s is refused in the API's error shape",
  async (host) => {
    const { status, text } = await ask("/api/v1/", { headers: { host } });

    expect(status).toBe(403);
    expect(JSON.parse(text)).toEqual({
      status: "error",
      message: expect.stringContaining("http://localhost:"),
      code: "origin_refused",
      request_id: expect.any(String),
    });
  },
);

test.each(["http://evil.example", "null", "https://localhost", "http://localhost:1"])(
  "a change of state by a page of %s is refused",
  async (origin) => {
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      const { status, text } = await ask("/login", { method, headers: { origin } });

      expect(status).toBe(403);
      expect(JSON.parse(text)).toMatchObject({ status: "error", code: "origin_refused" });
    }
  },
);

test("the page's own requests pass", async () => {
  const { status } = await ask("/login", { method: "POST", headers: { origin: door.url }, body: "{}" });

  expect(status).toBe(200);
});

test("paths are cut at an escaped question mark, as API Gateway cuts them", () => {
  expect(cutPath("/a/b%3Fc%2Fd?x=1&y=%3F")).toBe("/a/b?x=1&y=%3F");
  expect(cutPath("/a%2Fb?x")).toBe("/a%2Fb?x");
  expect(cutPath("/%3f")).toBe("/");
});

test("an answer that takes too long is cut as API Gateway cuts it", async () => {
  await door.close();
  await new Promise((resolve) => upstream.close(resolve));
  await open(() => {}, { timeoutMs: 100 });

  const { status, text } = await ask("/");

  expect(status).toBe(503);
  expect(JSON.parse(text)).toEqual({ message: "Service Unavailable" });
});

test("bodies that Lambda would not take or give are refused as API Gateway refuses them", async () => {
  await door.close();
  await new Promise((resolve) => upstream.close(resolve));
  await open(
    (request, response) =>
      request.resume().on("end", () => response.setHeader("content-length", 2000).end("x".repeat(2000))),
    { bytesMax: 1000 },
  );

  expect((await ask("/", { method: "POST", body: "x".repeat(3000) })).status).toBe(413);
  expect((await ask("/")).status).toBe(500);
  const told = await ask("/", { method: "HEAD" });
  expect([told.status, told.headers["content-length"]]).toEqual([200, "2000"]);
});

test("a busy port is one clear line", async () => {
  const port = Number(new URL(door.url).port);

  await expect(openFrontDoor({ port, endpoint: "http://127.0.0.1:1", apiId: "abc" })).rejects.toThrow(
    `Port ${port} is in use: end the program that has it, or choose another one with --port.`,
  );
});
