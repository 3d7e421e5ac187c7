/**
 * axe-core in the page that a browser shows.
 * @module
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const SOURCE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What WCAG 2.2 A and AA, and good practice, forbid and the page does: the rule and where, one a line. */
export async function violations(page: Page): Promise<string[]> {
  // Run by the browser's own console, which the page's policy does not bind.
  await page.evaluate(`${SOURCE}; undefined`);
  return page.evaluate(`axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, any }) =>
      id + " " + target.join(" ") + " " + any.map(({ message }) => message).join("; "))))`);
}
