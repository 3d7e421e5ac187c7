import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import type { Outcome, Refusal } from "#core/contract/client.ts";
import { addressOfPlace } from "../router.ts";
import { loadSession, loginHasEnded } from "../session.ts";
import { WORDS } from "../words/common.ts";
import { RefusalNotice } from "./notice.tsx";

/** Something to be decided before anything else; Escape is no. The focus comes back to where it was. */
export function Dialog({
  title,
  onClose,
  children,
}: {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  useEffect(() => {
    const before = document.activeElement;
    dialog.current?.showModal();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog ref={dialog} aria-labelledby={titleId} onClose={onClose}>
      <h2 id={titleId}>{title}</h2>
      {children}
    </dialog>
  );
}

/** A dialog that sends something: it stays, with what was filled in, until the server has taken it. */
export function FormDialog({
  title,
  submit,
  isDangerous = false,
  isReady = true,
  onSubmit,
  onClose,
  children,
}: {
  title: string;
  submit: string;
  isDangerous?: boolean;
  isReady?: boolean;
  /** Closes by itself what it leads away from. */
  onSubmit: () => Promise<Outcome<unknown>>;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const refusal = useSignal<Refusal | null>(null);
  const isSending = useSignal(false);
  const hasEnded = useSignal(false);
  const send = async (): Promise<void> => {
    isSending.value = true;
    const outcome = await onSubmit();
    const wasAway = hasEnded.value;
    hasEnded.value = !outcome.ok && (await loginHasEnded(outcome));
    isSending.value = false;
    refusal.value = outcome.ok ? null : outcome;
    if (!outcome.ok) return;
    onClose();
    // Whoever logged in in between may be somebody else.
    if (wasAway) void loadSession();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form
        class="form"
        onSubmit={(event) => {
          event.preventDefault();
          // A dialog may have been opened from within a form, which is not what is sent.
          event.stopPropagation();
          void send();
        }}
      >
        {children}
        {refusal.value && (
          <RefusalNotice refusal={refusal.value}>
            {hasEnded.value && (
              // What was filled in stays here while another tab logs in.
              <a href={addressOfPlace({ page: "login", next: null })} target="_blank" rel="noreferrer">
                {WORDS.logInElsewhere}
              </a>
            )}
          </RefusalNotice>
        )}
        <div class="actions">
          <button
            type="submit"
            class={isDangerous ? "danger" : "primary"}
            disabled={!isReady || isSending.value}
          >
            {submit}
          </button>
          <button type="button" onClick={onClose}>
            {WORDS.cancel}
          </button>
        </div>
      </form>
    </Dialog>
  );
}
