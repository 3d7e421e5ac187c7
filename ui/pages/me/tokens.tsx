import { useSignal } from "@preact/signals";
import type { Reply } from "#core/contract/route.ts";
import { listTokens, revokeToken } from "#core/contract/tokens.ts";
import { api } from "../../api.ts";
import { FormDialog } from "../../parts/dialog.tsx";
import { RefusalNotice } from "../../parts/notice.tsx";
import { Time } from "../../parts/time.tsx";
import { useAnswer } from "../../parts/use-answer.ts";
import { WORDS } from "../../words/common.ts";
import { TOKENS } from "../../words/team.ts";
import { NewToken } from "./new-token.tsx";

type Token = Reply<typeof listTokens>["data"][number];

/** Tokens and logins of the user, what each may do, and the way to end one. */
export function Tokens() {
  const { answer, again } = useAnswer("tokens", (signal) => api(listTokens, { signal }));
  const isMaking = useSignal(false);
  const ending = useSignal<Token | null>(null);
  const known = answer.value;
  const column = TOKENS.column;
  return (
    <section class="card" aria-labelledby="tokens-title">
      <div class="build-head">
        <h2 id="tokens-title">{TOKENS.title}</h2>
        <button type="button" class="primary end" onClick={() => (isMaking.value = true)}>
          {TOKENS.make}
        </button>
      </div>
      <p class="hint">{TOKENS.lead}</p>
      {known === null && <p class="quiet">{WORDS.loading}</p>}
      {known?.ok === false && <RefusalNotice refusal={known} />}
      {known?.ok && known.value.data.length === 0 && <p class="quiet">{TOKENS.none}</p>}
      {known?.ok && known.value.data.length > 0 && (
        <table class="table plain-table">
          <thead>
            <tr>
              <th scope="col">{column.name}</th>
              <th scope="col">{column.may}</th>
              <th scope="col">{column.made}</th>
              <th scope="col">{column.used}</th>
              <th scope="col">{column.ends}</th>
            </tr>
          </thead>
          <tbody>
            {known.value.data.map((token) => (
              <Row key={token.id} token={token} onEnd={() => (ending.value = token)} />
            ))}
          </tbody>
        </table>
      )}
      {isMaking.value && (
        <NewToken
          onMade={() => void again()}
          onClose={() => {
            isMaking.value = false;
          }}
        />
      )}
      {ending.value && (
        <Revoke token={ending.value} onDone={() => void again()} onClose={() => (ending.value = null)} />
      )}
    </section>
  );
}

const nameOf = ({ name, kind }: Token): string => name ?? `${TOKENS.kinds[kind]} ${TOKENS.unnamed}`;

function Row({ token, onEnd }: { token: Token; onEnd: () => void }) {
  const { kind, role_bindings, created_on, last_used_on, expires_on, revoked_on, logged_out_on } = token;
  const column = TOKENS.column;
  const ended = revoked_on ? TOKENS.revoked : logged_out_on ? TOKENS.loggedOut : null;
  return (
    <tr class={ended ? "quiet" : undefined}>
      <th scope="row">
        {nameOf(token)} {token.name && <span class="tag">{TOKENS.kinds[kind]}</span>}
      </th>
      <td data-label={column.may}>
        {Object.entries(role_bindings).map(([pattern, roles]) => (
          <span key={pattern} class="grant">
            <code>{pattern}</code> {roles.join(", ")}{" "}
          </span>
        ))}
      </td>
      <td data-label={column.made}>{created_on ? <Time at={created_on} /> : "–"}</td>
      <td data-label={column.used}>{last_used_on ? <Time at={last_used_on} /> : TOKENS.never}</td>
      <td data-label={column.ends}>
        {ended ?? (expires_on ? <Time at={expires_on} /> : TOKENS.never)}{" "}
        {!ended && kind !== "service" && (
          <button
            type="button"
            class="small-button"
            aria-label={TOKENS.revokeOne(nameOf(token))}
            onClick={onEnd}
          >
            {TOKENS.revoke}
          </button>
        )}
      </td>
    </tr>
  );
}

function Revoke({ token, onDone, onClose }: { token: Token; onDone: () => void; onClose: () => void }) {
  const send = async () => {
    const outcome = await api(revokeToken, { params: { tokenId: token.id } });
    if (outcome.ok) onDone();
    return outcome;
  };
  return (
    <FormDialog
      title={TOKENS.revokeTitle(nameOf(token))}
      submit={TOKENS.revoke}
      isDangerous
      onSubmit={send}
      onClose={onClose}
    >
      <p>{TOKENS.revokeLead}</p>
    </FormDialog>
  );
}
