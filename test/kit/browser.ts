/**
 * A real Chromium, where the machine has one, and the API with the bundled page on a port of its own.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { serve } from "@hono/node-server";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll } from "vitest";
import { createApp } from "#functions/api/app.ts";
import type { Services } from "#functions/api/services.ts";
import { bundlePage } from "#scripts/bundle.ts";
import { type Api, openApi } from "./api.ts";
import { type LocalAws, useMiniStack } from "./ministack.ts";
import { findProgram } from "./programs.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

/** Path of a Chromium or Chrome on this machine, or null: the journeys skip then. */
export const CHROMIUM =
  process.env["CHROMIUM"] ||
  findProgram("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

export interface Site {
  readonly api: Api;
  readonly aws: LocalAws;
  /** Address of the page, with its trailing slash. */
  readonly url: string;
  /** Every request that reached the server, as `METHOD /path?query`. */
  readonly requests: string[];
  /**
   * A fresh window. What the page writes to the console as an error, scripts that fail and what its policy forbids are
   * collected in `faults`.
   */
  open(options?: BrowserContextOptions): Promise<{ page: Page; faults: string[] }>;
}

export interface SiteOptions {
  readonly prefix?: string;
  /** @default the suite's */
  readonly hookTimeoutMs?: number;
  /** What of the API's services is special, once it is known where browsers find the site. */
  readonly services?: (origin: string, ends: (() => unknown)[]) => Promise<Partial<Services>>;
}

/** Call at the top of a test file; the returned object is filled before the first test runs. */
export function useSite({ prefix = "", services = async () => ({}), hookTimeoutMs }: SiteOptions = {}): Site {
  const aws = useMiniStack();
  const requests: string[] = [];
  const site = { aws, requests } as { -readonly [K in keyof Site]: Site[K] };
  const ends: (() => unknown)[] = [];
  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), "conda-store-ui-"));
    ends.push(() => rmSync(directory, { recursive: true, force: true }));
    await bundlePage(ROOT, directory);
    let app: ReturnType<typeof createApp> | undefined;
    const server = serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: (request) => {
        const { pathname, search } = new URL(request.url);
        requests.push(`${request.method} ${pathname}${search}`);
        // Whoever looks at us before we are made finds a server and nothing on it.
        return app?.fetch(request) ?? new Response(null, { status: 404 });
      },
    });
    await new Promise((resolve) => server.once("listening", resolve));
    ends.push(() => new Promise((resolve) => server.close(resolve)));
    ends.push(() => "closeAllConnections" in server && server.closeAllConnections());
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    site.url = `${origin}${prefix}/ui/`;
    const special = await services(origin, ends);
    site.api = openApi(aws, { prefix, page: pathToFileURL(`${directory}/`), ...special });
    app = createApp(site.api.services);
    const browser = await launch();
    ends.push(() => browser.close());
    site.open = (options) => openWindow(browser, site.url, options);
  }, hookTimeoutMs);
  afterAll(async () => {
    for (const end of ends.reverse()) await end();
  });
  return site;
}

function launch(): Promise<Browser> {
  if (CHROMIUM === null) throw new Error("no Chromium: guard the suite by CHROMIUM");
  return chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

async function openWindow(
  browser: Browser,
  baseURL: string,
  options: BrowserContextOptions = {},
): Promise<{ page: Page; faults: string[] }> {
  const context = await browser.newContext({ baseURL, ...options });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (message) => {
    // A refusal by the server is a reply like any other; Chromium writes it to the console nevertheless.
    const isRefusal = /^Failed to load resource: the server responded with a status of 4\d\d/.test(
      message.text(),
    );
    if (message.type() === "error" && !isRefusal) faults.push(message.text());
  });
  return { page, faults };
}
