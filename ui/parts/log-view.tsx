import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { LogLine } from "../follow-build.ts";
import { showClock } from "../format.ts";
import { BUILD } from "../words/build.ts";
import { CopyButton } from "./copy.tsx";

/** More lines than this make a page slow; the whole log is a file. */
const LINES_SHOWN_MAX = 3_000;

/** The lines of a log, or those with a text in them. It stays at the end while lines come, unless the reader has scrolled up. */
export function LogView({ lines, isLive }: { lines: ReadonlySignal<readonly LogLine[]>; isLive: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const follow = useSignal(true);
  const search = useSignal("");
  const wanted = search.value.toLowerCase();
  const found =
    wanted === ""
      ? lines.value
      : lines.value.filter(
          ({ text, step }) => text.toLowerCase().includes(wanted) || step.toLowerCase() === wanted,
        );
  const hiddenCount = Math.max(0, found.length - LINES_SHOWN_MAX);
  const shown = found.slice(hiddenCount);

  useLayoutEffect(() => {
    if (follow.value && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [lines.value, follow.value]);

  const onScroll = (): void => {
    const { current } = box;
    if (current && isLive)
      follow.value = current.scrollHeight - current.scrollTop - current.clientHeight < 24;
  };

  return (
    <div class="log">
      <div class="log-tools">
        <input
          type="search"
          aria-label={BUILD.logSearch}
          placeholder={BUILD.logSearch}
          value={search.value}
          spellcheck={false}
          onInput={(event) => {
            search.value = event.currentTarget.value;
          }}
        />
        <span class="small" role="status">
          {wanted !== "" && BUILD.logFound(found.length)}
        </span>
        {isLive && (
          <label class="check">
            <input
              type="checkbox"
              checked={follow.value}
              onChange={(event) => {
                follow.value = event.currentTarget.checked;
              }}
            />
            {BUILD.follow}
          </label>
        )}
        <CopyButton
          text={() =>
            lines.value.map(({ step, text }) => (step === "" ? text : `${step}: ${text}`)).join("\n")
          }
          label={BUILD.logCopy}
        />
      </div>
      {hiddenCount > 0 && <p class="small">{BUILD.logCut(hiddenCount)}</p>}
      <div
        class="log-lines"
        ref={box}
        onScroll={onScroll}
        role="log"
        aria-live="off"
        aria-label={BUILD.log}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
      >
        {shown.map((line, index) => (
          <div key={hiddenCount + index} class={line.stream === "stderr" ? "line stderr" : "line"}>
            <time class="clock" dateTime={line.at} title={line.at}>
              {showClock(new Date(line.at))}
            </time>
            <span class="step" title={line.step}>
              {line.step}
            </span>
            <span class="text">{line.text}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
