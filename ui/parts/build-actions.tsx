import { useSignal } from "@preact/signals";
import { cancelBuild, rebuild } from "#core/contract/builds.ts";
import type { Outcome, Refusal } from "#core/contract/client.ts";
import { pinBuild, unpinBuild } from "#core/contract/deletion.ts";
import { updateEnvironment } from "#core/contract/environments.ts";
import { api } from "../api.ts";
import type { Environment } from "../environment.ts";
import { type Build, isFinal } from "../follow-build.ts";
import { environmentPlace, goTo } from "../router.ts";
import { canIn, ledToLogin } from "../session.ts";
import { ENVIRONMENT } from "../words/environment.ts";
import { RefusalNotice } from "./notice.tsx";
import { RemoveBuild } from "./remove-dialog.tsx";

/** What may be done with one build; what the user may not do is not offered. */
export function BuildActions({
  build,
  environment,
  onChange,
}: {
  build: Build;
  environment: Environment;
  onChange: () => void;
}) {
  const refusal = useSignal<Refusal | null>(null);
  const isSending = useSignal(false);
  const isRemoving = useSignal(false);
  const words = ENVIRONMENT.actions;
  const namespace = environment.namespace.name;
  const params = { buildId: build.id };
  const may = (permission: Parameters<typeof canIn>[0]): boolean =>
    canIn(permission, namespace, environment.name);

  const run = async <T,>(send: () => Promise<Outcome<T>>, done: (value: T) => void): Promise<void> => {
    isSending.value = true;
    const outcome = await send();
    isSending.value = false;
    if (await ledToLogin(outcome)) return;
    refusal.value = outcome.ok ? null : outcome;
    if (outcome.ok) done(outcome.value);
  };
  const again = (frozen: boolean) => () =>
    void run(
      () => api(rebuild, { params, query: { frozen: frozen ? "true" : "false" } }),
      ({ data }) => goTo(environmentPlace(namespace, environment.name, { buildId: data.build_id })),
    );

  const isDone = isFinal(build.status);
  const isCurrent = build.id === environment.current_build_id;
  const isDeleted = build.deleted_on !== null;
  const offers: [boolean, string, string | undefined, () => void][] = [
    [
      !isDone && may("build::cancel"),
      words.cancel,
      undefined,
      () =>
        void run(
          () => api(cancelBuild, { params }),
          () => {},
        ),
    ],
    [
      build.status === "COMPLETED" && !isCurrent && !isDeleted && may("environment::update"),
      words.makeCurrent,
      undefined,
      () =>
        void run(
          () =>
            api(updateEnvironment, {
              params: { namespace, environment: environment.name },
              body: { build_id: build.id },
            }),
          onChange,
        ),
    ],
    [isDone && may("environment::update"), words.rebuild, words.rebuildHint, again(false)],
    [build.status === "COMPLETED" && may("environment::update"), words.frozen, words.frozenHint, again(true)],
    [
      !isDeleted && may("environment::update"),
      build.pinned ? words.unpin : words.pin,
      words.pinHint,
      () => void run(() => api(build.pinned ? unpinBuild : pinBuild, { params }), onChange),
    ],
  ];
  return (
    <>
      {refusal.value && <RefusalNotice refusal={refusal.value} />}
      <div class="actions build-actions">
        {offers
          .filter(([isOffered]) => isOffered)
          .map(([, text, hint, act]) => (
            <button key={text} type="button" title={hint} disabled={isSending.value} onClick={act}>
              {text}
            </button>
          ))}
        {isDone && !isDeleted && may("build::delete") && (
          <button type="button" class="bad-text" onClick={() => (isRemoving.value = true)}>
            {words.removeBuild}
          </button>
        )}
      </div>
      {isRemoving.value && (
        <RemoveBuild
          buildId={build.id}
          onRemoved={() =>
            goTo(environmentPlace(namespace, environment.name, { view: "history" }), { replace: true })
          }
          onClose={() => {
            isRemoving.value = false;
          }}
        />
      )}
    </>
  );
}
