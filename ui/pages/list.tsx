import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { BuildStatus } from "#core/build/status.ts";
import type { Refusal } from "#core/contract/client.ts";
import { listEnvironments } from "#core/contract/environments.ts";
import { api } from "../api.ts";
import { type EnvironmentRow, Rows } from "../parts/environment-rows.tsx";
import { RefusalNotice } from "../parts/notice.tsx";
import { Title } from "../parts/title.tsx";
import { addressOfPlace, goTo, hasComeBack, type ListFilter, loginFromHere, NO_FILTER } from "../router.ts";
import { session } from "../session.ts";
import { WORDS } from "../words/common.ts";

/** As many as the API gives at once. */
const PAGE_SIZE = 100;
/** Typing goes on; asking for each letter would be noise. */
const SEARCH_PAUSE_MS = 150;

interface Found {
  /** For whom, and narrowed how. */
  readonly key: string;
  readonly filter: ListFilter;
  /** As they came: what is shown already is not drawn again when more comes. */
  readonly pages: readonly (readonly EnvironmentRow[])[];
  readonly count: number;
  readonly hasMore: boolean;
}

/** What was shown last, for who comes back. */
let last: Found | null = null;

const STATUSES = Object.keys(WORDS.status) as BuildStatus[];

/** Environments that the user may see, as the address narrows them. */
export function ListPage({ filter }: { filter: ListFilter }) {
  const key = `${session.value?.primary_namespace} ${addressOfPlace({ page: "list", filter })}`;
  const found = useSignal<Found | null>(hasComeBack() && last?.key === key ? last : null);
  const refusal = useSignal<Refusal | null>(null);
  const isLoadingMore = useSignal(false);
  const search = useRef<HTMLInputElement>(null);
  const rows = useRef<HTMLDivElement>(null);

  const load = async (behind: Found | null, abort: AbortSignal): Promise<void> => {
    const status = STATUSES.find((each) => each === filter.status);
    const packages = filter.packages.split(/\s+/).filter((name) => name !== "");
    const outcome = await api(listEnvironments, {
      query: {
        // By namespace and name, which is how they are kept: only this page is read, however many there are.
        page: String((behind?.pages.length ?? 0) + 1),
        size: String(PAGE_SIZE),
        ...(filter.search.trim() === "" ? {} : { search: filter.search.trim() }),
        ...(status === undefined ? {} : { status }),
        ...(packages.length === 0 ? {} : { packages }),
      },
      signal: abort,
    });
    // What was asked for goes behind rows that are no longer shown.
    if (behind !== null && found.value !== behind) return;
    refusal.value = outcome.ok ? null : outcome;
    if (!outcome.ok) return;
    const { data, count } = outcome.value;
    const before = behind?.pages ?? [];
    // What was made in the meantime shifts the pages: a row that is shown already comes again.
    const known = new Set(before.flat().map(({ id }) => id));
    const pages = [...before, data.filter(({ id }) => !known.has(id))];
    found.value = {
      key,
      filter,
      pages,
      count,
      hasMore: data.length === PAGE_SIZE && pages.length * PAGE_SIZE < count,
    };
    last = found.value;
  };

  useEffect(() => {
    if (found.value?.key === key) return;
    const abort = new AbortController();
    const begin = (): void => {
      load(null, abort.signal).catch(ignoreAbort);
    };
    const timer = setTimeout(begin, found.value === null ? 0 : SEARCH_PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key]);

  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.target instanceof Element && event.target.closest("input, textarea, select, dialog")) return;
      event.preventDefault();
      search.current?.focus();
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, []);

  const more = async (): Promise<void> => {
    const before = found.value;
    if (before === null || !before.hasMore || isLoadingMore.value) return;
    isLoadingMore.value = true;
    const abort = new AbortController();
    await load(before, abort.signal);
    isLoadingMore.value = false;
  };

  const change = (changed: Partial<ListFilter>): void =>
    goTo({ page: "list", filter: { ...filter, ...changed } }, { replace: true, stay: true });

  const move = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    if (step === 0 || event.target instanceof HTMLSelectElement) return;
    const links = [...(rows.current?.querySelectorAll<HTMLElement>("a.row") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLElement);
    const next = at + step < 0 ? search.current : links[at + step];
    if (!next) return;
    event.preventDefault();
    next.focus();
  };

  const isCurrent = found.value?.key === key;
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: arrows move among links that have the keyboard already
    <div class="stack" onKeyDown={move}>
      <div class="title-row">
        <Title text={WORDS.environments} />
        <a class="button primary" href={addressOfPlace({ page: "create", from: null })}>
          {WORDS.newEnvironment}
        </a>
      </div>
      <search class="filters">
        <Labelled label={WORDS.list.search}>
          <input
            ref={search}
            type="search"
            placeholder={WORDS.list.search}
            title={WORDS.list.searchHint}
            value={filter.search}
            autoCapitalize="none"
            spellcheck={false}
            onInput={(event) => change({ search: event.currentTarget.value })}
          />
        </Labelled>
        <Labelled label={WORDS.list.packages}>
          <input
            type="search"
            placeholder={WORDS.list.packagesPlaceholder}
            value={filter.packages}
            autoCapitalize="none"
            spellcheck={false}
            onInput={(event) => change({ packages: event.currentTarget.value })}
          />
        </Labelled>
        <Labelled label={WORDS.list.status}>
          <select value={filter.status} onChange={(event) => change({ status: event.currentTarget.value })}>
            <option value="">{WORDS.list.anyStatus}</option>
            {STATUSES.map((status) => (
              <option key={status} value={status}>
                {WORDS.status[status]}
              </option>
            ))}
          </select>
        </Labelled>
      </search>
      {refusal.value && (
        <RefusalNotice refusal={refusal.value}>
          <button type="button" onClick={() => void load(null, new AbortController().signal)}>
            {WORDS.tryAgain}
          </button>
        </RefusalNotice>
      )}
      <p class="small" role="status" aria-busy={!isCurrent}>
        {found.value === null
          ? refusal.value === null && WORDS.loading
          : found.value.count > 0 && WORDS.list.found(found.value.count)}
      </p>
      {found.value?.count === 0 && <Nothing of={found.value.filter} />}
      <div ref={rows} class="stack">
        {found.value?.pages.map((page, index, pages) => (
          <Rows
            key={page[0]?.id ?? 0}
            rows={page}
            before={pages[index - 1]?.at(-1)?.namespace.name ?? null}
          />
        ))}
      </div>
      {found.value?.hasMore && <More onSight={more} isLoading={isLoadingMore.value} />}
    </div>
  );
}

