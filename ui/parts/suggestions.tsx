import { useSignal } from "@preact/signals";
import type { RefObject } from "preact";
import { useEffect } from "preact/hooks";
import { listPackageNames, listPackages } from "#core/contract/packages.ts";
import { api } from "../api.ts";
import { complete, type Wanted, wantedAt } from "../completion.ts";
import { compareVersions } from "../packages.ts";
import { CREATE } from "../words/create.ts";

/** Typing goes on; asking for each letter would be noise. */
const PAUSE_MS = 150;
const SHOWN_MAX = 8;

interface Suggestion {
  readonly text: string;
  /** What it is, in one line. */
  readonly summary: string | null;
}

/** The best names for what is typed, or the newest versions that begin with it. */
async function ask(wanted: Wanted, signal: AbortSignal): Promise<readonly Suggestion[]> {
  if (wanted.kind === "name") {
    const query = { search: wanted.text, limit: String(SHOWN_MAX) };
    const outcome = await api(listPackageNames, { query, signal });
    if (!outcome.ok) return [];
    const { names, summaries = [] } = outcome.value.data;
    return names.map((text, at) => ({ text, summary: summaries[at] ?? null }));
  }
  const query = {
    search: wanted.name,
    exact: "true",
    distinct_on: ["version"],
    sort_by: ["version"],
    order: "desc",
  };
  const outcome = await api(listPackages, { query, signal });
  if (!outcome.ok) return [];
  const versions = outcome.value.data.map(({ version }) => version);
  const fitting = versions.filter((version) => version.startsWith(wanted.text));
  const newest = fitting.sort((a, b) => compareVersions(b, a)).slice(0, SHOWN_MAX);
  return newest.map((text) => ({ text, summary: null }));
}

/** What the text could go on with where the caret stands. Alt and ↓ lead here from the text, Escape leads back. */
export function Suggestions({
  text,
  caret,
  field,
  onChange,
}: {
  text: string;
  caret: number;
  field: RefObject<HTMLTextAreaElement | null>;
  onChange: (text: string) => void;
}) {
  const found = useSignal<readonly Suggestion[]>([]);
  const wanted = wantedAt(text, caret);
  const key = wanted === null ? "" : `${wanted.kind} ${"name" in wanted ? wanted.name : ""} ${wanted.text}`;

  useEffect(() => {
    if (wanted === null) {
      found.value = [];
      return;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      ask(wanted, abort.signal).then(
        (suggestions) => {
          found.value = suggestions.filter((one) => one.text !== wanted.text);
        },
        // Given up: something else is typed by now.
        () => {},
      );
    }, PAUSE_MS);
    return () => {
      clearTimeout(timer);
      abort.abort();
    };
  }, [key]);

  const choose = (chosen: string): void => {
    if (wanted === null) return;
    const done = complete(text, wanted, chosen);
    onChange(done.text);
    found.value = [];
    // After the text is there.
    requestAnimationFrame(() => {
      field.current?.focus();
      field.current?.setSelectionRange(done.caret, done.caret);
    });
  };

  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: Escape leads back from the buttons, which have the keyboard
    <div
      class="suggestions"
      onKeyDown={(event) => {
        if (event.key === "Escape") field.current?.focus();
      }}
    >
      <span class="small" role="status">
        {found.value.length > 0 && CREATE.suggestions}
      </span>
      {found.value.map(({ text: name, summary }) => (
        <div key={name} class={summary === null ? undefined : "with-summary"}>
          <button
            type="button"
            class="small-button"
            title={summary ?? undefined}
            onClick={() => choose(name)}
          >
            {name}
          </button>
          {summary !== null && (
            <span class="small" dir="auto" title={summary} aria-hidden="true">
              {summary}
            </span>
          )}
        </div>
      ))}
    </div>
  );
}
