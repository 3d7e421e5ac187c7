import type { DiffLine } from "../line-diff.ts";
import { WORDS } from "../words/common.ts";

const MARKS = { same: " ", added: "+", removed: "-" } as const;

/** Lines taken away and added; a sign in front of each, for who does not see the colour. */
export function DiffView({ lines, label }: { lines: readonly DiffLine[]; label: string }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, and must do so by keyboard
    <section class="code-box" tabIndex={0} aria-label={label}>
      <pre class="code diff">
        {lines.map(({ kind, text }, index) => (
          <span key={index} class={kind}>
            {kind !== "same" && <span class="visually-hidden">{WORDS.diff[kind]}</span>}
            <span aria-hidden={kind !== "same"}>{MARKS[kind]} </span>
            {`${text}\n`}
          </span>
        ))}
      </pre>
    </section>
  );
}
