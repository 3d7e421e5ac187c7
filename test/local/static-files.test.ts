import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type StaticFiles, serveFiles } from "#local/static-files.ts";

const TEXT = "0123456789";
let directory: string;
let server: StaticFiles;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "static-files-"));
  mkdirSync(join(directory, "served", "noarch"), { recursive: true });
  writeFileSync(join(directory, "secret.txt"), "secret");
  writeFileSync(join(directory, "served", "digits.txt"), TEXT);
  writeFileSync(join(directory, "served", "empty.txt"), "");
  writeFileSync(join(directory, "served", "noarch", "a b+c.json"), "{}");
  symlinkSync("../secret.txt", join(directory, "served", "outside.txt"));
  symlinkSync("digits.txt", join(directory, "served", "inside.txt"));
  server = await serveFiles(join(directory, "served"), { host: "127.0.0.1", port: 0, mount: "/files" });
});

afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

function get(path: string, headers: Record<string, string> = {}, method = "GET"): Promise<Response> {
  return fetch(`${server.url}${path}`, { method, headers });
}

/** Sends a path as it stands: `fetch` would resolve dots before it asks. */
function getRaw(path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

test("a file is answered whole, with its type, length and validators", async () => {
  const response = await get("/noarch/a%20b+c.json?channel=demo");

  expect(response.status).toBe(200);
  expect(await response.text()).toBe("{}");
  expect(response.headers.get("content-type")).toBe("application/json");
  expect(response.headers.get("content-length")).toBe("2");
  expect(response.headers.get("etag")).toMatch(/^".+"$/);
  expect(Date.parse(response.headers.get("last-modified") ?? "")).not.toBeNaN();
});

test("HEAD answers the same headers and no body", async () => {
  const response = await get("/digits.txt", {}, "HEAD");

  expect(response.status).toBe(200);
  expect(response.headers.get("content-length")).toBe("10");
  expect(response.headers.get("accept-ranges")).toBe("bytes");
  expect(await response.text()).toBe("");
});

test("an empty file and a link inside of the folder are answered", async () => {
  expect(await (await get("/empty.txt")).text()).toBe("");
  expect(await (await get("/inside.txt")).text()).toBe(TEXT);
});

test.each([
  ["bytes=0-3", "0123", "bytes 0-3/10"],
  ["bytes=4-", "456789", "bytes 4-9/10"],
  ["bytes=-3", "789", "bytes 7-9/10"],
  ["bytes=8-99", "89", "bytes 8-9/10"],
  ["bytes=-99", TEXT, "bytes 0-9/10"],
])("the range %s is answered in part", async (range, text, contentRange) => {
  const response = await get("/digits.txt", { range });

  expect(response.status).toBe(206);
  expect(response.headers.get("content-range")).toBe(contentRange);
  expect(await response.text()).toBe(text);
});

test.each(["bytes=10-", "bytes=-0"])("the range %s cannot be satisfied", async (range) => {
  const response = await get("/digits.txt", { range });

  expect(response.status).toBe(416);
  expect(response.headers.get("content-range")).toBe("bytes */10");
});

test.each(["bytes=3-1", "bytes=0-1,4-5", "lines=1-2", "bytes=-"])(
  "the range %s is ignored",
  async (range) => {
    const response = await get("/digits.txt", { range });

    expect(response.status).toBe(200);
    expect(await response.text()).toBe(TEXT);
  },
);

test("a range holds only for the version it was asked of", async () => {
  const etag = (await get("/digits.txt")).headers.get("etag") ?? "";

  const same = await get("/digits.txt", { range: "bytes=0-1", "if-range": etag });
  const other = await get("/digits.txt", { range: "bytes=0-1", "if-range": '"other"' });

  expect(same.status).toBe(206);
  expect(other.status).toBe(200);
  await Promise.all([same.text(), other.text()]);
});

test("an unchanged file is answered 304, a replaced one again in full", async () => {
  const path = join(directory, "served", "changing.txt");
  writeFileSync(path, "one");
  const first = await get("/changing.txt");
  const known = { "if-none-match": first.headers.get("etag") ?? "" };
  const since = { "if-modified-since": first.headers.get("last-modified") ?? "" };
  await first.text();

  expect((await get("/changing.txt", known)).status).toBe(304);
  expect((await get("/changing.txt", since)).status).toBe(304);

  writeFileSync(path, "three");
  expect(await (await get("/changing.txt", known)).text()).toBe("three");
});

test.each([
  "/files/../secret.txt",
  "/files/%2e%2e/secret.txt",
  "/files/noarch/..%2f..%2fsecret.txt",
  "/files/outside.txt",
  "/files//secret.txt",
  "/files/%00",
  "/files/%zz",
  "/files/",
  "/files",
  "/files/noarch",
  "/files/missing.txt",
  "/filesystem/digits.txt",
  "/secret.txt",
  "/",
])("%s is not found", async (path) => {
  expect(await getRaw(path)).toBe(404);
});

test("a method that would write is refused by name of the allowed ones", async () => {
  const response = await get("/digits.txt", {}, "PUT");

  expect(response.status).toBe(405);
  expect(response.headers.get("allow")).toBe("GET, HEAD");
  await response.text();
});

test("a taken port is told in one line", async () => {
  const port = Number(new URL(server.url).port);

  await expect(serveFiles(directory, { host: "127.0.0.1", port, mount: "" })).rejects.toThrow(
    `Port ${port} is in use`,
  );
});

test("a file larger than any buffer arrives whole, and closing ends a download under way", async () => {
  writeFileSync(join(directory, "served", "large.bin"), Buffer.alloc(30_000_000, 7));
  const own = await serveFiles(join(directory, "served"), { host: "127.0.0.1", port: 0, mount: "" });

  const whole = await (await fetch(`${own.url}/large.bin`)).arrayBuffer();
  const waiting = await fetch(`${own.url}/large.bin`);
  await own.close();

  expect(whole.byteLength).toBe(30_000_000);
  await expect(waiting.arrayBuffer()).rejects.toThrow();
});