function Labelled({ label, children }: { label: string; children: ComponentChildren }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label>
      <span class="visually-hidden">{label}</span>
      {children}
    </label>
  );
}

/** Loads more when it comes near; pressed, too. */
function More({ onSight, isLoading }: { onSight: () => Promise<void>; isLoading: boolean }) {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!button.current || isLoading) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some(({ isIntersecting }) => isIntersecting)) void onSight();
      },
      { rootMargin: "1200px" },
    );
    observer.observe(button.current);
    return () => observer.disconnect();
  });
  return (
    <div class="actions">
      <button ref={button} type="button" onClick={() => void onSight()}>
        {isLoading ? WORDS.list.loadingMore : WORDS.list.more}
      </button>
    </div>
  );
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
}

function Nothing({ of }: { of: ListFilter }) {
  if (of.search !== "" || of.status !== "" || of.packages !== "") {
    const onlySearch = of.status === "" && of.packages === "";
    return (
      <div class="empty card">
        <p>{onlySearch ? WORDS.list.noneMatching(of.search) : WORDS.list.noneFiltered}</p>
        <a class="button" href={addressOfPlace({ page: "list", filter: NO_FILTER })}>
          {WORDS.list.clear}
        </a>
      </div>
    );
  }
  if (session.value?.authenticated !== true) {
    return (
      <div class="empty card">
        <p>{WORDS.list.noneForYou}</p>
        <a class="button" href={addressOfPlace(loginFromHere())}>
          {WORDS.logIn}
        </a>
      </div>
    );
  }
  return (
    <div class="empty card">
      <p>{WORDS.list.none}</p>
      <a class="button" href={addressOfPlace({ page: "create", from: null })}>
        {WORDS.list.createFirst}
      </a>
    </div>
  );
}
