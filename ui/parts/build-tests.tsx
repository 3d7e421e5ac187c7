import type { Build } from "../follow-build.ts";
import { showShortDuration } from "../format.ts";
import { BUILD } from "../words/build.ts";

/** Each test of the specification with what came of it; the output of those that failed. */
export function BuildTests({ tests }: { tests: NonNullable<Build["tests"]> }) {
  return (
    <>
      <h3>{BUILD.tests}</h3>
      <ul class="tests">
        {tests.map(({ name, outcome, seconds, last_lines }) => (
          <li key={name}>
            <span class={outcome === "failed" ? "badge failed" : "badge completed"}>
              {outcome === "failed" ? BUILD.failedTest : BUILD.passed}
            </span>{" "}
            <code>{name}</code> <span class="small">{showShortDuration(seconds * 1000)}</span>
            {last_lines.length > 0 && <pre class="code">{last_lines.join("\n")}</pre>}
          </li>
        ))}
      </ul>
    </>
  );
}
