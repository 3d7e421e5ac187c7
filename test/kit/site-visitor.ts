/**
 * A window of somebody who is logged in.
 * @module
 */
import type { Page } from "playwright-core";
import type { BindingMap } from "#core/access/binding.ts";
import type { Site } from "./browser.ts";

/** Opens a window whose cookie has these bindings. */
export async function visit(
  site: Site,
  bindings: BindingMap,
  primaryNamespace = "alice",
): Promise<{ page: Page; faults: string[] }> {
  const window = await site.open();
  const value = await site.api.token(bindings, primaryNamespace);
  await window.page
    .context()
    .addCookies([{ name: "conda-store-auth", value, domain: new URL(site.url).hostname, path: "/" }]);
  return window;
}
