import type { RefObject } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { FieldIds } from "./field.tsx";

/** A field for a longer text, with the numbers of its lines; lines with faults are marked. */
export function Editor({
  ids,
  text,
  faults,
  field,
  onChange,
  onCaret,
  onAsk,
  onDrop,
}: {
  ids: FieldIds;
  text: string;
  /** Numbers of lines, 1 for the first. */
  faults: ReadonlySet<number>;
  field: RefObject<HTMLTextAreaElement | null>;
  onChange: (text: string) => void;
  /** The caret stands elsewhere. */
  onCaret: (caret: number) => void;
  /** Alt and ↓: to what the text could go on with. */
  onAsk: () => void;
  onDrop: (file: File) => void;
}) {
  const gutter = useRef<HTMLDivElement>(null);
  const follow = (): void => {
    if (gutter.current && field.current) gutter.current.scrollTop = field.current.scrollTop;
  };
  useEffect(follow, [text]);
  const count = Math.max(16, text.split("\n").length);
  return (
    <div class="editor">
      <div class="gutter" ref={gutter} aria-hidden="true">
        {Array.from({ length: count }, (_, index) => (
          <div key={index + 1} class={faults.has(index + 1) ? "fault" : undefined}>
            {index + 1}
          </div>
        ))}
      </div>
      <textarea
        {...ids}
        ref={field}
        class="code"
        rows={16}
        wrap="off"
        value={text}
        required
        spellcheck={false}
        autoCapitalize="none"
        autoComplete="off"
        aria-invalid={faults.size > 0}
        onScroll={follow}
        onInput={(event) => {
          onChange(event.currentTarget.value);
          onCaret(event.currentTarget.selectionStart);
        }}
        onKeyUp={(event) => onCaret(event.currentTarget.selectionStart)}
        onClick={(event) => onCaret(event.currentTarget.selectionStart)}
        onKeyDown={(event) => {
          if (!event.altKey || event.key !== "ArrowDown") return;
          event.preventDefault();
          onAsk();
        }}
        onDragOver={(event) => event.preventDefault()}
        onDrop={(event) => {
          const file = event.dataTransfer?.files[0];
          if (!file) return;
          event.preventDefault();
          onDrop(file);
        }}
      />
    </div>
  );
}

/** Marks a line and brings it into view. */
export function selectLine(field: HTMLTextAreaElement, line: number): void {
  const lines = field.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
  field.focus();
  field.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  const height = field.scrollHeight / Math.max(1, lines.length);
  field.scrollTop = Math.max(0, (line - 4) * height);
}
