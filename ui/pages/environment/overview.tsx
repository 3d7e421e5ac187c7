import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { getBuild, listBuilds } from "#core/contract/builds.ts";
import { updateEnvironment } from "#core/contract/environments.ts";
import { api } from "../../api.ts";
import { authorOf } from "../../authors.ts";
import type { Environment } from "../../environment.ts";
import { type Build, isFinal } from "../../follow-build.ts";
import { showSize } from "../../format.ts";
import { platformsOf } from "../../package-sizes.ts";
import { allPackages } from "../../packages.ts";
import { BuildView } from "../../parts/build-view.tsx";
import { FormDialog } from "../../parts/dialog.tsx";
import { Field } from "../../parts/field.tsx";
import { Files } from "../../parts/files.tsx";
import { RefusalNotice } from "../../parts/notice.tsx";
import { RemoveEnvironment } from "../../parts/remove-dialog.tsx";
import { SpecificationCard } from "../../parts/specification-card.tsx";
import { StatusBadge } from "../../parts/status-badge.tsx";
import { Time } from "../../parts/time.tsx";
import { useAnswer } from "../../parts/use-answer.ts";
import { addressOfPlace, environmentPlace, goTo, NO_FILTER } from "../../router.ts";
import { canIn, session } from "../../session.ts";
import { WORDS } from "../../words/common.ts";
import { ENVIRONMENT } from "../../words/environment.ts";
import { CloneDialog } from "./clone-dialog.tsx";
import { UseIt } from "./use-it.tsx";

/** What an environment is, and how to use it; of one that never was built, how its build goes. */
export function Overview({ environment, onChange }: { environment: Environment; onChange: () => void }) {
  const { name, namespace, current_build_id: current } = environment;
  const { answer } = useAnswer(String(current), (signal) =>
    api(getBuild, { params: { buildId: current }, signal }),
  );
  const known = answer.value;
  if (known === null) return <p class="quiet">{WORDS.loading}</p>;
  if (!known.ok) return <RefusalNotice refusal={known} />;
  const build = known.value.data;
  return (
    <>
      <Newest environment={environment} isUsed={build.status === "COMPLETED"} />
      {build.status === "COMPLETED" ? (
        <>
          <section class="card" aria-labelledby="current-title">
            <div class="build-head">
              <h2 id="current-title">
                <a href={addressOfPlace(environmentPlace(namespace.name, name, { buildId: build.id }))}>
                  {ENVIRONMENT.facts.current} {build.id}
                </a>
              </h2>
              <StatusBadge status={build.status} />
            </div>
            <Facts build={build} environment={environment} />
            <Files build={build} isLive={false} />
          </section>
          <UseIt environment={environment} build={build} />
          <SpecificationCard build={build} namespace={namespace.name} environment={name} />
        </>
      ) : (
        <BuildView buildId={build.id} environment={environment} onEnd={onChange} onChange={onChange} />
      )}
      <Actions environment={environment} onChange={onChange} />
    </>
  );
}

/** Says so when the newest build is not what is used: it failed, or it is not done. */
function Newest({ environment, isUsed }: { environment: Environment; isUsed: boolean }) {
  const { answer } = useAnswer(String(environment.id), (signal) =>
    api(listBuilds, {
      query: {
        environment_id: String(environment.id),
        size: "1",
        sort_by: ["scheduled_on"],
        order: "desc",
      },
      signal,
    }),
  );
  const newest = answer.value?.ok ? answer.value.value.data[0] : undefined;
  if (!newest || newest.id === environment.current_build_id) return null;
  const isFailed = newest.status === "FAILED";
  if (!isFailed && isFinal(newest.status)) return null;
  return (
    <p class={isFailed ? "notice bad" : "notice"}>
      <span>
        {isFailed ? ENVIRONMENT.latestFailed(newest.id) : ENVIRONMENT.latestRunning(newest.id)}{" "}
        {isUsed && ENVIRONMENT.usedIsOlder}{" "}
        <a
          href={addressOfPlace(
            environmentPlace(environment.namespace.name, environment.name, { buildId: newest.id }),
          )}
        >
          {ENVIRONMENT.showBuild}
        </a>
      </span>
    </p>
  );
}

