/**
 * What every page must be at every size and in both schemes: no wider than its window, and nothing that axe finds.
 * @module
 */
import type { Page } from "playwright-core";
import { violations } from "./axe.ts";

/** The narrowest has nothing of its own but its width. */
const WINDOWS = [
  { width: 1366, height: 860, colorScheme: "light", isLookedInto: true },
  { width: 390, height: 844, colorScheme: "dark", isLookedInto: true },
  { width: 360, height: 740, colorScheme: "light", isLookedInto: false },
] as const;

/**
 * Looks at the page as it is in each window; the first is as it was before. With `SCREENSHOTS` set, a picture of each is
 * kept in that directory.
 * @returns faults, one a line
 */
export async function manners(page: Page, name: string): Promise<string[]> {
  const faults: string[] = [];
  const directory = process.env["SCREENSHOTS"];
  for (const { width, height, colorScheme, isLookedInto } of WINDOWS) {
    await page.setViewportSize({ width, height });
    await page.emulateMedia({ colorScheme });
    if (directory)
      await page.screenshot({ path: `${directory}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
    if (scrolled > width) faults.push(`${name}: ${scrolled} pixels wide in a window of ${width}`);
    for (const fault of isLookedInto ? await violations(page) : [])
      faults.push(`${name}, ${width} ${colorScheme}: ${fault}`);
  }
  const [first] = WINDOWS;
  await page.setViewportSize(first);
  await page.emulateMedia({ colorScheme: first.colorScheme });
  return faults;
}
