import { type Draft, TEXT_FORMATS } from "../../draft.ts";
import { Field } from "../../parts/field.tsx";
import { CREATE } from "../../words/create.ts";

/** What the text is, and the environment's name where the text does not say it. */
export function FormatFields({
  draft,
  onChange,
}: {
  draft: Draft;
  onChange: (changed: Partial<Draft>) => void;
}) {
  return (
    <>
      <Field label={CREATE.format}>
        {(ids) => (
          <select
            {...ids}
            class="short"
            value={draft.format}
            onChange={({ currentTarget }) => {
              const format = TEXT_FORMATS.find((each) => each === currentTarget.value);
              if (format) onChange({ format });
            }}
          >
            {TEXT_FORMATS.map((format) => (
              <option key={format} value={format}>
                {CREATE.formats[format]}
              </option>
            ))}
          </select>
        )}
      </Field>
      {draft.format !== "environment" && (
        <Field label={CREATE.name} hint={CREATE.nameHint}>
          {(ids) => (
            <input
              {...ids}
              class="short"
              value={draft.name}
              required
              autoCapitalize="none"
              autoComplete="off"
              spellcheck={false}
              onInput={(event) => onChange({ name: event.currentTarget.value })}
            />
          )}
        </Field>
      )}
    </>
  );
}
