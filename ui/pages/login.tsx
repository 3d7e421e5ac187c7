import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { addressOf, type Outcome, type Refusal } from "#core/contract/client.ts";
import { listLogins, login, showLogin } from "#core/contract/login.ts";
import type { Reply } from "#core/contract/route.ts";
import { api, prefix } from "../api.ts";
import { Field } from "../parts/field.tsx";
import { RefusalNotice } from "../parts/notice.tsx";
import { Title } from "../parts/title.tsx";
import { hasEnded } from "../session.ts";
import { WORDS } from "../words/common.ts";

type Logins = Reply<typeof listLogins>["data"];

/** Without a place to go to, the list. */
const targetOf = (next: string | null): string => next ?? new URL("./", document.baseURI).pathname;

/** Offers what the deployment has: providers to go to, a name and a password, or both. */
export function LoginPage({ next }: { next: string | null }) {
  const logins = useSignal<Outcome<Logins> | null>(null);
  useEffect(() => {
    void api(listLogins).then((outcome) => {
      logins.value = outcome.ok ? { ok: true, value: outcome.value.data } : outcome;
    });
  }, [logins]);
  const known = logins.value;
  return (
    <div class="narrow">
      <Title text={WORDS.login.title} />
      {hasEnded.value && (
        <p class="notice" role="status">
          {WORDS.login.ended}
        </p>
      )}
      {known === null && <p class="quiet">{WORDS.loading}</p>}
      {known?.ok === false && <RefusalNotice refusal={known} />}
      {known?.ok && <Offers logins={known.value} next={next} />}
    </div>
  );
}

function Offers({ logins, next }: { logins: Logins; next: string | null }) {
  if (logins.length === 0) return <p class="card">{WORDS.login.none}</p>;
  const providers = logins.filter(({ kind }) => kind === "redirect");
  return (
    <>
      {providers.length > 0 && (
        <ul class="card providers">
          {providers.map(({ name, title }) => (
            <li key={name}>
              <a
                class="button"
                href={addressOf(prefix, showLogin, {}, { provider: name, next: targetOf(next) })}
              >
                {WORDS.login.at(title)}
              </a>
            </li>
          ))}
        </ul>
      )}
      {providers.length < logins.length && <PasswordForm next={next} />}
    </>
  );
}

/** Asks for a name and a password; then the server says where to go. */
function PasswordForm({ next }: { next: string | null }) {
  const refusal = useSignal<Refusal | null>(null);
  const isSending = useSignal(false);

  const submit = async (form: HTMLFormElement): Promise<void> => {
    const fields = new FormData(form);
    isSending.value = true;
    const outcome = await api(login, {
      body: { username: String(fields.get("username")), password: String(fields.get("password")) },
      query: { next: targetOf(next) },
    });
    isSending.value = false;
    refusal.value = outcome.ok ? null : outcome;
    if (outcome.ok) location.assign(outcome.value.data.redirect_url);
  };

  return (
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
        {(ids) => <input {...ids} name="password" type="password" autoComplete="current-password" required />}
      </Field>
      {refusal.value && <RefusalNotice refusal={refusal.value} />}
      <div>
        <button type="submit" class="primary" disabled={isSending.value}>
          {isSending.value ? WORDS.login.submitting : WORDS.login.submit}
        </button>
      </div>
    </form>
  );
}
