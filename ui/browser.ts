/**
 * The browser's side of following a build: visibility and time.
 * @module
 */
import type { Surroundings } from "./follow-build.ts";

/** Resolves at an event for which the condition holds, or when aborted. */
function until(holds: () => boolean, signal: AbortSignal): Promise<void> {
  if (holds() || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = new AbortController();
    const finish = (): void => {
      done.abort();
      resolve();
    };
    const options = { signal: done.signal };
    document.addEventListener("visibilitychange", () => holds() && finish(), options);
    signal.addEventListener("abort", finish, options);
  });
}

const isVisible = (): boolean => document.visibilityState === "visible";

export const browser: Omit<Surroundings, "client"> = {
  untilVisible: (signal) => until(isVisible, signal),
  hidden: () => {
    const controller = new AbortController();
    const onChange = (): void => {
      if (isVisible()) return;
      controller.abort();
      document.removeEventListener("visibilitychange", onChange);
    };
    document.addEventListener("visibilitychange", onChange);
    return controller.signal;
  },
  pause: (milliseconds, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      signal.addEventListener(
        "abort",
        () => {
          clearTimeout(timer);
          resolve();
        },
        { once: true },
      );
    }),
  random: Math.random,
};
