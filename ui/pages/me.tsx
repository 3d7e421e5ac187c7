import { useSignal } from "@preact/signals";
import { PERMISSIONS } from "#core/access/permission.ts";
import type { Outcome } from "#core/contract/client.ts";
import type { Reply } from "#core/contract/route.ts";
import { explainPermission } from "#core/contract/status.ts";
import { api } from "../api.ts";
import { Field } from "../parts/field.tsx";
import { RefusalNotice } from "../parts/notice.tsx";
import { Time } from "../parts/time.tsx";
import { Title } from "../parts/title.tsx";
import { addressOfPlace } from "../router.ts";
import { session } from "../session.ts";
import { ME } from "../words/team.ts";
import { Tokens } from "./me/tokens.tsx";

type Explanation = Reply<typeof explainPermission>["data"];

/** Who the user is, what they may do and why, and their tokens. */
export function MePage() {
  const known = session.value;
  if (known === null) return null;
  return (
    <>
      <Title text={ME.title} />
      {!known.authenticated && <p class="notice">{ME.anonymous}</p>}
      <section class="card" aria-labelledby="who-title">
        <h2 id="who-title">{ME.who}</h2>
        <dl class="facts">
          <div>
            <dt>{ME.namespace}</dt>
            <dd>
              <a href={addressOfPlace({ page: "namespace", name: known.primary_namespace })}>
                {known.primary_namespace}
              </a>
            </dd>
          </div>
          <div>
            <dt>{ME.until}</dt>
            <dd>{known.expiration ? <Time at={known.expiration} /> : ME.noEnd}</dd>
          </div>
        </dl>
      </section>
      {known.authenticated && <Tokens />}
      <section class="card" aria-labelledby="rights-title">
        <h2 id="rights-title">{ME.rights}</h2>
        <Rights />
        <h3>{ME.explain}</h3>
        <p class="hint">{ME.explainLead}</p>
        <Explain />
      </section>
    </>
  );
}

function Rights() {
  const { entity_permissions = {}, entity_roles = {} } = session.value ?? {};
  return (
    <table class="table plain-table">
      <thead>
        <tr>
          <th scope="col">{ME.pattern}</th>
          <th scope="col">{ME.roles}</th>
          <th scope="col">{ME.permissions}</th>
        </tr>
      </thead>
      <tbody>
        {Object.entries(entity_permissions).map(([pattern, permissions]) => (
          <tr key={pattern}>
            <th scope="row">
              <code>{pattern}</code>
            </th>
            <td data-label={ME.roles}>{(entity_roles[pattern] ?? []).join(", ") || "–"}</td>
            <td data-label={ME.permissions}>
              <details>
                <summary>{permissions.length}</summary>
                {permissions.join(", ")}
              </details>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Explain() {
  const answer = useSignal<Outcome<{ readonly data: Explanation }> | null>(null);
  const isAsking = useSignal(false);
  const ask = async (form: HTMLFormElement): Promise<void> => {
    isAsking.value = true;
    const fields = new FormData(form);
    const permission = PERMISSIONS.find((each) => each === fields.get("permission")) ?? PERMISSIONS[0];
    const [namespace, environment] = ["namespace", "environment"].map((name) =>
      String(fields.get(name) ?? "").trim(),
    );
    answer.value = await api(explainPermission, {
      query: { permission, ...(namespace ? { namespace } : {}), ...(environment ? { environment } : {}) },
    });
    isAsking.value = false;
  };
  const known = answer.value;
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void ask(event.currentTarget);
      }}
    >
      <div class="columns">
        <Field label={ME.permission}>
          {(ids) => (
            <select {...ids} name="permission">
              {PERMISSIONS.map((permission) => (
                <option key={permission}>{permission}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label={ME.inNamespace} hint={ME.inNamespaceHint}>
          {(ids) => <input {...ids} name="namespace" autoCapitalize="none" spellcheck={false} />}
        </Field>
        <Field label={ME.environment} hint={ME.environmentHint}>
          {(ids) => <input {...ids} name="environment" autoCapitalize="none" spellcheck={false} />}
        </Field>
      </div>
      <div class="actions">
        <button type="submit" disabled={isAsking.value}>
          {ME.ask}
        </button>
      </div>
      <div role="status">
        {known?.ok === false && <RefusalNotice refusal={known} />}
        {known?.ok && <Explained explanation={known.value.data} />}
      </div>
    </form>
  );
}

function Explained({ explanation }: { explanation: Explanation }) {
  const { allowed, because, roles_with_it } = explanation;
  if (!allowed)
    return (
      <p class="notice bad">
        {ME.no} {ME.noRole} {roles_with_it.join(", ")}
      </p>
    );
  return (
    <div class="notice">
      <p>
        {ME.yes} {because.length > 1 && ME.because}
      </p>
      <ul>
        {because.map(({ source, pattern, roles }) => (
          <li key={`${source.kind} ${source.name} ${pattern}`}>
            {ME.reason(ME.source(source.kind, source.name), pattern, roles.join(", "))}
          </li>
        ))}
      </ul>
    </div>
  );
}
