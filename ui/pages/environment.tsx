import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Refusal } from "#core/contract/client.ts";
import { getEnvironment } from "#core/contract/environments.ts";
import type { Reply } from "#core/contract/route.ts";
import { api } from "../api.ts";
import { BuildView } from "../parts/build-view.tsx";
import { RefusalNotice } from "../parts/notice.tsx";
import { Title } from "../parts/title.tsx";
import { addressOfPlace } from "../router.ts";
import { ledToLogin } from "../session.ts";
import { WORDS } from "../words.ts";
import { NotFoundPage } from "./not-found.tsx";

type Environment = Reply<typeof getEnvironment>["data"];

/** One environment: its current build, or the build that the address names. */
export function EnvironmentPage({
  namespace,
  environment,
  buildId,
}: {
  namespace: string;
  environment: string;
  buildId: number | null;
}) {
  const known = useSignal<Environment | null>(null);
  const refusal = useSignal<Refusal | null>(null);

  const load = async (abort: AbortSignal): Promise<void> => {
    const outcome = await api(getEnvironment, { params: { namespace, environment }, signal: abort });
    if (await ledToLogin(outcome)) return;
    known.value = outcome.ok ? outcome.value.data : null;
    refusal.value = outcome.ok ? null : outcome;
  };

  useEffect(() => {
    const abort = new AbortController();
    load(abort.signal).catch(() => {});
    return () => abort.abort();
  }, [namespace, environment]);

  if (refusal.value?.status === 404) return <NotFoundPage />;
  const current = known.value?.current_build_id ?? null;
  const shown = buildId ?? current;
  return (
    <>
      <Title text={`${namespace}/${environment}`}>
        <span class="namespace">{namespace}/</span>
        <wbr />
        {environment}
      </Title>
      {known.value?.description && <p class="lead">{known.value.description}</p>}
      {refusal.value && (
        <RefusalNotice refusal={refusal.value}>
          <button type="button" onClick={() => void load(new AbortController().signal)}>
            {WORDS.tryAgain}
          </button>
        </RefusalNotice>
      )}
      {known.value === null && refusal.value === null && <p class="quiet">{WORDS.loading}</p>}
      {known.value !== null && shown !== null && current !== null && shown !== current && (
        <p class="notice">
          {WORDS.build.notCurrent(current)}{" "}
          <a href={addressOfPlace({ page: "environment", namespace, environment, buildId: null })}>
            {WORDS.build.showCurrent}
          </a>
        </p>
      )}
      {shown !== null && known.value !== null && (
        <BuildView
          key={shown}
          buildId={shown}
          namespace={namespace}
          environmentId={known.value.id}
          onEnd={() => {
            load(new AbortController().signal).catch(() => {});
          }}
        />
      )}
    </>
  );
}
