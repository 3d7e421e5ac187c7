import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Outcome } from "#core/contract/client.ts";
import { ledToLogin } from "../session.ts";

/**
 * What the server answers to a question, asked when shown and when `key` changes; a login that has ended leads to the login page.
 * @returns the answer, null until it is there; and how to ask again, what is shown staying until then
 */
export function useAnswer<T>(
  key: string,
  ask: (signal: AbortSignal) => Promise<Outcome<T>>,
): { readonly answer: Signal<Outcome<T> | null>; readonly again: () => Promise<void> } {
  const answer = useSignal<Outcome<T> | null>(null);
  const load = async (abort: AbortSignal): Promise<void> => {
    try {
      const outcome = await ask(abort);
      if (abort.aborted || (await ledToLogin(outcome))) return;
      answer.value = outcome;
    } catch (error) {
      if (!abort.aborted) throw error;
    }
  };
  useEffect(() => {
    const abort = new AbortController();
    answer.value = null;
    void load(abort.signal);
    return () => abort.abort();
  }, [key]);
  return { answer, again: () => load(new AbortController().signal) };
}
