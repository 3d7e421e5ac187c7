import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bundlePage } from "#scripts/bundle.ts";

const directory = mkdtempSync(join(tmpdir(), "conda-store-page-"));
const read = (name: string): string => readFileSync(join(directory, name), "utf8");

describe("the bundled page", () => {
  beforeAll(() => bundlePage(new URL("../..", import.meta.url).pathname, directory));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it("loads in at most 30 KB, compressed", () => {
    const loaded = readdirSync(directory).filter((name) => !name.endsWith(".map"));
    const bytes = loaded.reduce((sum, name) => sum + gzipSync(readFileSync(join(directory, name))).length, 0);

    expect(bytes).toBeLessThanOrEqual(30_000);
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
