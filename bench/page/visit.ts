/**
 * One visit to the list by somebody whose browser has never been there.
 * @module
 */
import type { Browser, Page } from "playwright-core";

export interface Visit {
  /** Over the wire, headers included. */
  readonly pageBytes: number;
  readonly apiBytes: number;
  /** Until the first environment is shown. */
  readonly requests: number;
  readonly firstPaintMs: number;
  readonly contentMs: number;
  /** From the last letter typed to what was looked for. */
  readonly searchMs: number;
  readonly longestFrameMs: number;
  /** How many there are after scrolling. */
  readonly rows: number;
}

/** So far is scrolled, if there is so much. */
const ROWS = 1_000;

export async function visit(browser: Browser, address: string, token: string): Promise<Visit> {
  const context = await browser.newContext();
  await context.addCookies([{ name: "conda-store-auth", value: token, domain: "localhost", path: "/" }]);
  const page = await context.newPage();
  try {
    const wire = await watchWire(page);
    await page.goto(`${address}/ui/`);
    await page.locator("a.row").first().waitFor();
    const { contentMs, firstPaintMs } = await page.evaluate(() => ({
      contentMs: performance.now(),
      firstPaintMs: performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? Number.NaN,
    }));
    const loaded = { ...wire };
    const { longestFrameMs, rows } = await scroll(page);
    return { ...loaded, contentMs, firstPaintMs, longestFrameMs, rows, searchMs: await search(page) };
  } finally {
    await context.close();
  }
}

/** Counts what arrives, from now on. */
async function watchWire(page: Page) {
  const wire = { pageBytes: 0, apiBytes: 0, requests: 0 };
  const session = await page.context().newCDPSession(page);
  const addresses = new Map<string, string>();
  session.on("Network.requestWillBeSent", ({ requestId, request }) => {
    if (!request.url.startsWith("http")) return;
    addresses.set(requestId, request.url);
    wire.requests += 1;
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const url = addresses.get(requestId);
    if (url === undefined) return;
    if (new URL(url).pathname.startsWith("/ui/")) wire.pageBytes += encodedDataLength;
    else wire.apiBytes += encodedDataLength;
  });
  await session.send("Network.enable");
  return wire;
}

/** Scrolls to the end again and again, until enough has come or there is no more. */
function scroll(page: Page): Promise<{ longestFrameMs: number; rows: number }> {
  return page.evaluate(async (wanted) => {
    const count = (): number => document.querySelectorAll("a.row").length;
    let longestFrameMs = 0;
    let before = performance.now();
    let known = count();
    for (let still = 0; known < wanted && still < 120; still += 1) {
      scrollTo(0, document.body.scrollHeight);
      const now = await new Promise<number>((resolve) => requestAnimationFrame(resolve));
      longestFrameMs = Math.max(longestFrameMs, now - before);
      before = now;
      if (count() !== known) still = 0;
      known = count();
    }
    return { longestFrameMs, rows: known };
  }, ROWS);
}

async function search(page: Page): Promise<number> {
  await page.getByRole("searchbox", { name: "Search by namespace or name" }).fill("environment-7");
  const from = performance.now();
  await page.waitForFunction(() =>
    [...document.querySelectorAll("a.row")].every(({ textContent }) => textContent.includes("environment-7")),
  );
  return performance.now() - from;
}
