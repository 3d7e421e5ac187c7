/**
 * Addresses of the page, below `…/ui/`: `login`, `new`, `NAMESPACE/ENVIRONMENT`, and nothing for the list.
 * @module
 */
import { computed, signal } from "@preact/signals";

export type Place =
  | { readonly page: "list" }
  | { readonly page: "login"; readonly next: string | null }
  | {
      readonly page: "create";
      /** The build whose specification is to be changed, and the namespace it is in; null for a new one. */
      readonly from: { readonly namespace: string; readonly buildId: number } | null;
    }
  | {
      readonly page: "environment";
      readonly namespace: string;
      readonly environment: string;
      /** null: the current build. */
      readonly buildId: number | null;
    }
  | { readonly page: "not-found" };

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

/** @param path below the base, without leading slash. */
export function parsePlace(path: string, query: URLSearchParams): Place {
  const segments = path.replace(/\/$/, "").split("/").map(decode);
  const [first, second, ...more] = segments;
  if (first === "" && second === undefined) return { page: "list" };
  if (first === "login" && second === undefined) return { page: "login", next: query.get("next") };
  const build = query.get("build") ?? "";
  const buildId = /^[1-9]\d{0,15}$/.test(build) ? Number(build) : null;
  if (first === "new" && second === undefined) {
    const namespace = query.get("namespace");
    return { page: "create", from: namespace === null || buildId === null ? null : { namespace, buildId } };
  }
  if (!first || !second || more.length > 0) return { page: "not-found" };
  return { page: "environment", namespace: first, environment: second, buildId };
}

/** The address of a place, relative to the base. */
export function addressOfPlace(place: Place): string {
  if (place.page === "list" || place.page === "not-found") return "./";
  if (place.page === "create") {
    const { from } = place;
    return from === null
      ? "new"
      : `new?${new URLSearchParams({ namespace: from.namespace, build: String(from.buildId) })}`;
  }
  if (place.page === "login")
    return place.next === null ? "login" : `login?next=${encodeURIComponent(place.next)}`;
  const { namespace, environment, buildId } = place;
  const path = `${encodeURIComponent(namespace)}/${encodeURIComponent(environment)}`;
  return buildId === null ? path : `${path}?build=${buildId}`;
}

/** Where the page's own addresses begin, e.g. `/conda-store/ui/`. */
const base = (): string => new URL(document.baseURI).pathname;

const address = signal("");

/** Where the user is. */
export const place = computed((): Place => {
  const { pathname, searchParams } = new URL(address.value);
  return pathname.startsWith(base())
    ? parsePlace(pathname.slice(base().length), searchParams)
    : { page: "not-found" };
});

/** Goes somewhere. @param replace forget where we are: the back button does not lead here again. */
export function goTo(to: Place, { replace = false } = {}): void {
  history[replace ? "replaceState" : "pushState"](null, "", new URL(addressOfPlace(to), document.baseURI));
  address.value = location.href;
  scrollTo(0, 0);
}

/** Follows the address bar, and takes over clicks on links to places of the page. */
export function startRouter(): void {
  address.value = location.href;
  addEventListener("popstate", () => {
    address.value = location.href;
  });
  document.addEventListener("click", (event) => {
    const anchor = event.target instanceof Element ? event.target.closest("a") : null;
    if (!anchor || event.defaultPrevented || event.button !== 0 || anchor.target || anchor.download) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (anchor.origin !== location.origin || !anchor.pathname.startsWith(base())) return;
    if (anchor.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    history.pushState(null, "", anchor.href);
    address.value = location.href;
    scrollTo(0, 0);
  });
}
