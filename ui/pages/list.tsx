import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Refusal } from "#core/contract/client.ts";
import { listEnvironments } from "#core/contract/environments.ts";
import type { Reply } from "#core/contract/route.ts";
import { api } from "../api.ts";
import { RefusalNotice } from "../parts/notice.tsx";
import { Title } from "../parts/title.tsx";
import { addressOfPlace } from "../router.ts";
import { session } from "../session.ts";
import { WORDS } from "../words.ts";

type Environment = Reply<typeof listEnvironments>["data"][number];

const PAGE_SIZE = 50;
/** Typing goes on; asking for each letter would be noise. */
const SEARCH_PAUSE_MS = 250;

/** Kept while the page is open: who comes back finds the search as it was. */
const search = signal("");

interface Found {
  readonly search: string;
  readonly items: readonly Environment[];
  readonly count: number;
  readonly page: number;
}

/** Environments that the user may see. */
export function ListPage() {
  const found = useSignal<Found | null>(null);
  const refusal = useSignal<Refusal | null>(null);
  const text = search.value.trim();

  const load = async (page: number, abort: AbortSignal): Promise<void> => {
    const query = { page: String(page), size: String(PAGE_SIZE), ...(text === "" ? {} : { search: text }) };
    const outcome = await api(listEnvironments, { query, signal: abort });
    refusal.value = outcome.ok ? null : outcome;
    if (!outcome.ok) return;
    const { data, count } = outcome.value;
    const before = page === 1 ? [] : (found.value?.items ?? []);
    found.value = { search: text, items: [...before, ...data], count, page };
  };

  const user = session.value?.primaryNamespace;
  useEffect(() => {
    const abort = new AbortController();
    const timer = setTimeout(
      () => load(1, abort.signal).catch(ignoreAbort),
      found.value === null ? 0 : SEARCH_PAUSE_MS,
    );
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [text, user]);

  const more = (): void => {
    void load((found.value?.page ?? 0) + 1, new AbortController().signal);
  };

  return (
    <>
      <div class="title-row">
        <Title text={WORDS.environments} />
        <a class="button primary" href={addressOfPlace({ page: "create", from: null })}>
          {WORDS.newEnvironment}
        </a>
      </div>
      <search>
        <label>
          <span class="visually-hidden">{WORDS.list.search}</span>
          <input
            type="search"
            placeholder={WORDS.list.search}
            value={search.value}
            autoCapitalize="none"
            spellcheck={false}
            onInput={(event) => {
              search.value = event.currentTarget.value;
            }}
          />
        </label>
      </search>
      {refusal.value && (
        <RefusalNotice refusal={refusal.value}>
          <button type="button" onClick={() => void load(1, new AbortController().signal)}>
            {WORDS.tryAgain}
          </button>
        </RefusalNotice>
      )}
      <p class="small" role="status">
        {found.value === null
          ? refusal.value === null && WORDS.loading
          : found.value.count > 0 && WORDS.list.found(found.value.count)}
      </p>
      {found.value &&
        (found.value.items.length === 0 ? <Nothing of={found.value} /> : <Rows of={found.value} />)}
      {found.value && found.value.items.length < found.value.count && (
        <button type="button" onClick={more}>
          {WORDS.list.more}
        </button>
      )}
    </>
  );
}

function ignoreAbort(error: unknown): void {
  if (!(error instanceof DOMException && error.name === "AbortError")) throw error;
}

function Rows({ of }: { of: Found }) {
  return (
    <ul class="rows card">
      {of.items.map(({ id, namespace, name, description }) => (
        <li key={id}>
          <a
            href={addressOfPlace({
              page: "environment",
              namespace: namespace.name,
              environment: name,
              buildId: null,
            })}
          >
            <span class="row-name">
              <span class="namespace">{namespace.name}/</span>
              <wbr />
              {name}
            </span>
            {description && <span class="row-description">{description}</span>}
          </a>
        </li>
      ))}
    </ul>
  );
}

function Nothing({ of }: { of: Found }) {
  if (of.search !== "") return <p class="empty card">{WORDS.list.noneMatching(of.search)}</p>;
  if (session.value?.authenticated !== true) {
    return (
      <div class="empty card">
        <p>{WORDS.list.noneForYou}</p>
        <a class="button" href={addressOfPlace({ page: "login", next: null })}>
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
