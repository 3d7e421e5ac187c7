import type { Step } from "../build-steps.ts";
import { showDuration } from "../format.ts";
import { BUILD } from "../words/build.ts";

/** Steps over time: a bar each, where it lay and how long it took; the same in words. */
export function StepsView({ steps }: { steps: readonly Step[] }) {
  const start = steps[0]?.startMs ?? 0;
  const whole = Math.max(1, (steps.at(-1)?.endMs ?? 0) - start);
  return (
    <>
      <h3>{BUILD.steps}</h3>
      <ol class="steps">
        {steps.map(({ name, startMs, endMs }) => (
          <li key={name}>
            <span class="step-name">{name === "" ? BUILD.stepOwn : name}</span>
            <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
              <rect width="100" height="1" class="track" />
              <rect
                x={(100 * (startMs - start)) / whole}
                width={Math.max(0.5, (100 * (endMs - startMs)) / whole)}
                height="1"
              />
            </svg>
            <span class="step-time">{showDuration(endMs - startMs)}</span>
          </li>
        ))}
      </ol>
    </>
  );
}
