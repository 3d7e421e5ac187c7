import { useSignal } from "@preact/signals";
import { type Permission, permissionsOfRole, ROLES, type Role } from "#core/access/permission.ts";
import type { Outcome } from "#core/contract/client.ts";
import { getNamespace } from "#core/contract/namespaces.ts";
import { createRole, deleteRole, listRoles, updateRole } from "#core/contract/roles.ts";
import { explainPermission } from "#core/contract/status.ts";
import { api } from "../../api.ts";
import { FormDialog } from "../../parts/dialog.tsx";
import { Field } from "../../parts/field.tsx";
import { RefusalNotice } from "../../parts/notice.tsx";
import { useAnswer } from "../../parts/use-answer.ts";
import { canIn, ledToLogin, loadSession, session } from "../../session.ts";
import { WORDS } from "../../words/common.ts";
import { MEMBERS, ROLE_NAMES } from "../../words/team.ts";

/** What managing members needs. */
const MANAGE: Permission = "namespace-role-mapping::update";

interface Change {
  readonly who: string;
  /** null: the role is taken back. */
  readonly role: Role | null;
}

/**
 * Whether the user manages the namespace by the one role that is to be changed, and would no longer.
 * Where the server does not tell, the answer is yes: a question too many is better than one too few.
 */
async function wouldLockOut(namespace: string, { who, role }: Change): Promise<boolean> {
  if (who !== session.value?.primary_namespace) return false;
  if (role !== null && permissionsOfRole(role).has(MANAGE)) return false;
  const outcome = await api(explainPermission, { query: { permission: MANAGE, namespace } });
  if (!outcome.ok) return true;
  const { allowed, because } = outcome.value.data;
  const others = because.filter(({ source }) => source.kind !== "role_mapping" || source.name !== namespace);
  return allowed && others.length === 0;
}

