import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { listBuilds } from "#core/contract/builds.ts";
import type { Outcome } from "#core/contract/client.ts";
import type { Reply } from "#core/contract/route.ts";
import { api } from "../../api.ts";
import { newestAuthors } from "../../authors.ts";
import type { Environment } from "../../environment.ts";
import { showSize } from "../../format.ts";
import { RefusalNotice } from "../../parts/notice.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { Time } from "../../parts/time.tsx";
import { useAnswer } from "../../parts/use-answer.ts";
import { addressOfPlace, environmentPlace, goTo } from "../../router.ts";
import { WORDS } from "../../words/common.ts";
import { ENVIRONMENT } from "../../words/environment.ts";
import { CompareView } from "./compare-view.tsx";

type BuildRow = Reply<typeof listBuilds>["data"][number];

const PAGE_SIZE = 50;

interface Known {
  readonly builds: readonly BuildRow[];
  readonly count: number;
}

/** As many pages of an environment's builds as are wanted, the newest first. */
async function newestBuilds(
  environmentId: number,
  pages: number,
  signal: AbortSignal,
): Promise<Outcome<Known>> {
  const builds: BuildRow[] = [];
  for (let page = 1; ; page += 1) {
    const outcome = await api(listBuilds, {
      query: {
        environment_id: String(environmentId),
        sort_by: ["scheduled_on"],
        order: "desc",
        page: String(page),
        size: String(PAGE_SIZE),
      },
      signal,
    });
    if (!outcome.ok) return outcome;
    builds.push(...outcome.value.data);
    const { count } = outcome.value;
    if (page >= pages || builds.length >= count) return { ok: true, value: { builds, count } };
  }
}

/** All builds, the newest first, and what changed between any two. */
export function HistoryView({
  environment,
  compare,
}: {
  environment: Environment;
  compare: readonly [number, number] | null;
}) {
  const pages = useSignal(1);
  const { answer, again } = useAnswer(String(environment.id), (signal) =>
    newestBuilds(environment.id, pages.value, signal),
  );
  const known = answer.value;
  if (known === null) return <p class="quiet">{WORDS.loading}</p>;
  if (!known.ok) return <RefusalNotice refusal={known} />;
  const { builds, count } = known.value;
  return (
    <>
      {compare && (
        <CompareView
          key={compare.join()}
          namespace={environment.namespace.name}
          from={compare[0]}
          to={compare[1]}
        />
      )}
      <Builds environment={environment} builds={builds} />
      {count > builds.length && (
        <div class="actions">
          <button
            type="button"
            onClick={() => {
              pages.value += 1;
              void again();
            }}
          >
            {ENVIRONMENT.builds.more}
          </button>
        </div>
      )}
      {builds.length > 1 && <CompareForm environment={environment} builds={builds} compare={compare} />}
    </>
  );
}

function useAuthors(namespace: string): ReadonlyMap<number, string> {
  const authors = useSignal<ReadonlyMap<number, string>>(new Map());
  useEffect(() => {
    void newestAuthors(namespace).then((found) => {
      authors.value = found;
    });
  }, [namespace]);
  return authors.value;
}

function Builds({ environment, builds }: { environment: Environment; builds: readonly BuildRow[] }) {
  const words = ENVIRONMENT.builds;
  const authors = useAuthors(environment.namespace.name);
  const to = (told: Parameters<typeof environmentPlace>[2]): string =>
    addressOfPlace(environmentPlace(environment.namespace.name, environment.name, told));
  return (
    <table class="card table">
      <caption class="visually-hidden">{words.caption}</caption>
      <thead>
        <tr>
          <th scope="col">{words.build}</th>
          <th scope="col">{words.status}</th>
          <th scope="col">{words.when}</th>
          {authors.size > 0 && <th scope="col">{words.who}</th>}
          <th scope="col">{words.size}</th>
          <th scope="col">{words.changes}</th>
        </tr>
      </thead>
      <tbody>
        {builds.map((build, index) => {
          const before = builds.slice(index + 1).find(({ status }) => status === "COMPLETED");
          return (
            <tr key={build.id}>
              <th scope="row">
                <a href={to({ buildId: build.id })}>
                  {words.build} {build.id}
                </a>
                {build.id === environment.current_build_id && <span class="tag">{words.current}</span>}
                {build.pinned && <span class="tag">{words.pinned}</span>}
              </th>
              <td data-label={words.status}>
                <StatusBadge status={build.status} />
              </td>
              <td data-label={words.when}>
                <Time at={build.scheduled_on} />
              </td>
              {authors.size > 0 && <td data-label={words.who}>{authors.get(build.id) ?? "–"}</td>}
              <td data-label={words.size}>{build.size > 0 ? showSize(build.size) : "–"}</td>
              <td data-label={words.changes}>
                {before && build.status === "COMPLETED" ? (
                  <a href={to({ view: "history", compare: [before.id, build.id] })}>
                    {words.since(before.id)}
                  </a>
                ) : (
                  "–"
                )}
              </td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function CompareForm({
  environment,
  builds,
  compare,
}: {
  environment: Environment;
  builds: readonly BuildRow[];
  compare: readonly [number, number] | null;
}) {
  const words = ENVIRONMENT.compare;
  const choice = (name: string, label: string, chosen: number | undefined) => (
    <label class="inline">
      {label}
      <select name={name}>
        {builds.map(({ id, status }) => (
          <option key={id} value={id} selected={id === chosen}>
            {id} ({WORDS.status[status]})
          </option>
        ))}
      </select>
    </label>
  );
  return (
    <form
      class="card compare-form"
      onSubmit={(event) => {
        event.preventDefault();
        const fields = new FormData(event.currentTarget);
        const pair = [Number(fields.get("from")), Number(fields.get("to"))] as const;
        goTo(
          environmentPlace(environment.namespace.name, environment.name, { view: "history", compare: pair }),
        );
      }}
    >
      <h2>{words.lead}</h2>
      {choice("from", words.from, compare?.[0] ?? builds[1]?.id)}
      {choice("to", words.to, compare?.[1] ?? builds[0]?.id)}
      <button type="submit">{words.submit}</button>
    </form>
  );
}