function Facts({ build, environment }: { build: Build; environment: Environment }) {
  const namespace = environment.namespace.name;
  const author = useSignal<string | null>(null);
  const { answer } = useAnswer(String(build.id), (signal) => allPackages(api, build.id, signal));
  useEffect(() => {
    let isShown = true;
    void authorOf(namespace, build).then((found) => {
      if (isShown) author.value = found;
    });
    return () => {
      isShown = false;
    };
  }, [build.id]);
  const packages = answer.value?.ok ? answer.value.value : null;
  const channels = build.specification?.spec["channels"];
  return (
    <dl class="facts">
      <div>
        <dt>{ENVIRONMENT.facts.built}</dt>
        <dd>{build.ended_on ? <Time at={build.ended_on} /> : ENVIRONMENT.facts.notBuilt}</dd>
      </div>
      <div>
        <dt>{ENVIRONMENT.facts.size}</dt>
        <dd>{showSize(build.size)}</dd>
      </div>
      {Array.isArray(channels) && channels.length > 0 && (
        <div>
          <dt>{ENVIRONMENT.facts.channels}</dt>
          <dd class="break">{channels.join(", ")}</dd>
        </div>
      )}
      {packages !== null && packages.length > 0 && (
        <>
          <div>
            <dt>{ENVIRONMENT.facts.packages}</dt>
            <dd>
              <a href={addressOfPlace(environmentPlace(namespace, environment.name, { view: "packages" }))}>
                {packages.length.toLocaleString()}
              </a>
            </dd>
          </div>
          <div>
            <dt>{ENVIRONMENT.facts.platform}</dt>
            <dd>{platformsOf(packages).join(", ") || ENVIRONMENT.facts.anyPlatform}</dd>
          </div>
        </>
      )}
      {author.value !== null && (
        <div>
          <dt>{ENVIRONMENT.facts.by}</dt>
          <dd>{author.value}</dd>
        </div>
      )}
    </dl>
  );
}

/** What may be done with the environment as a whole. */
function Actions({ environment, onChange }: { environment: Environment; onChange: () => void }) {
  const open = useSignal<"describe" | "clone" | "remove" | null>(null);
  const { name, namespace } = environment;
  const close = (): void => {
    open.value = null;
  };
  const words = ENVIRONMENT.actions;
  return (
    <div class="actions">
      {canIn("environment::update", namespace.name, name) && (
        <button type="button" onClick={() => (open.value = "describe")}>
          {words.describe}
        </button>
      )}
      {session.value?.authenticated && (
        <button type="button" onClick={() => (open.value = "clone")}>
          {words.clone}
        </button>
      )}
      {canIn("setting::read", namespace.name, name) && (
        <a
          class="button"
          href={addressOfPlace({ page: "settings", namespace: namespace.name, environment: name })}
        >
          {words.settings}
        </a>
      )}
      {canIn("environment::delete", namespace.name, name) && (
        <button type="button" class="bad-text" onClick={() => (open.value = "remove")}>
          {words.remove}
        </button>
      )}
      {open.value === "describe" && (
        <Describe environment={environment} onChange={onChange} onClose={close} />
      )}
      {open.value === "clone" && <CloneDialog environment={environment} onClose={close} />}
      {open.value === "remove" && (
        <RemoveEnvironment
          namespace={namespace.name}
          environment={name}
          onRemoved={() => goTo({ page: "list", filter: NO_FILTER })}
          onClose={close}
        />
      )}
    </div>
  );
}

function Describe({
  environment,
  onChange,
  onClose,
}: {
  environment: Environment;
  onChange: () => void;
  onClose: () => void;
}) {
  const text = useSignal(environment.description ?? "");
  const send = async () => {
    const outcome = await api(updateEnvironment, {
      params: { namespace: environment.namespace.name, environment: environment.name },
      body: { description: text.value },
    });
    if (outcome.ok) onChange();
    return outcome;
  };
  return (
    <FormDialog
      title={ENVIRONMENT.describe.title}
      submit={ENVIRONMENT.describe.submit}
      onSubmit={send}
      onClose={onClose}
    >
      <Field label={ENVIRONMENT.describe.label}>
        {(ids) => (
          <textarea
            {...ids}
            rows={4}
            value={text.value}
            onInput={(event) => {
              text.value = event.currentTarget.value;
            }}
          />
        )}
      </Field>
    </FormDialog>
  );
}
