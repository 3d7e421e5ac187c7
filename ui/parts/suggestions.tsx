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

/** The best names for what is typed, or the newest versions that begin with it. */
async function ask(wanted: Wanted, signal: AbortSignal): Promise<readonly string[]> {
  if (wanted.kind === "name") {
    const query = { search: wanted.text, limit: String(SHOWN_MAX) };
    const outcome = await api(listPackageNames, { query, signal });
    return outcome.ok ? outcome.value.data.names : [];
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
  return fitting.sort((a, b) => compareVersions(b, a)).slice(0, SHOWN_MAX);
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
  const found = useSignal<readonly string[]>([]);
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
        (names) => {
          found.value = names.filter((name) => name !== wanted.text);
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
      {found.value.map((name) => (
        <button key={name} type="button" class="small-button" onClick={() => choose(name)}>
          {name}
        </button>
      ))}
    </div>
  );
}
