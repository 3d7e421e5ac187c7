import { useSignal } from "@preact/signals";
import type { Refusal } from "#core/contract/client.ts";
import { login } from "#core/contract/login.ts";
import { api } from "../api.ts";
import { Field } from "../parts/field.tsx";
import { RefusalNotice } from "../parts/notice.tsx";
import { Title } from "../parts/title.tsx";
import { hasEnded } from "../session.ts";
import { WORDS } from "../words.ts";

/** Asks for a name and a password; then the server says where to go. */
export function LoginPage({ next }: { next: string | null }) {
  const refusal = useSignal<Refusal | null>(null);
  const isSending = useSignal(false);

  const submit = async (form: HTMLFormElement): Promise<void> => {
    const fields = new FormData(form);
    isSending.value = true;
    const outcome = await api(login, {
      body: { username: String(fields.get("username")), password: String(fields.get("password")) },
      // Without a place to go to, the list.
      query: { next: next ?? new URL("./", document.baseURI).pathname },
    });
    isSending.value = false;
    refusal.value = outcome.ok ? null : outcome;
    if (outcome.ok) location.assign(outcome.value.data.redirect_url);
  };

  return (
    <div class="narrow">
      <Title text={WORDS.login.title} />
      {hasEnded.value && (
        <p class="notice" role="status">
          {WORDS.login.ended}
        </p>
      )}
      <form
        class="card form"
        onSubmit={(event) => {
          event.preventDefault();
          void submit(event.currentTarget);
        }}
      >
        <Field label={WORDS.login.userName} hint={WORDS.login.userNameHint}>
          {(ids) => (
            <input
              {...ids}
              name="username"
              autoComplete="username"
              autoCapitalize="none"
              spellcheck={false}
              required
            />
          )}
        </Field>
        <Field label={WORDS.login.password}>
          {(ids) => (
            <input {...ids} name="password" type="password" autoComplete="current-password" required />
          )}
        </Field>
        {refusal.value && <RefusalNotice refusal={refusal.value} />}
        <div>
          <button type="submit" class="primary" disabled={isSending.value}>
            {isSending.value ? WORDS.login.submitting : WORDS.login.submit}
          </button>
        </div>
      </form>
    </div>
  );
}
