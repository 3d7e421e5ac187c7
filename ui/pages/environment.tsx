import { useSignal } from "@preact/signals";
import { getEnvironment } from "#core/contract/environments.ts";
import { api } from "../api.ts";
import type { Environment } from "../environment.ts";
import { BuildView } from "../parts/build-view.tsx";
import { RefusalNotice } from "../parts/notice.tsx";
import { Title } from "../parts/title.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { addressOfPlace, type EnvironmentPlace, environmentPlace, type View } from "../router.ts";
import { WORDS } from "../words/common.ts";
import { ENVIRONMENT } from "../words/environment.ts";
import { HistoryView } from "./environment/history-view.tsx";
import { Overview } from "./environment/overview.tsx";
import { PackagesView } from "./environment/packages-view.tsx";
import { NotFoundPage } from "./not-found.tsx";

const VIEWS: readonly View[] = ["overview", "packages", "history"];

/** One environment: what it is, its packages, its history, or the build that the address names. */
export function EnvironmentPage({ at }: { at: EnvironmentPlace }) {
  const { namespace, environment, buildId, view } = at;
  const { answer, again } = useAnswer(`${namespace}/${environment}`, async (signal) =>
    api(getEnvironment, { params: { namespace, environment }, signal }),
  );
  /** Counts what was changed here: views that show builds ask again. */
  const changes = useSignal(0);
  const changed = async (): Promise<void> => {
    await again();
    changes.value += 1;
  };

  const known = answer.value;
  if (known?.ok === false && known.status === 404) return <NotFoundPage />;
  return (
    <>
      <Title text={`${namespace}/${environment}`}>
        <a class="namespace" href={addressOfPlace({ page: "namespace", name: namespace })}>
          {namespace}/
        </a>
        <wbr />
        {environment}
      </Title>
      {known?.ok && known.value.data.description && <p class="lead">{known.value.data.description}</p>}
      <nav class="views" aria-label={ENVIRONMENT.views}>
        {VIEWS.map((each) => (
          <a
            key={each}
            href={addressOfPlace(environmentPlace(namespace, environment, { view: each }))}
            aria-current={view === each && (buildId === null || each === "packages") ? "page" : undefined}
          >
            {ENVIRONMENT[each]}
          </a>
        ))}
      </nav>
      {known === null && <p class="quiet">{WORDS.loading}</p>}
      {known?.ok === false && (
        <RefusalNotice refusal={known}>
          {known.status !== 403 && (
            <button type="button" onClick={() => void again()}>
              {WORDS.tryAgain}
            </button>
          )}
        </RefusalNotice>
      )}
      {known?.ok && (
        <Shown
          key={changes.value}
          at={at}
          known={known.value.data}
          onEnd={() => void again()}
          onChange={() => void changed()}
        />
      )}
    </>
  );
}

function Shown({
  at,
  known,
  onEnd,
  onChange,
}: {
  at: EnvironmentPlace;
  known: Environment;
  /** A build ended, which is shown already. */
  onEnd: () => void;
  onChange: () => void;
}) {
  if (at.view === "packages")
    return <PackagesView buildId={at.buildId ?? known.current_build_id} environment={known} />;
  if (at.buildId !== null) {
    return (
      <BuildView
        key={at.buildId}
        buildId={at.buildId}
        environment={known}
        onEnd={onEnd}
        onChange={onChange}
      />
    );
  }
  if (at.view === "history") return <HistoryView environment={known} compare={at.compare} />;
  return <Overview environment={known} onChange={onChange} />;
}
