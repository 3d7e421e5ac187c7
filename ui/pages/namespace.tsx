import { useSignal } from "@preact/signals";
import type { Outcome } from "#core/contract/client.ts";
import { getNamespaceSettings } from "#core/contract/settings.ts";
import { getUsage } from "#core/contract/store.ts";
import { api } from "../api.ts";
import { showSize } from "../format.ts";
import { RefusalNotice } from "../parts/notice.tsx";
import { RemoveNamespace } from "../parts/remove-dialog.tsx";
import { Title } from "../parts/title.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { addressOfPlace, goTo, NO_FILTER } from "../router.ts";
import { canIn } from "../session.ts";
import { WORDS } from "../words/common.ts";
import { NAMESPACES } from "../words/team.ts";
import { Members } from "./namespace/members.tsx";

/** One namespace: what it holds of what it may, who has which role, and the ways to the rest. */
export function NamespacePage({ name }: { name: string }) {
  const isRemoving = useSignal(false);
  return (
    <>
      <Title text={name} />
      <div class="actions">
        <a class="button" href={addressOfPlace({ page: "list", filter: { ...NO_FILTER, search: name } })}>
          {NAMESPACES.environments}
        </a>
        {canIn("setting::read", name) && (
          <a class="button" href={addressOfPlace({ page: "settings", namespace: name, environment: "" })}>
            {NAMESPACES.settings}
          </a>
        )}
        {canIn("namespace-role-mapping::update", name) && (
          <a
            class="button"
            href={addressOfPlace({
              page: "audit",
              filter: { namespace: name, person: "", since: "", until: "" },
            })}
          >
            {NAMESPACES.audit}
          </a>
        )}
      </div>
      <Usage name={name} />
      {canIn("namespace-role-mapping::read", name) && <Members namespace={name} />}
      {canIn("namespace::delete", name) && (
        <div class="actions">
          <button type="button" class="bad-text" onClick={() => (isRemoving.value = true)}>
            {NAMESPACES.remove}
          </button>
        </div>
      )}
      {isRemoving.value && (
        <RemoveNamespace
          namespace={name}
          onRemoved={() => goTo({ page: "namespaces" }, { replace: true })}
          onClose={() => {
            isRemoving.value = false;
          }}
        />
      )}
    </>
  );
}

/** Bytes; 0 for no limit, null for who may not know. */
async function quotaOf(namespace: string, signal: AbortSignal): Promise<Outcome<number | null>> {
  if (!canIn("setting::read", namespace)) return { ok: true, value: null };
  const outcome = await api(getNamespaceSettings, { params: { namespace }, signal });
  return outcome.ok ? { ok: true, value: outcome.value.data.namespace_quota_bytes } : outcome;
}

function Usage({ name }: { name: string }) {
  const { answer } = useAnswer(name, (signal) => api(getUsage, { signal }));
  const { answer: limit } = useAnswer(name, (signal) => quotaOf(name, signal));
  const known = answer.value;
  const held = known?.ok ? known.value.data[name] : undefined;
  const quota = limit.value?.ok ? limit.value.value : null;
  return (
    <section class="card" aria-labelledby="usage-title">
      <h2 id="usage-title">{NAMESPACES.usage}</h2>
      {known === null && <p class="quiet">{WORDS.loading}</p>}
      {known?.ok === false && <RefusalNotice refusal={known} />}
      {known?.ok && !held && <p class="quiet">{NAMESPACES.unknownUsage}</p>}
      {held && (
        <>
          <p>{NAMESPACES.counts(held.num_environments, held.num_builds)}</p>
          {quota ? (
            <Quota used={held.storage} quota={quota} />
          ) : (
            <p>{quota === 0 ? NAMESPACES.noQuota(showSize(held.storage)) : showSize(held.storage)}</p>
          )}
        </>
      )}
    </section>
  );
}

function Quota({ used, quota }: { used: number; quota: number }) {
  const text = NAMESPACES.ofQuota(showSize(used), showSize(quota), Math.round((100 * used) / quota));
  return (
    <>
      <meter min={0} max={quota} high={0.9 * quota} value={Math.min(used, quota)} aria-label={text} />
      <p>{text}</p>
      {used >= quota && <p class="notice bad">{NAMESPACES.full}</p>}
    </>
  );
}
