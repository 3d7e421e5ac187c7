import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

export interface FieldIds {
  readonly id: string;
  readonly "aria-describedby": string | undefined;
}

/** A labelled control. The hint describes it and is no part of its name. */
export function Field({
  label,
  hint,
  children,
}: {
  label: string;
  hint?: string;
  children: (ids: FieldIds) => ComponentChildren;
}) {
  const id = useId();
  const hintId = `${id}-hint`;
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": hint && hintId })}
      {hint && (
        <p class="hint" id={hintId}>
          {hint}
        </p>
      )}
    </div>
  );
}
