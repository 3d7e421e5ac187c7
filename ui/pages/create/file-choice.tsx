import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { LOCKFILE_BYTES_MAX } from "#core/specification/limits.ts";
import { type Draft, formatOf } from "../../draft.ts";
import { FormDialog } from "../../parts/dialog.tsx";
import { Field } from "../../parts/field.tsx";
import { CREATE } from "../../words/create.ts";

type Taken = Pick<Draft, "text" | "format">;

/** A file in place of the text; what was typed is not replaced without being asked. */
export function FileChoice({
  draft,
  onTake,
  children,
}: {
  draft: Draft;
  onTake: (taken: Taken) => void;
  children: (takeFile: (file: File) => void) => ComponentChildren;
}) {
  const waiting = useSignal<(Taken & { readonly name: string }) | null>(null);
  const isTooLarge = useSignal(false);

  const take = async (file: File): Promise<void> => {
    isTooLarge.value = file.size > LOCKFILE_BYTES_MAX;
    if (isTooLarge.value) return;
    const text = await file.text();
    const taken = { text, format: formatOf(file.name, text) };
    if (draft.text.trim() === "" || draft.text === text) onTake(taken);
    else waiting.value = { ...taken, name: file.name };
  };
  const takeFile = (file: File): void => {
    void take(file);
  };

  return (
    <>
      <Field label={CREATE.file} hint={CREATE.fileHint}>
        {(ids) => (
          <input
            {...ids}
            type="file"
            accept=".yml,.yaml,.json,.txt,.lock"
            onChange={({ currentTarget }) => {
              const [file] = currentTarget.files ?? [];
              if (file) takeFile(file);
              // The same file can be chosen again.
              currentTarget.value = "";
            }}
          />
        )}
      </Field>
      {isTooLarge.value && (
        <p class="notice bad" role="alert">
          {CREATE.fileTooLarge}
        </p>
      )}
      {children(takeFile)}
      {waiting.value && (
        <FormDialog
          title={CREATE.replace(waiting.value.name)}
          submit={CREATE.replaceSubmit}
          onSubmit={async () => {
            if (waiting.value) onTake({ text: waiting.value.text, format: waiting.value.format });
            return { ok: true, value: null };
          }}
          onClose={() => {
            waiting.value = null;
          }}
        >
          <p>{CREATE.replaceLead}</p>
        </FormDialog>
      )}
    </>
  );
}
