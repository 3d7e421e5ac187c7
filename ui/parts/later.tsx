import { signal } from "@preact/signals";
import type { ComponentType } from "preact";
import { useEffect } from "preact/hooks";
import { WORDS } from "../words/common.ts";

/**
 * A component whose script is loaded when it is first shown.
 * @param load an `import()`: what it names is no part of the first load
 */
export function later<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  const state = signal<{ readonly Component: ComponentType<P> } | "loading" | "failed">("loading");
  let begun = false;

  const begin = (): void => {
    if (begun) return;
    begun = true;
    load().then(
      (Component) => {
        state.value = { Component };
      },
      () => {
        state.value = "failed";
      },
    );
  };

  return function Later(props: P) {
    useEffect(begin, []);
    if (typeof state.value === "object") {
      const { Component } = state.value;
      return <Component {...props} />;
    }
    if (state.value === "loading") return <p class="quiet">{WORDS.loading}</p>;
    return (
      <div class="notice bad" role="alert">
        <p>{WORDS.scriptMissing}</p>
        {/* What a browser could not import once it does not ask for again. */}
        <button type="button" onClick={() => location.reload()}>
          {WORDS.reload}
        </button>
      </div>
    );
  };
}
