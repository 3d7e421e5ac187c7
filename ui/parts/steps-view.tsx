import type { Step } from "../build-steps.ts";
import { showShortDuration } from "../format.ts";
import { BUILD } from "../words/build.ts";
import { Bar } from "./bar.tsx";

/** Steps over time: a bar each, where it lay and how long it took; the same in words. */
export function StepsView({ steps }: { steps: readonly Step[] }) {
  const start = steps[0]?.startMs ?? 0;
  const whole = Math.max(1, ...steps.map(({ endMs }) => endMs - start));
  return (
    <>
      <h3>{BUILD.steps}</h3>
      <ol class="bars">
        {steps.map(({ name, startMs, endMs }) => (
          <li key={name}>
            <span class="bar-name">{name === "" ? BUILD.stepOwn : name}</span>
            <Bar from={startMs - start} length={endMs - startMs} whole={whole} />
            <span class="bar-value">{showShortDuration(endMs - startMs)}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
