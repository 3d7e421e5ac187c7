import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { listAudit } from "#core/contract/audit.ts";
import { addressOf, type Refusal } from "#core/contract/client.ts";
import type { Reply } from "#core/contract/route.ts";
import { api, prefix } from "../api.ts";
import { Field } from "../parts/field.tsx";
import { RefusalNotice } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { Title } from "../parts/title.tsx";
import { type AuditFilter, addressOfPlace, environmentPlace, goTo } from "../router.ts";
import { ledToLogin } from "../session.ts";
import { WORDS } from "../words/common.ts";
import { AUDIT } from "../words/team.ts";

type Entry = Reply<typeof listAudit>["data"][number];

/** A day as a date field has it begins in the reader's zone. */
const moment = (day: string): string | undefined => {
  const date = new Date(`${day}T00:00:00`);
  return day === "" || Number.isNaN(date.getTime()) ? undefined : date.toISOString();
};

function queryOf({ namespace, person, since, until }: AuditFilter): Record<string, string> {
  const wanted = { namespace, person, since: moment(since), until: moment(until) };
  return Object.fromEntries(
    Object.entries(wanted).filter((pair): pair is [string, string] => (pair[1] ?? "") !== ""),
  );
}

/** Who changed what: narrowed by the address. */
export function AuditPage({ filter }: { filter: AuditFilter }) {
  const entries = useSignal<readonly Entry[] | null>(null);
  const cursor = useSignal<string | null>(null);
  const refusal = useSignal<Refusal | null>(null);
  const isLoading = useSignal(false);

  const load = async (): Promise<void> => {
    // Pressed twice, the same entries would come twice.
    if (isLoading.value) return;
    isLoading.value = true;
    const query = { ...queryOf(filter), ...(cursor.value === null ? {} : { cursor: cursor.value }) };
    const outcome = await api(listAudit, { query });
    isLoading.value = false;
    if (await ledToLogin(outcome)) return;
    refusal.value = outcome.ok ? null : outcome;
    if (!outcome.ok) return;
    entries.value = [...(entries.value ?? []), ...outcome.value.data];
    cursor.value = outcome.value.cursor;
  };
  useEffect(() => {
    void load();
  }, []);

  return (
    <>
      <Title text={AUDIT.title} />
      <p class="lead">{AUDIT.lead}</p>
      <Filters filter={filter} />
      {refusal.value && <RefusalNotice refusal={refusal.value} />}
      {entries.value === null && refusal.value === null && <p class="quiet">{WORDS.loading}</p>}
      {entries.value?.length === 0 && cursor.value === null && <p class="empty card">{AUDIT.none}</p>}
      {entries.value && entries.value.length > 0 && <Entries entries={entries.value} />}
      <div class="actions">
        {cursor.value !== null && (
          <button type="button" disabled={isLoading.value} onClick={() => void load()}>
            {AUDIT.more}
          </button>
        )}
        {entries.value && entries.value.length > 0 && (
          <a
            class="button"
            download="audit.ndjson"
            href={addressOf(prefix, listAudit, {}, { ...queryOf(filter), format: "ndjson", limit: "1000" })}
          >
            {AUDIT.download}
          </a>
        )}
      </div>
    </>
  );
}

function Filters({ filter }: { filter: AuditFilter }) {
  const fields = [
    { name: "namespace", type: "text" },
    { name: "person", type: "text" },
    { name: "since", type: "date" },
    { name: "until", type: "date" },
  ] as const;
  return (
    <form
      class="card form"
      onSubmit={(event) => {
        event.preventDefault();
        const given = new FormData(event.currentTarget);
        const text = (name: string): string => String(given.get(name) ?? "").trim();
        goTo({
          page: "audit",
          filter: {
            namespace: text("namespace"),
            person: text("person"),
            since: text("since"),
            until: text("until"),
          },
        });
      }}
    >
      <div class="columns">
        {fields.map(({ name, type }) => (
          <Field key={name} label={AUDIT[name]}>
            {(ids) => {
              const given = { ...ids, name, defaultValue: filter[name] };
              return type === "date" ? (
                <input {...given} type="date" />
              ) : (
                <input {...given} autoCapitalize="none" spellcheck={false} />
              );
            }}
          </Field>
        ))}
      </div>
      <div class="actions">
        <button type="submit">{AUDIT.submit}</button>
      </div>
    </form>
  );
}

function Entries({ entries }: { entries: readonly Entry[] }) {
  const { column } = AUDIT;
  return (
    <table class="card table">
      <thead>
        <tr>
          <th scope="col">{column.at}</th>
          <th scope="col">{column.who}</th>
          <th scope="col">{column.action}</th>
          <th scope="col">{column.where}</th>
          <th scope="col">{column.details}</th>
        </tr>
      </thead>
      <tbody>
        {entries.map(({ id, at, by, action, namespace, environment, build_id, details }) => (
          <tr key={id}>
            <td data-label={column.at}>
              <Time at={at} />
            </td>
            <td data-label={column.who}>
              {by.kind === "system" ? AUDIT.system(by.name) : by.name || by.kind}
            </td>
            <td data-label={column.action}>
              <code>{action}</code>
            </td>
            <td class="break" data-label={column.where}>
              <Where namespace={namespace} environment={environment} buildId={build_id} />
            </td>
            <td class="break small" data-label={column.details}>
              {details ? JSON.stringify(details) : "–"}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Where({
  namespace,
  environment,
  buildId,
}: {
  namespace: string | null;
  environment: string | null;
  buildId: number | null;
}) {
  if (namespace === null) return <>–</>;
  if (environment === null)
    return <a href={addressOfPlace({ page: "namespace", name: namespace })}>{namespace}</a>;
  return (
    <>
      <a href={addressOfPlace(environmentPlace(namespace, environment))}>
        {namespace}/{environment}
      </a>{" "}
      {buildId !== null && (
        <a href={addressOfPlace(environmentPlace(namespace, environment, { buildId }))}>
          {AUDIT.build(buildId)}
        </a>
      )}
    </>
  );
}