/** Who has a role in a namespace; for who may, the way to give, change and take back. */
export function Members({ namespace }: { namespace: string }) {
  const { answer, again } = useAnswer(namespace, (signal) =>
    api(listRoles, { params: { namespace }, signal }),
  );
  const failed = useSignal<Outcome<unknown> | null>(null);
  const risky = useSignal<Change | null>(null);
  const isAdding = useSignal(false);
  const mayChange = canIn(MANAGE, namespace);

  const apply = async ({ who, role }: Change): Promise<Outcome<unknown>> => {
    const params = { namespace };
    const outcome = await (role === null
      ? api(deleteRole, { params, body: { other_namespace: who } })
      : api(updateRole, { params, body: { other_namespace: who, role } }));
    if (outcome.ok) await Promise.all([again(), loadSession()]);
    return outcome;
  };
  const change = async (wanted: Change): Promise<void> => {
    if (await wouldLockOut(namespace, wanted)) {
      risky.value = wanted;
      return;
    }
    const outcome = await apply(wanted);
    if (await ledToLogin(outcome)) return;
    failed.value = outcome.ok ? null : outcome;
  };

  const known = answer.value;
  const rows = known?.ok ? known.value.data : [];
  return (
    <section class="card" aria-labelledby="members-title">
      <div class="build-head">
        <h2 id="members-title">{MEMBERS.title}</h2>
        {mayChange && (
          <button type="button" class="end" onClick={() => (isAdding.value = true)}>
            {MEMBERS.add}
          </button>
        )}
      </div>
      <p class="hint">{MEMBERS.lead}</p>
      {known === null && <p class="quiet">{WORDS.loading}</p>}
      {known?.ok === false && <RefusalNotice refusal={known} />}
      {failed.value?.ok === false && <RefusalNotice refusal={failed.value} />}
      {known?.ok && rows.length === 0 && <p class="quiet">{MEMBERS.none}</p>}
      {rows.length > 0 && (
        <table class="table plain-table">
          <thead>
            <tr>
              <th scope="col">{MEMBERS.column.who}</th>
              <th scope="col">{MEMBERS.column.role}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, other_namespace: who, role }) => (
              <tr key={`${id} ${role}`}>
                <th scope="row">{who}</th>
                <td data-label={MEMBERS.column.role}>
                  {mayChange ? (
                    <span class="inline">
                      <RoleSelect
                        label={MEMBERS.roleOf(who)}
                        role={role}
                        onChange={(next) => void change({ who, role: next })}
                      />
                      <button
                        type="button"
                        class="small-button"
                        aria-label={MEMBERS.takeOf(who)}
                        onClick={() => void change({ who, role: null })}
                      >
                        {MEMBERS.take}
                      </button>
                    </span>
                  ) : (
                    ROLE_NAMES[role]
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <Patterns namespace={namespace} />
      {isAdding.value && (
        <AddMember
          namespace={namespace}
          onAdded={() => void again()}
          onClose={() => {
            isAdding.value = false;
          }}
        />
      )}
      {risky.value && (
        <FormDialog
          title={MEMBERS.lockout}
          submit={MEMBERS.lockoutSubmit}
          isDangerous
          onSubmit={() => apply(risky.value ?? { who: "", role: null })}
          onClose={() => {
            risky.value = null;
            void again();
          }}
        >
          <p>{MEMBERS.lockoutLead(namespace)}</p>
        </FormDialog>
      )}
    </section>
  );
}

function RoleSelect({
  label,
  role,
  onChange,
}: {
  label: string;
  role: Role;
  onChange: (role: Role) => void;
}) {
  return (
    <select
      aria-label={label}
      value={role}
      onChange={({ currentTarget }) => {
        const next = ROLES.find((each) => each === currentTarget.value);
        // Shown again as it is until the server has taken it.
        currentTarget.value = role;
        if (next) onChange(next);
      }}
    >
      {ROLES.map((each) => (
        <option key={each} value={each}>
          {ROLE_NAMES[each]}
        </option>
      ))}
    </select>
  );
}

/** Roles of conda-store's other kind: shown, since they count; changed by the clients that give them. */
function Patterns({ namespace }: { namespace: string }) {
  const { answer } = useAnswer(namespace, (signal) => api(getNamespace, { params: { namespace }, signal }));
  const mappings = answer.value?.ok ? answer.value.value.data.role_mappings : [];
  if (mappings.length === 0) return null;
  return (
    <>
      <h3>{MEMBERS.patterns}</h3>
      <p class="hint">{MEMBERS.patternsLead}</p>
      <ul class="bullets">
        {mappings.map(({ id, entity, role }) => (
          <li key={id}>
            <code>{entity}</code> {role}
          </li>
        ))}
      </ul>
    </>
  );
}

function AddMember({
  namespace,
  onAdded,
  onClose,
}: {
  namespace: string;
  onAdded: () => void;
  onClose: () => void;
}) {
  const who = useSignal("");
  const role = useSignal<Role>("viewer");
  const send = async () => {
    const outcome = await api(createRole, {
      params: { namespace },
      body: { other_namespace: who.value.trim(), role: role.value },
    });
    if (outcome.ok) onAdded();
    return outcome;
  };
  return (
    <FormDialog title={MEMBERS.addTitle} submit={MEMBERS.add} onSubmit={send} onClose={onClose}>
      <Field label={MEMBERS.who}>
        {(ids) => (
          <input
            {...ids}
            value={who.value}
            required
            autoCapitalize="none"
            autoComplete="off"
            spellcheck={false}
            onInput={(event) => {
              who.value = event.currentTarget.value;
            }}
          />
        )}
      </Field>
      <Field label={MEMBERS.role} hint={MEMBERS.roles[role.value]}>
        {(ids) => (
          <select
            {...ids}
            value={role.value}
            onChange={({ currentTarget }) => {
              role.value = ROLES.find((each) => each === currentTarget.value) ?? "viewer";
            }}
          >
            {ROLES.map((each) => (
              <option key={each} value={each}>
                {ROLE_NAMES[each]}
              </option>
            ))}
          </select>
        )}
      </Field>
    </FormDialog>
  );
}
