import type { BuildStatus } from "#core/build/status.ts";
import { WORDS } from "../words/common.ts";

/** A shape beside the word and the colour: none of the three must be told apart alone. */
const SHAPES: Record<BuildStatus, string> = {
  QUEUED: "M8 4.5V8l2.3 1.6",
  BUILDING: "M8 3.8a4.2 4.2 0 1 1-4.2 4.2",
  COMPLETED: "M5 8.3l2.1 2.1L11.2 6",
  FAILED: "M5.6 5.6l4.8 4.8M10.4 5.6l-4.8 4.8",
  CANCELED: "M5 8h6",
};

export function StatusBadge({ status }: { status: BuildStatus }) {
  return (
    <span class={`badge ${status.toLowerCase()}`}>
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d={SHAPES[status]} />
      </svg>
      {WORDS.status[status]}
    </span>
  );
}
