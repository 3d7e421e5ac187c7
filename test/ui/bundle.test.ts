import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { firstLoad, gzipBytes } from "#scripts/budget.ts";
import { bundlePage } from "#scripts/bundle.ts";

const directory = mkdtempSync(join(tmpdir(), "conda-store-page-"));
const read = (name: string): string => readFileSync(join(directory, name), "utf8");

describe("the bundled page", () => {
  beforeAll(() => bundlePage(new URL("../..", import.meta.url).pathname, directory));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("loads in at most 30 KB, compressed, and leaves every other page for when it is asked for", () => {
    const loaded = firstLoad(directory);

    expect(gzipBytes(loaded)).toBeLessThanOrEqual(30_000);
    for (const page of ["create", "environment", "login", "me", "namespace", "settings", "audit"]) {
      const [script = ""] = readdirSync(directory).filter((name) => name.startsWith(`${page}-`));
      expect(script).toMatch(/-[A-Z0-9]{8}\.js$/);
      expect(loaded).not.toContain(join(directory, script));
    }
  });

  it("carries no schema of the API: it asks, the server checks", () => {
    for (const name of readdirSync(directory).filter((each) => each.endsWith(".js"))) {
      expect(read(name)).not.toMatch(/must be a list of strings|not a build status|valibot/);
    }
  });

  it("names files whose names change with their contents, and holds neither script nor style itself", () => {
    const html = read("index.html");
    const named = [...html.matchAll(/(?:src|href)="([^":]+)"/g)].map(([, name = ""]) => name);

    expect(named.map((name) => name.replace(/-[A-Z0-9]{8}\./, "-HASH."))).toEqual([
      "style-HASH.css",
      "main-HASH.js",
    ]);
    for (const name of named) expect(readdirSync(directory)).toContain(name);
    expect(html).not.toMatch(/<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=/i);
  });

  it("asks nobody but its own server", () => {
    for (const name of readdirSync(directory).filter((each) => /\.(?:js|css)$/.test(each))) {
      const addresses = read(name).match(/https?:\/\/[^\s"'`)\\]+/g) ?? [];
      expect(addresses.filter((address) => !address.startsWith("http://www.w3.org/"))).toEqual([]);
    }
  });
});
