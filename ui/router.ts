/**
 * Addresses of the page, below `…/ui/`: `NAMESPACE/ENVIRONMENT` with what is looked at in the query, one word for every
 * other page, and nothing for the list. Whatever is chosen, filtered or compared is in the address, to be kept and sent.
 * @module
 */
import { computed, signal } from "@preact/signals";

/** Views of an environment beside its overview. */
const VIEWS = ["packages", "history"] as const;
export type View = "overview" | (typeof VIEWS)[number];

/** What the list is narrowed to; empty texts for nothing. */
export interface ListFilter {
  readonly search: string;
  readonly status: string;
  /** Names with spaces between them. */
  readonly packages: string;
}

export const NO_FILTER: ListFilter = { search: "", status: "", packages: "" };

export interface AuditFilter {
  readonly namespace: string;
  readonly person: string;
  readonly since: string;
  readonly until: string;
}

export type Place =
  | { readonly page: "list"; readonly filter: ListFilter }
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
      /** null: the environment itself. */
      readonly buildId: number | null;
      readonly view: View;
      /** Two builds, in the history. */
      readonly compare: readonly [number, number] | null;
    }
  | { readonly page: "me" | "namespaces" | "not-found" }
  | { readonly page: "namespace"; readonly name: string }
  /** Of an environment, of a namespace, or with neither of the whole store. */
  | { readonly page: "settings"; readonly namespace: string; readonly environment: string }
  | { readonly page: "audit"; readonly filter: AuditFilter };

export type EnvironmentPlace = Extract<Place, { page: "environment" }>;

/** The overview of an environment, or what is told of it. */
export const environmentPlace = (
  namespace: string,
  environment: string,
  told: Partial<Pick<EnvironmentPlace, "buildId" | "view" | "compare">> = {},
): EnvironmentPlace => ({
  page: "environment",
  namespace,
  environment,
  buildId: null,
  view: "overview",
  compare: null,
  ...told,
});

function decode(segment: string): string | null {
  try {
    return decodeURIComponent(segment);
  } catch {
    return null;
  }
}

const idOf = (text: string | null | undefined): number | null =>
  /^[1-9]\d{0,15}$/.test(text ?? "") ? Number(text) : null;

/** Pages whose address is one word. */
function parsePage(word: string, query: URLSearchParams): Place {
  const text = (name: string): string => query.get(name) ?? "";
  const namespace = text("namespace");
  switch (word) {
    case "":
      return {
        page: "list",
        filter: { search: text("search"), status: text("status"), packages: text("packages") },
      };
    case "login":
      return { page: "login", next: query.get("next") };
    case "new": {
      const buildId = idOf(query.get("build"));
      return { page: "create", from: namespace === "" || buildId === null ? null : { namespace, buildId } };
    }
    case "me":
    case "namespaces":
      return { page: word };
    case "namespace":
      return namespace === "" ? { page: "not-found" } : { page: "namespace", name: namespace };
    case "settings":
      return { page: "settings", namespace, environment: namespace === "" ? "" : text("environment") };
    case "audit":
      return {
        page: "audit",
        filter: { namespace, person: text("person"), since: text("since"), until: text("until") },
      };
    default:
      return { page: "not-found" };
  }
}

/** @param path below the base, without leading slash. */
export function parsePlace(path: string, query: URLSearchParams): Place {
  const [first, second, ...more] = path.replace(/\/$/, "").split("/").map(decode);
  if (second === undefined) return first === null ? { page: "not-found" } : parsePage(first ?? "", query);
  if (!first || !second || more.length > 0) return { page: "not-found" };
  const view = VIEWS.find((each) => each === query.get("view")) ?? "overview";
  const [from, to] = [idOf(query.get("from")), idOf(query.get("to"))];
  return environmentPlace(first, second, {
    buildId: idOf(query.get("build")),
    view,
    compare: view === "history" && from !== null && to !== null ? [from, to] : null,
  });
}

const withQuery = (path: string, query: Readonly<Record<string, string | number | null>>): string => {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== "") search.set(name, String(value));
  }
  return search.size > 0 ? `${path}?${search}` : path;
};

/** The address of a place, relative to the base. */
export function addressOfPlace(place: Place): string {
  switch (place.page) {
    case "list":
      return withQuery("./", { ...place.filter });
    case "not-found":
      return "./";
    case "create":
      return withQuery("new", {
        namespace: place.from?.namespace ?? null,
        build: place.from?.buildId ?? null,
      });
    case "login":
      return withQuery("login", { next: place.next });
    case "me":
    case "namespaces":
      return place.page;
    case "namespace":
      return withQuery("namespace", { namespace: place.name });
    case "settings":
      return withQuery("settings", { namespace: place.namespace, environment: place.environment });
    case "audit":
      return withQuery("audit", { ...place.filter });
    case "environment": {
      const { namespace, environment, buildId, view, compare } = place;
      return withQuery(`${encodeURIComponent(namespace)}/${encodeURIComponent(environment)}`, {
        build: buildId,
        view: view === "overview" ? null : view,
        from: compare?.[0] ?? null,
        to: compare?.[1] ?? null,
      });
    }
  }
}

/** Where the page's own addresses begin, e.g. `/conda-store/ui/`. */
const base = (): string => new URL(document.baseURI).pathname;

const address = signal("");

/** How far the page was scrolled at each address that was left: what comes back is drawn later than a browser would look. */
const scrolledTo = new Map<string, number>();

let isBack = false;

/** Whether the user came by the browser's back or forward, and expects to find what was there. */
export const hasComeBack = (): boolean => isBack;

function leave({ back = false } = {}): void {
  isBack = back;
  scrolledTo.set(address.value, scrollY);
}

/** Where the user is. */
export const place = computed((): Place => {
  const { pathname, searchParams } = new URL(address.value);
  return pathname.startsWith(base())
    ? parsePlace(pathname.slice(base().length), searchParams)
    : { page: "not-found" };
});

/** The login page, which leads back to where the user is. */
export const loginFromHere = (): Place => ({
  page: "login",
  next: `${location.pathname}${location.search}`,
});

/**
 * Goes somewhere.
 * @param replace forget where we are: the back button does not lead here again
 * @param stay the same page with something else in its address: nothing scrolls
 */
export function goTo(to: Place, { replace = false, stay = false } = {}): void {
  if (!stay) leave();
  history[replace ? "replaceState" : "pushState"](null, "", new URL(addressOfPlace(to), document.baseURI));
  address.value = location.href;
  if (!stay) scrollTo(0, 0);
}

/** Follows the address bar, and takes over clicks on links to places of the page. */
export function startRouter(): void {
  address.value = location.href;
  history.scrollRestoration = "manual";
  addEventListener("popstate", () => {
    leave({ back: true });
    address.value = location.href;
    requestAnimationFrame(() => scrollTo(0, scrolledTo.get(location.href) ?? 0));
  });
  document.addEventListener("click", (event) => {
    const anchor = event.target instanceof Element ? event.target.closest("a") : null;
    if (!anchor || event.defaultPrevented || event.button !== 0 || anchor.target || anchor.download) return;
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    if (anchor.origin !== location.origin || !anchor.pathname.startsWith(base())) return;
    if (anchor.getAttribute("href")?.startsWith("#")) return;
    event.preventDefault();
    leave();
    history.pushState(null, "", anchor.href);
    address.value = location.href;
    scrollTo(0, 0);
  });
}
