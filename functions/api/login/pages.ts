/**
 * The few pages that no script makes: where a login fails, and where a logout goes on.
 * @module
 */
import type { ApiContext } from "../context.ts";
import type { Services } from "../services.ts";

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");

const page = (title: string, head: string, body: string): string =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">${head}<title>${title}</title></head><body>${body}</body></html>`;

/** A browser that came by a link shows what it gets: it is answered with a page. Programs get JSON. */
export function showErrorsAsPage({ prefix }: Pick<Services, "prefix">, c: ApiContext): void {
  if (!/\btext\/html\b/.test(c.req.header("accept") ?? "")) return;
  c.set("errorPage", (message) =>
    page(
      "Log in",
      "",
      `<h1>You are not logged in</h1><p>${escaped(message)}</p><p><a href="${escaped(prefix)}/ui/login">Log in again</a></p><p>Request id: ${escaped(c.get("requestId"))}</p>`,
    ),
  );
}

/** The web page's policy lets no form lead to another site, not even by a redirect; this page may lead there. */
export const goOnPage = (address: string): string =>
  page(
    "Log out",
    `<meta http-equiv="refresh" content="0; url=${escaped(address)}">`,
    `<p><a href="${escaped(address)}">Log out at the provider too</a></p>`,
  );
