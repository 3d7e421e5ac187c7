import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { afterAll, describe, expect, test } from "vitest";
import { openApi } from "#test/kit/api.ts";

const directory = mkdtempSync(join(tmpdir(), "conda-store-page-"));
writeFileSync(join(directory, "index.html"), "<!doctype html><html><head><title>x</title></head></html>");
writeFileSync(join(directory, "main-AB12CD34.js"), "export {}");
writeFileSync(join(directory, "main-AB12CD34.js.map"), "{}");
writeFileSync(join(directory, "logo.svg"), "<svg/>");
afterAll(() => rmSync(directory, { recursive: true }));

// The page asks nothing of AWS.
const nowhere = { endpoint: "", table: "t", bucket: "b", wakeUpQueue: "q", finishQueue: "q", linkQueue: "q" };
process.env["AWS_REGION"] ??= "us-east-1";
const page = pathToFileURL(`${directory}/`);
const api = openApi(nowhere, { page });
const prefixed = openApi(nowhere, { page, prefix: "/conda-store" });

describe("the page", () => {
  test.each(["/ui/", "/ui", "/ui/team/demo", "/ui/login", "/ui/index.html", "/ui/anything/at/all"])(
    "answers at %s",
    async (path) => {
      const response = await api.request(path);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toMatch(/^text\/html/);
      expect(response.headers.get("cache-control")).toBe("no-cache");
    },
  );

  test("is told where it lies, so that its addresses work at any depth", async () => {
    expect(await (await api.request("/ui/team/demo")).text()).toContain('<head><base href="/ui/">');
    expect(await (await prefixed.request("/conda-store/ui/a/b")).text()).toContain(
      '<base href="/conda-store/ui/">',
    );
  });

  test("allows no script, style or frame but its own", async () => {
    const policy = (await api.request("/ui/")).headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toMatch(/unsafe|\*/);
  });

  test("has its own not-found page", async () => {
    const response = await api.request("/ui/not-found");
    expect(response.status).toBe(404);
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
  });
});

describe("its files", () => {
  test("with a hash in the name are kept for ever", async () => {
    const response = await api.request("/ui/main-AB12CD34.js");
    expect(response.headers.get("content-type")).toMatch(/^text\/javascript/);
    expect(response.headers.get("cache-control")).toBe("public, max-age=31536000, immutable");
    expect(await response.text()).toBe("export {}");
  });

  test("without one are asked for again", async () => {
    expect((await api.request("/ui/logo.svg")).headers.get("cache-control")).toBe("no-cache");
  });

  test("are compressed for those who can read it", async () => {
    const response = await api.request("/ui/main-AB12CD34.js", {
      headers: { "accept-encoding": "br, gzip" },
    });
    expect(response.headers.get("content-encoding")).toBe("gzip");
    expect(gunzipSync(Buffer.from(await response.arrayBuffer())).toString()).toBe("export {}");
  });

  test("of an older deployment are missing, not a page", async () => {
    const response = await api.request("/ui/main-ZZZZZZZZ.js");
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({ status: "error", code: "not_found" });
  });

  test.each(["/ui/..%2f..%2fetc%2fpasswd", "/ui/%2e%2e/%2e%2e/etc/passwd", "/ui//etc/passwd"])(
    "no name leads out of their directory: %s",
    async (path) => {
      expect(await (await api.request(path)).text()).not.toContain("root:");
    },
  );
});

test("a deployment without a bundled page says so", async () => {
  const bare = openApi(nowhere);
  const response = await bare.request("/ui/");
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ message: expect.stringContaining("bundle") });
});
