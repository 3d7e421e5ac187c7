import { useSignal } from "@preact/signals";
import { WORDS } from "../words/common.ts";

/** Copies a text. */
export function CopyButton({ text, label }: { text: () => string; label: string }) {
  const isCopied = useSignal(false);
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text());
      isCopied.value = true;
    } catch {
      // Without a clipboard (plain http, no leave) the text is there to be marked by hand.
      isCopied.value = false;
    }
  };
  return (
    <button type="button" class="small-button" aria-label={label} onClick={() => void copy()}>
      <span role="status">{isCopied.value ? WORDS.copied : WORDS.copy}</span>
    </button>
  );
}

/** Commands to be copied. */
export function Snippet({ text, label }: { text: string; label: string }) {
  return (
    <div class="snippet">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines scroll, and must do so by keyboard */}
      <section class="code-box" tabIndex={0} aria-label={label}>
        <pre class="code">{text}</pre>
      </section>
      <CopyButton text={() => text} label={`${WORDS.copy}: ${label}`} />
    </div>
  );
}
