import { useSignal } from "@preact/signals";
import { GLOBAL } from "#core/access/pattern.ts";
import type { Outcome } from "#core/contract/client.ts";
import { createNamespace, listNamespaces } from "#core/contract/namespaces.ts";
import type { Reply } from "#core/contract/route.ts";
import { getUsage } from "#core/contract/store.ts";
import { api } from "../api.ts";
import { showSize } from "../format.ts";
import { FormDialog } from "../parts/dialog.tsx";
import { Field } from "../parts/field.tsx";
import { RefusalNotice } from "../parts/notice.tsx";
import { Title } from "../parts/title.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { addressOfPlace, goTo } from "../router.ts";
import { can, session } from "../session.ts";
import { WORDS } from "../words/common.ts";
import { NAMESPACES, SETTINGS } from "../words/team.ts";

type Usage = Reply<typeof getUsage>["data"];

interface Known {
  readonly names: readonly string[];
  readonly usage: Usage;
}

const PAGE_SIZE = 100;

async function ask(signal: AbortSignal): Promise<Outcome<Known>> {
  const usage = api(getUsage, { signal });
  const names: string[] = [];
  for (let page = 1; ; page += 1) {
    const outcome = await api(listNamespaces, {
      query: { page: String(page), size: String(PAGE_SIZE), sort_by: ["name"] },
      signal,
    });
    if (!outcome.ok) return outcome;
    names.push(...outcome.value.data.map(({ name }) => name));
    if (outcome.value.data.length < PAGE_SIZE) break;
  }
  const known = await usage;
  return known.ok ? { ok: true, value: { names, usage: known.value.data } } : known;
}

/** Namespaces that the user may see, with what they hold. */
export function NamespacesPage() {
  const { answer } = useAnswer(session.value?.primary_namespace ?? "", ask);
  const isMaking = useSignal(false);
  const known = answer.value;
  return (
    <>
      <div class="title-row">
        <Title text={NAMESPACES.title} />
        <div class="actions">
          {can("setting::read", GLOBAL) && (
            <a class="button" href={addressOfPlace({ page: "settings", namespace: "", environment: "" })}>
              {SETTINGS.ofStore}
            </a>
          )}
          <a
            class="button"
            href={addressOfPlace({
              page: "audit",
              filter: { namespace: "", person: "", since: "", until: "" },
            })}
          >
            {WORDS.audit}
          </a>
          <button type="button" class="primary" onClick={() => (isMaking.value = true)}>
            {NAMESPACES.create}
          </button>
        </div>
      </div>
      <p class="lead">{NAMESPACES.lead}</p>
      {known === null && <p class="quiet">{WORDS.loading}</p>}
      {known?.ok === false && <RefusalNotice refusal={known} />}
      {known?.ok && known.value.names.length === 0 && <p class="empty card">{NAMESPACES.none}</p>}
      {known?.ok && known.value.names.length > 0 && <NamespaceTable {...known.value} />}
      {isMaking.value && (
        <NewNamespace
          onClose={() => {
            isMaking.value = false;
          }}
        />
      )}
    </>
  );
}

function NamespaceTable({ names, usage }: Known) {
  const { column } = NAMESPACES;
  return (
    <table class="card table">
      <thead>
        <tr>
          <th scope="col">{column.name}</th>
          <th scope="col">{column.environments}</th>
          <th scope="col">{column.builds}</th>
          <th scope="col">{column.storage}</th>
        </tr>
      </thead>
      <tbody>
        {names.map((name) => {
          const held = usage[name];
          return (
            <tr key={name}>
              <th scope="row">
                <a href={addressOfPlace({ page: "namespace", name })}>{name}</a>
              </th>
              <td data-label={column.environments}>{held?.num_environments.toLocaleString() ?? "–"}</td>
              <td data-label={column.builds}>{held?.num_builds.toLocaleString() ?? "–"}</td>
              <td data-label={column.storage}>{held ? showSize(held.storage) : "–"}</td>
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function NewNamespace({ onClose }: { onClose: () => void }) {
  const name = useSignal("");
  const send = async () => {
    const namespace = name.value.trim();
    const outcome = await api(createNamespace, { params: { namespace } });
    if (outcome.ok) goTo({ page: "namespace", name: namespace });
    return outcome;
  };
  return (
    <FormDialog title={NAMESPACES.create} submit={NAMESPACES.createSubmit} onSubmit={send} onClose={onClose}>
      <Field label={NAMESPACES.createName}>
        {(ids) => (
          <input
            {...ids}
            value={name.value}
            required
            autoCapitalize="none"
            autoComplete="off"
            spellcheck={false}
            onInput={(event) => {
              name.value = event.currentTarget.value;
            }}
          />
        )}
      </Field>
    </FormDialog>
  );
}
