/**
 * What every page must be at every size and in both schemes: no wider than its window, with all that can be used within
 * reach, still for who wants no motion, and nothing that axe finds.
 * @module
 */
import type { Page } from "playwright-core";
import { violations } from "./axe.ts";

/** The narrowest has nothing of its own but its width; the last is the first at 200 %. */
const WINDOWS = [
  { width: 1366, height: 860, colorScheme: "light", zoom: 1, isLookedInto: true },
  { width: 390, height: 844, colorScheme: "dark", zoom: 1, isLookedInto: true },
  { width: 360, height: 740, colorScheme: "light", zoom: 1, isLookedInto: false },
  { width: 683, height: 430, colorScheme: "light", zoom: 2, isLookedInto: false },
] as const;

/**
 * Looks at the page as it is in each window; the first is as it was before. With `SCREENSHOTS` set, a picture of each is
 * kept in that directory.
 * @returns faults, one a line
 */
export async function manners(page: Page, name: string): Promise<string[]> {
  const faults: string[] = [];
  const directory = process.env["SCREENSHOTS"];
  const devTools = await page.context().newCDPSession(page);
  const before = page.viewportSize() ?? WINDOWS[0];
  for (const { width, height, colorScheme, zoom, isLookedInto } of WINDOWS) {
    const where = `${name}, ${width} ${colorScheme}`;
    await page.setViewportSize({ width, height });
    const size = { width, height, deviceScaleFactor: zoom, mobile: false };
    await devTools.send("Emulation.setDeviceMetricsOverride", size);
    await page.emulateMedia({ colorScheme });
    if (directory)
      await page.screenshot({ path: `${directory}/${name}-${width}-${colorScheme}.png`, fullPage: true });
    const scrolled = await page.evaluate(() => document.documentElement.scrollWidth);
    if (scrolled > width) faults.push(`${where}: ${scrolled} pixels wide`);
    for (const out of await outOfReach(page)) faults.push(`${where}: out of reach: ${out}`);
    for (const fault of isLookedInto ? await violations(page) : []) faults.push(`${where}: ${fault}`);
  }
  await devTools.send("Emulation.clearDeviceMetricsOverride");
  await devTools.detach();
  await page.setViewportSize(before);
  await page.emulateMedia({ colorScheme: WINDOWS[0].colorScheme, reducedMotion: "reduce" });
  for (const moving of await movements(page)) faults.push(`${name}, reduced motion: ${moving}`);
  await page.emulateMedia({ reducedMotion: null });
  return faults;
}

/** What moves by itself at this moment. */
export const movements = (page: Page): Promise<string[]> =>
  page.evaluate(() =>
    document
      .getAnimations()
      .filter(({ playState }) => playState === "running")
      .map((animation) => ("animationName" in animation ? String(animation.animationName) : "a transition")),
  );

/** Of what takes the focus, what then is not where somebody could see and point at it; the focus and the place stay as they were. */
function outOfReach(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const focused = document.activeElement;
    const scrolled = [scrollX, scrollY] as const;
    // Behind an open dialog nothing is meant to be reached.
    const root = document.querySelector("dialog[open]") ?? document;
    const usable = "a[href], button:enabled, input, select, textarea, summary, [tabindex='0']";
    const faults: string[] = [];
    for (const element of root.querySelectorAll<HTMLElement>(usable)) {
      if (!element.checkVisibility()) continue;
      element.focus();
      element.scrollIntoView({ block: "center", inline: "nearest", behavior: "instant" });
      const { left, top, right, bottom } = element.getBoundingClientRect();
      const x = (Math.max(0, left) + Math.min(innerWidth, right)) / 2;
      const y = (Math.max(0, top) + Math.min(innerHeight, bottom)) / 2;
      const isWithin = left >= -1 && right <= innerWidth + 1;
      // Of a link over two lines the middle may be beside it: its first line counts.
      const [line] = element.getClientRects();
      const points = [[x, y] as const, [(line?.left ?? x) + 2, (line?.top ?? y) + 2] as const];
      const isHit = points.some(([atX, atY]) => {
        const hit = document.elementFromPoint(atX, atY);
        return (
          hit !== null && (element.contains(hit) || hit.contains(element) || hit.closest("label") !== null)
        );
      });
      if (!isWithin || !isHit)
        faults.push(`${element.localName} ${(element.textContent || element.ariaLabel || "").slice(0, 40)}`);
    }
    if (focused instanceof HTMLElement) focused.focus();
    scrollTo(...scrolled);
    return faults;
  });
}
