/**
 * A window of somebody who is logged in.
 * @module
 */
import type { Page } from "playwright-core";
import type { BindingMap } from "#core/access/binding.ts";
import type { Site } from "./browser.ts";

/** On a busy machine the page is slow, and right all the same. */
const PATIENCE_MS = 60_000;
/** The same for `expect.poll`. */
export const PATIENCE = { timeout: PATIENCE_MS } as const;
/** Of a whole journey, likewise. */
export const JOURNEY = { timeout: 240_000 } as const;

/** Opens a window whose cookie has these bindings. */
export async function visit(
  site: Site,
  bindings: BindingMap,
  primaryNamespace = "alice",
): Promise<{ page: Page; faults: string[] }> {
  const window = await site.open();
  window.page.setDefaultTimeout(PATIENCE_MS);
  const value = await site.api.token(bindings, primaryNamespace);
  await window.page
    .context()
    .addCookies([{ name: "conda-store-auth", value, domain: new URL(site.url).hostname, path: "/" }]);
  return window;
}
