/**
 * Where a login or logout leads: a login must not send people elsewhere.
 * @module
 */
import type { ApiContext } from "../context.ts";
import { ownHosts } from "../middleware/caller.ts";

/**
 * A place on this site to go to, as a path; undefined for any other.
 * A path that begins with two slashes, or with a backslash, is another host to a browser.
 * @param publicUrl the site's origin, where the deployment says it
 */
export function ownPath(
  c: ApiContext,
  next: string | undefined,
  publicUrl: string | undefined,
): string | undefined {
  const base = "https://here.invalid";
  if (!next || !URL.canParse(next, base)) return undefined;
  const url = new URL(next, base);
  if (url.protocol !== "https:" && url.protocol !== "http:") return undefined;
  const own = [...ownHosts(c), ...(publicUrl === undefined ? [] : [new URL(publicUrl).host])];
  if (url.origin !== base && !own.includes(url.host)) return undefined;
  const path = `${url.pathname}${url.search}${url.hash}`;
  return path.startsWith("//") ? undefined : path;
}
