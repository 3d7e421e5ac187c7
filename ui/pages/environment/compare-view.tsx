import { getBuild } from "#core/contract/builds.ts";
import type { Outcome } from "#core/contract/client.ts";
import { api } from "../../api.ts";
import { authorOf } from "../../authors.ts";
import type { Build } from "../../follow-build.ts";
import { diffLines } from "../../line-diff.ts";
import { allPackages, type PackageChange, packageChanges } from "../../packages.ts";
import { DiffView } from "../../parts/diff-view.tsx";
import { RefusalNotice } from "../../parts/notice.tsx";
import { useAnswer } from "../../parts/use-answer.ts";
import { WORDS } from "../../words/common.ts";
import { ENVIRONMENT } from "../../words/environment.ts";
import { toYaml } from "../../yaml-text.ts";

interface Compared {
  /** Who asked for each; null for who may not know. */
  readonly authors: readonly [string | null, string | null];
  readonly changes: readonly PackageChange[];
  readonly texts: readonly [string, string];
}

const textOf = (build: Build): string => (build.specification ? toYaml(build.specification.spec) : "");

async function compare(
  namespace: string,
  from: number,
  to: number,
  signal: AbortSignal,
): Promise<Outcome<Compared>> {
  const [before, after, old, now] = await Promise.all([
    api(getBuild, { params: { buildId: from }, signal }),
    api(getBuild, { params: { buildId: to }, signal }),
    allPackages(api, from, signal),
    allPackages(api, to, signal),
  ]);
  if (!before.ok) return before;
  if (!after.ok) return after;
  if (!old.ok) return old;
  if (!now.ok) return now;
  const texts = [textOf(before.value.data), textOf(after.value.data)] as const;
  const authors = await Promise.all([
    authorOf(namespace, before.value.data),
    authorOf(namespace, after.value.data),
  ]);
  return { ok: true, value: { authors, changes: packageChanges(old.value, now.value), texts } };
}

const KINDS: readonly PackageChange["kind"][] = ["added", "removed", "up", "down", "changed"];

/** What differs between two builds: packages and specifications. */
export function CompareView({ namespace, from, to }: { namespace: string; from: number; to: number }) {
  const { answer } = useAnswer(`${from} ${to}`, (signal) => compare(namespace, from, to, signal));
  const words = ENVIRONMENT.compare;
  const known = answer.value;
  return (
    <section class="card" aria-labelledby="compare-title">
      <h2 id="compare-title">{words.title(from, to)}</h2>
      {known === null && <p class="quiet">{WORDS.loading}</p>}
      {known?.ok === false && <RefusalNotice refusal={known} />}
      {known?.ok && (
        <>
          <AskedFor ids={[from, to]} authors={known.value.authors} />
          {known.value.changes.length === 0 && <p class="quiet">{words.unchanged}</p>}
          {KINDS.map((kind) => (
            <Changes
              key={kind}
              title={words[kind]}
              changes={known.value.changes.filter((change) => change.kind === kind)}
            />
          ))}
          <h3>{words.specification}</h3>
          {known.value.texts[0] === known.value.texts[1] ? (
            <p class="quiet">{words.sameSpecification}</p>
          ) : (
            <DiffView lines={diffLines(...known.value.texts)} label={words.specification} />
          )}
        </>
      )}
    </section>
  );
}

function AskedFor({ ids, authors }: { ids: readonly [number, number]; authors: Compared["authors"] }) {
  const told = ids.flatMap((id, index) => {
    const author = authors[index];
    return author ? [ENVIRONMENT.compare.askedFor(id, author)] : [];
  });
  return told.length === 0 ? null : <p class="small">{told.join(" ")}</p>;
}

function Changes({ title, changes }: { title: string; changes: readonly PackageChange[] }) {
  if (changes.length === 0) return null;
  return (
    <>
      <h3>
        {title} <span class="count">{changes.length}</span>
      </h3>
      <ul class="changes">
        {changes.map(({ name, from, to }) => (
          <li key={name}>
            <strong>{name}</strong>{" "}
            <span>{[from?.version, to?.version].filter((version) => version !== undefined).join(" → ")}</span>
          </li>
        ))}
      </ul>
    </>
  );
}
