import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Refusal } from "#core/contract/client.ts";
import { api } from "../api.ts";
import { browser } from "../browser.ts";
import { progressOf, stepsOf } from "../build-steps.ts";
import type { Environment } from "../environment.ts";
import { type Build, followBuild, isFinal, type LogLine } from "../follow-build.ts";
import { addressOfPlace, environmentPlace } from "../router.ts";
import { ledToLogin } from "../session.ts";
import { BUILD } from "../words/build.ts";
import { WORDS } from "../words/common.ts";
import { BuildActions } from "./build-actions.tsx";
import { BuildFacts } from "./build-facts.tsx";
import { BuildTests } from "./build-tests.tsx";
import { Files, fileAddress } from "./files.tsx";
import { LogView } from "./log-view.tsx";
import { RefusalNotice } from "./notice.tsx";
import { SizesView } from "./sizes-view.tsx";
import { SpecificationCard } from "./specification-card.tsx";
import { StatusBadge } from "./status-badge.tsx";
import { StepsView } from "./steps-view.tsx";

/** Of a build that failed, so many of its last lines are shown beside the reason. */
const LAST_LINES = 8;

interface Followed {
  readonly build: Signal<Build | null>;
  readonly lines: Signal<readonly LogLine[]>;
  readonly inTrouble: Signal<boolean>;
  readonly refusal: Signal<Refusal | null>;
  readonly wasRead: Signal<boolean>;
}

/** Follows a build for as long as it is shown. @param onEnd it ended while it was watched */
function useBuild(buildId: number, onEnd: () => void): Followed {
  const build = useSignal<Build | null>(null);
  const lines = useSignal<readonly LogLine[]>([]);
  const inTrouble = useSignal(false);
  const refusal = useSignal<Refusal | null>(null);
  const wasRead = useSignal(false);
  useEffect(() => {
    const abort = new AbortController();
    let wasRunning = false;
    const listener = {
      onBuild: (next: Build) => {
        build.value = next;
        const isRunning = !isFinal(next.status);
        if (wasRunning && !isRunning) onEnd();
        wasRunning = isRunning;
      },
      onLines: (next: readonly LogLine[]) => {
        lines.value = [...lines.value, ...next];
      },
      onTrouble: (trouble: boolean) => {
        inTrouble.value = trouble;
      },
      onRefusal: (final: Refusal) => {
        refusal.value = final;
        void ledToLogin(final);
      },
    };
    void followBuild(buildId, listener, { client: api, ...browser }, abort.signal).then(() => {
      if (!abort.signal.aborted) wasRead.value = true;
    });
    return () => abort.abort();
  }, [buildId]);
  return { build, lines, inTrouble, refusal, wasRead };
}

/** A build as it goes: state, reason, files, time, tests, log, specification. */
export function BuildView({
  buildId,
  environment,
  onEnd,
  onChange,
}: {
  buildId: number;
  environment: Environment;
  onEnd: () => void;
  /** It was pinned, chosen, taken away: what is told of the environment is old. */
  onChange: () => void;
}) {
  const { build, lines, inTrouble, refusal, wasRead } = useBuild(buildId, onEnd);
  if (refusal.value) return <RefusalNotice refusal={refusal.value} />;
  const known = build.value;
  if (known === null) return <p class="quiet">{inTrouble.value ? BUILD.reconnecting : WORDS.loading}</p>;
  // An address may name any build; this one is another environment's.
  if (known.environment_id !== environment.id) return <p class="notice bad">{BUILD.ofAnother}</p>;
  const isLive = !isFinal(known.status);
  const namespace = environment.namespace.name;
  const current = environment.current_build_id;
  const steps = stepsOf(lines.value);
  const progress = isLive ? progressOf(lines.value) : null;
  return (
    <>
      {current !== known.id && (
        <p class="notice">
          {BUILD.notCurrent(current)}{" "}
          <a href={addressOfPlace(environmentPlace(namespace, environment.name))}>{BUILD.showCurrent}</a>
        </p>
      )}
      <section class="card" aria-labelledby="build-title">
        <div class="build-head">
          <h2 id="build-title">{BUILD.title(known.id)}</h2>
          <StatusBadge status={known.status} />
        </div>
        <p class="visually-hidden" role="status">
          {BUILD.statusNow(WORDS.status[known.status])} {known.status_info}
        </p>
        {known.deleted_on !== null && <p class="status-info">{BUILD.deleted}</p>}
        {known.status === "FAILED" ? (
          <Failure reason={known.status_info} lines={lines.value} />
        ) : (
          known.status_info && <p class="status-info">{known.status_info}</p>
        )}
        {inTrouble.value && <p class="quiet">{BUILD.reconnecting}</p>}
        <BuildFacts build={known} isLive={isLive} />
        {progress && (
          <label class="progress">
            {progress.text}
            <progress max={100} value={progress.percent} />
          </label>
        )}
        <Files build={known} isLive={isLive} />
        {steps.length > 1 && <StepsView steps={steps} />}
        {known.status === "COMPLETED" && (
          <SizesView
            buildId={known.id}
            packages={addressOfPlace(
              environmentPlace(namespace, environment.name, { buildId: known.id, view: "packages" }),
            )}
          />
        )}
        {known.tests !== null && <BuildTests tests={known.tests} />}
        <BuildActions build={known} environment={environment} onChange={onChange} />
      </section>
      <section class="card" aria-labelledby="log-title">
        <h2 id="log-title">{BUILD.log}</h2>
        <Log lines={lines} isLive={isLive} wasRead={wasRead.value} build={known} />
      </section>
      <SpecificationCard build={known} namespace={namespace} environment={environment.name} />
    </>
  );
}

/** The reason on top, with what the log said last. */
function Failure({ reason, lines }: { reason: string | null; lines: readonly LogLine[] }) {
  const last = lines.slice(-LAST_LINES);
  return (
    <div class="status-info bad">
      {reason}
      {last.length > 0 && (
        <details>
          <summary>{BUILD.lastLines}</summary>
          <pre class="code">{last.map(({ text }) => text).join("\n")}</pre>
        </details>
      )}
    </div>
  );
}

function emptyLog(isLive: boolean, wasRead: boolean, hasFile: boolean): string {
  if (isLive) return BUILD.logEmpty;
  if (!wasRead) return WORDS.loading;
  return hasFile ? BUILD.logKept : BUILD.logNone;
}

function Log({
  lines,
  isLive,
  wasRead,
  build,
}: {
  lines: Signal<readonly LogLine[]>;
  isLive: boolean;
  wasRead: boolean;
  build: Build;
}) {
  const hasFile = (build.build_artifacts ?? []).some(({ artifact_type }) => artifact_type === "LOGS");
  return (
    <>
      {lines.value.length > 0 && <LogView lines={lines} isLive={isLive} />}
      {lines.value.length === 0 && <p class="quiet">{emptyLog(isLive, wasRead, hasFile)}</p>}
      {hasFile && (
        <p>
          <a href={fileAddress(build.id, "logs")} target="_blank" rel="noreferrer">
            {BUILD.logOpen}
          </a>
        </p>
      )}
    </>
  );
}
