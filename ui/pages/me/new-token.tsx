import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { ROLES } from "#core/access/permission.ts";
import { postToken } from "#core/contract/tokens.ts";
import { api } from "../../api.ts";
import { Snippet } from "../../parts/copy.tsx";
import { Dialog, FormDialog } from "../../parts/dialog.tsx";
import { Field } from "../../parts/field.tsx";
import { session } from "../../session.ts";
import { WORDS } from "../../words/common.ts";
import { ROLE_NAMES, TOKENS } from "../../words/team.ts";

const DAYS = [1, 7, 30, 90, 365];
const DAY_MS = 86_400_000;

/** Makes a token, narrowed if wanted, and shows it this once. */
export function NewToken({ onMade, onClose }: { onMade: () => void; onClose: () => void }) {
  const token = useSignal<string | null>(null);
  const fields = useRef<HTMLFieldSetElement>(null);

  const send = async () => {
    const given = new FormData(fields.current?.form ?? undefined);
    const text = (name: string): string => String(given.get(name) ?? "").trim();
    const days = Number(text("days"));
    const outcome = await api(postToken, {
      body: {
        // Nobody may make tokens as well, of nobody: once the login has ended this one is refused.
        ...(session.value ? { primary_namespace: session.value.primary_namespace } : {}),
        name: text("name") || null,
        ...(days > 0 ? { expiration: new Date(Date.now() + days * DAY_MS).toISOString() } : {}),
        ...(text("pattern") === "" ? {} : { role_bindings: { [text("pattern")]: [text("role")] } }),
      },
    });
    if (outcome.ok) {
      token.value = outcome.value.data.token;
      onMade();
    }
    return outcome;
  };

  if (token.value !== null) {
    return (
      <Dialog key="made" title={TOKENS.made} onClose={onClose}>
        <Snippet text={token.value} label={TOKENS.made} />
        <p class="hint">{TOKENS.madeHint}</p>
        <div class="actions">
          <button type="button" onClick={onClose}>
            {WORDS.close}
          </button>
        </div>
      </Dialog>
    );
  }
  return (
    <FormDialog
      title={TOKENS.make}
      submit={TOKENS.submit}
      onSubmit={send}
      // When it is made it is shown, before anything closes.
      onClose={() => {
        if (token.value === null) onClose();
      }}
    >
      <fieldset ref={fields} class="form">
        <legend class="visually-hidden">{TOKENS.make}</legend>
        <Field label={TOKENS.name} hint={TOKENS.nameHint}>
          {(ids) => <input {...ids} name="name" maxLength={100} autoComplete="off" />}
        </Field>
        <Field label={TOKENS.days}>
          {(ids) => (
            <select {...ids} name="days">
              <option value="0">{TOKENS.untilOwn}</option>
              {DAYS.map((days) => (
                <option key={days} value={days}>
                  {TOKENS.daysChoice(days)}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label={TOKENS.where} hint={TOKENS.whereHint}>
          {(ids) => (
            <input {...ids} name="pattern" autoCapitalize="none" autoComplete="off" spellcheck={false} />
          )}
        </Field>
        <Field label={TOKENS.role}>
          {(ids) => (
            <select {...ids} name="role">
              {ROLES.map((role) => (
                <option key={role} value={role}>
                  {ROLE_NAMES[role]}
                </option>
              ))}
            </select>
          )}
        </Field>
      </fieldset>
    </FormDialog>
  );
}
