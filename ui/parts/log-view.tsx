import { type ReadonlySignal, useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { LogLine } from "../follow-build.ts";
import { WORDS } from "../words.ts";

/** More lines than this make a page slow; the whole log is a file. */
export const LINES_SHOWN_MAX = 3_000;

/** The lines of a log. It stays at the end while lines come, unless the reader has scrolled up. */
export function LogView({ lines, isLive }: { lines: ReadonlySignal<readonly LogLine[]>; isLive: boolean }) {
  const box = useRef<HTMLDivElement>(null);
  const follow = useSignal(true);
  const hiddenCount = Math.max(0, lines.value.length - LINES_SHOWN_MAX);
  const shown = lines.value.slice(hiddenCount);

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
      {isLive && (
        <label class="check">
          <input
            type="checkbox"
            checked={follow.value}
            onChange={(event) => {
              follow.value = event.currentTarget.checked;
            }}
          />
          {WORDS.build.follow}
        </label>
      )}
      {hiddenCount > 0 && <p class="small">{WORDS.build.logCut(hiddenCount)}</p>}
      <div
        class="log-lines"
        ref={box}
        onScroll={onScroll}
        role="log"
        aria-live="off"
        aria-label={WORDS.build.log}
        // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
        tabIndex={0}
      >
        {shown.map((line, index) => (
          <div key={hiddenCount + index} class={line.stream === "stderr" ? "line stderr" : "line"}>
            <span class="step">{line.step}</span>
            <span class="text">{line.text}</span>
          </div>
        ))}
      </div>
    </div>
  );
}
