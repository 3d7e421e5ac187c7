import { useSignal } from "@preact/signals";
import { postSpecification } from "#core/contract/specifications.ts";
import { api } from "../../api.ts";
import type { Environment } from "../../environment.ts";
import { FormDialog } from "../../parts/dialog.tsx";
import { Field } from "../../parts/field.tsx";
import { environmentPlace, goTo } from "../../router.ts";
import { session } from "../../session.ts";
import { ENVIRONMENT } from "../../words/environment.ts";

/** Makes another environment of the one that is shown. */
export function CloneDialog({ environment, onClose }: { environment: Environment; onClose: () => void }) {
  const source = `${environment.namespace.name}/${environment.name}`;
  const namespace = useSignal(session.value?.primary_namespace ?? "");
  const name = useSignal(environment.name);
  const frozen = useSignal(true);

  const send = async () => {
    const outcome = await api(postSpecification, {
      body: {
        namespace: namespace.value.trim() || null,
        clone_from: source,
        frozen: frozen.value,
        environment_name: name.value.trim(),
      },
    });
    const into = namespace.value.trim() || session.value?.primary_namespace;
    if (outcome.ok && into)
      goTo(environmentPlace(into, name.value.trim(), { buildId: outcome.value.data.build_id }));
    return outcome;
  };

  const words = ENVIRONMENT.clone;
  return (
    <FormDialog title={words.title(source)} submit={words.submit} onSubmit={send} onClose={onClose}>
      {[
        { label: words.namespace, text: namespace },
        { label: words.name, text: name },
      ].map(({ label, text }) => (
        <Field key={label} label={label}>
          {(ids) => (
            <input
              {...ids}
              value={text.value}
              required
              autoCapitalize="none"
              autoComplete="off"
              spellcheck={false}
              onInput={(event) => {
                text.value = event.currentTarget.value;
              }}
            />
          )}
        </Field>
      ))}
      <label class="check">
        <input
          type="checkbox"
          checked={frozen.value}
          onChange={(event) => {
            frozen.value = event.currentTarget.checked;
          }}
        />
        {words.frozen}
      </label>
    </FormDialog>
  );
}
