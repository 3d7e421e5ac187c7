import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { BuildStatus } from "#core/build/status.ts";
import type { Refusal } from "#core/contract/client.ts";
import { api } from "../api.ts";
import { browser } from "../browser.ts";
import { type Build, followBuild, type LogLine } from "../follow-build.ts";
import { parseTime, showDuration, showSize, showTime } from "../format.ts";
import { addressOfPlace } from "../router.ts";
import { ledToLogin } from "../session.ts";
import { WORDS } from "../words.ts";
import { toYaml } from "../yaml-text.ts";
import { Files, fileAddress } from "./files.tsx";
import { LogView } from "./log-view.tsx";
import { RefusalNotice } from "./notice.tsx";
import { StatusBadge } from "./status-badge.tsx";

const FINAL: ReadonlySet<BuildStatus> = new Set(["COMPLETED", "FAILED", "CANCELED"]);

/** A build as it goes: state, files, specification, log. */
export function BuildView({
  buildId,
  namespace,
  environmentId,
  onEnd,
}: {
  buildId: number;
  namespace: string;
  environmentId: number;
  /** The build ended while it was watched. */
  onEnd: () => void;
}) {
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
        const isRunning = !FINAL.has(next.status);
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

  if (refusal.value) return <RefusalNotice refusal={refusal.value} />;
  const known = build.value;
  if (known === null)
    return <p class="quiet">{inTrouble.value ? WORDS.build.reconnecting : WORDS.loading}</p>;
  // An address may name any build; this one is another environment's.
  if (known.environment_id !== environmentId) return <p class="notice bad">{WORDS.build.ofAnother}</p>;
  const isLive = !FINAL.has(known.status);
  const spec = known.specification?.spec;
  return (
    <>
      <section class="card" aria-labelledby="build-title">
        <div class="build-head">
          <h2 id="build-title">{WORDS.build.title(known.id)}</h2>
          <StatusBadge status={known.status} />
        </div>
        <p class="visually-hidden" role="status">
          {WORDS.build.statusNow(WORDS.status[known.status])} {known.status_info}
        </p>
        {known.status_info && (
          <p class={known.status === "FAILED" ? "status-info bad" : "status-info"}>{known.status_info}</p>
        )}
        {inTrouble.value && <p class="quiet">{WORDS.build.reconnecting}</p>}
        <Facts build={known} isLive={isLive} />
        <Files build={known} isLive={isLive} />
      </section>
      <section class="card" aria-labelledby="log-title">
        <h2 id="log-title">{WORDS.build.log}</h2>
        <Log lines={lines} isLive={isLive} wasRead={wasRead.value} build={known} />
      </section>
      {spec && (
        <section class="card" aria-labelledby="specification-title">
          <div class="build-head">
            <h2 id="specification-title">{WORDS.build.specification}</h2>
            <a
              class="button"
              href={addressOfPlace({ page: "create", from: { namespace, buildId: known.id } })}
            >
              {WORDS.build.edit}
            </a>
          </div>
          {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, and must do so by keyboard */}
          <pre class="code" tabIndex={0}>
            {toYaml(spec)}
          </pre>
        </section>
      )}
    </>
  );
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
      {lines.value.length === 0 && (
        <p class="quiet">
          {wasRead && hasFile
            ? WORDS.build.logKept
            : isLive || wasRead
              ? WORDS.build.logEmpty
              : WORDS.loading}
        </p>
      )}
      {hasFile && (
        <p>
          <a href={fileAddress(build.id, "logs")} target="_blank" rel="noreferrer">
            {WORDS.build.logOpen}
          </a>
        </p>
      )}
    </>
  );
}

/** When, how long, how large. The clock of a running build goes on without asking the server. */
function Facts({ build, isLive }: { build: Build; isLive: boolean }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    if (!isLive) return;
    const timer = setInterval(() => {
      now.value = Date.now();
    }, 1_000);
    return () => clearInterval(timer);
  }, [isLive]);

  const scheduled = parseTime(build.scheduled_on);
  const started = build.started_on === null ? null : parseTime(build.started_on);
  const ended = build.ended_on === null ? null : parseTime(build.ended_on);
  const until = ended ?? new Date(now.value);
  const facts: [string, string][] = [[WORDS.build.scheduled, showTime(scheduled)]];
  const waited = (started ?? until).getTime() - scheduled.getTime();
  if (waited >= 1_000) facts.push([WORDS.build.waited, showDuration(waited)]);
  if (started !== null)
    facts.push([
      ended === null ? WORDS.build.takes : WORDS.build.took,
      showDuration(until.getTime() - started.getTime()),
    ]);
  if (build.size > 0) facts.push([WORDS.build.size, showSize(build.size)]);
  return (
    <dl class="facts">
      {facts.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
