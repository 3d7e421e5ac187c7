import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Build } from "../follow-build.ts";
import { parseTime, showDuration, showSize } from "../format.ts";
import { BUILD } from "../words/build.ts";
import { Time } from "./time.tsx";

/** When, how long, which attempt, how large. The clock of a running build goes on without asking the server. */
export function BuildFacts({ build, isLive }: { build: Build; isLive: boolean }) {
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
  const facts: [string, ComponentChildren][] = [[BUILD.scheduled, <Time key="at" at={build.scheduled_on} />]];
  if (build.queue_position !== null) facts.push([BUILD.position, build.queue_position.toLocaleString()]);
  const waited = (started ?? until).getTime() - scheduled.getTime();
  if (waited >= 1_000) facts.push([BUILD.waited, showDuration(waited)]);
  if (started !== null)
    facts.push([
      ended === null ? BUILD.takes : BUILD.took,
      showDuration(until.getTime() - started.getTime()),
    ]);
  const { attempts } = build;
  if (attempts !== null && attempts.begun > 1) facts.push([BUILD.attempt, String(attempts.begun)]);
  if (attempts !== null && attempts.task_memory_mib > 0)
    facts.push([BUILD.memory, `${(attempts.task_memory_mib / 1024).toLocaleString()} GiB`]);
  if (build.size > 0) facts.push([BUILD.size, showSize(build.size)]);
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
