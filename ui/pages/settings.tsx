import { useSignal } from "@preact/signals";
import { GLOBAL } from "#core/access/pattern.ts";
import type { Outcome } from "#core/contract/client.ts";
import type { Reply } from "#core/contract/route.ts";
import {
  getEnvironmentSettings,
  getNamespaceSettings,
  getSettings,
  putEnvironmentSettings,
  putNamespaceSettings,
  putSettings,
  SETTABLE,
} from "#core/contract/settings.ts";
import { api } from "../api.ts";
import { FormDialog } from "../parts/dialog.tsx";
import { Field } from "../parts/field.tsx";
import { RefusalNotice } from "../parts/notice.tsx";
import { Title } from "../parts/title.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { can, canIn } from "../session.ts";
import { WORDS } from "../words/common.ts";
import { SETTINGS } from "../words/team.ts";

type Values = Reply<typeof getSettings>["data"];
type Key = keyof Values;

interface Scope {
  /** Empty for the whole store. */
  readonly namespace: string;
  /** Empty for the namespace. */
  readonly environment: string;
}

interface Known {
  readonly values: Values;
  /** What holds one scope above; null where there is none or it is not told. */
  readonly above: Values | null;
  /** What holds for the store; likewise. */
  readonly store: Values | null;
}

const ofStore = (signal: AbortSignal) => api(getSettings, { signal });
const ofNamespace = (namespace: string, signal: AbortSignal) =>
  api(getNamespaceSettings, { params: { namespace }, signal });

async function ask({ namespace, environment }: Scope, signal: AbortSignal): Promise<Outcome<Known>> {
  const valuesOf = async (
    isTold: boolean,
    send: (signal: AbortSignal) => Promise<Outcome<{ readonly data: Values }>>,
  ): Promise<Values | null> => {
    const outcome = isTold ? await send(signal) : null;
    return outcome?.ok ? outcome.value.data : null;
  };
  const here =
    environment !== ""
      ? api(getEnvironmentSettings, { params: { namespace, environment }, signal })
      : namespace !== ""
        ? ofNamespace(namespace, signal)
        : ofStore(signal);
  const [outcome, store, inNamespace] = await Promise.all([
    here,
    valuesOf(namespace !== "" && can("setting::read", GLOBAL), ofStore),
    valuesOf(environment !== "" && canIn("setting::read", namespace), (abort) =>
      ofNamespace(namespace, abort),
    ),
  ]);
  if (!outcome.ok) return outcome;
  return {
    ok: true,
    value: { values: outcome.value.data, above: environment === "" ? store : inNamespace, store },
  };
}

const isSettable = (key: Key): boolean => (SETTABLE.keys as readonly string[]).includes(key);
const isSettableIn = (key: Key, namespace: string): boolean =>
  isSettable(key) && (namespace === "" || !(SETTABLE.onlyGlobally as readonly string[]).includes(key));

/** What can be changed first. */
const sorted = (values: Values): Key[] => {
  const keys = Object.keys(values).sort() as Key[];
  return [...keys.filter(isSettable), ...keys.filter((key) => !isSettable(key))];
};

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** Where a value comes from, as far as what holds above tells: a value that is the same there may be set here, too. */
function originOf(key: Key, { values, above, store }: Known, { namespace, environment }: Scope): string {
  if (!isSettable(key)) return SETTINGS.from.deployment;
  if (namespace === "") return SETTINGS.from.store;
  if (above === null) return SETTINGS.from.unknown;
  if (!same(values[key], above[key])) return SETTINGS.from.here;
  if (environment === "" || store === null)
    return environment === "" ? SETTINGS.from.store : SETTINGS.from.namespace;
  return same(above[key], store[key]) ? SETTINGS.from.store : SETTINGS.from.namespace;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? SETTINGS.empty : value.join(", ");
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}

/** Settings of the store, a namespace or an environment: what holds, where it comes from, and the way to change it. */
export function SettingsPage(scope: Scope) {
  const { namespace, environment } = scope;
  const { answer, again } = useAnswer(`${namespace}/${environment}`, (signal) => ask(scope, signal));
  const changing = useSignal<Key | null>(null);
  const where = environment === "" ? namespace : `${namespace}/${environment}`;
  const mayChange =
    namespace === ""
      ? can("setting::update", GLOBAL)
      : canIn("setting::update", namespace, environment === "" ? undefined : environment);
  const known = answer.value;
  return (
    <>
      <Title text={namespace === "" ? SETTINGS.ofStore : SETTINGS.of(where)} />
      <p class="lead">{SETTINGS.lead}</p>
      {known === null && <p class="quiet">{WORDS.loading}</p>}
      {known?.ok === false && <RefusalNotice refusal={known} />}
      {known?.ok && (
        <table class="card table">
          <thead>
            <tr>
              <th scope="col">{SETTINGS.column.name}</th>
              <th scope="col">{SETTINGS.column.value}</th>
              <th scope="col">{SETTINGS.column.from}</th>
            </tr>
          </thead>
          <tbody>
            {sorted(known.value.values).map((key) => (
              <tr key={key}>
                <th scope="row">
                  <code>{key}</code>
                </th>
                <td class="break" data-label={SETTINGS.column.value}>
                  {show(known.value.values[key])}
                </td>
                <td data-label={SETTINGS.column.from}>
                  <span class="inline">
                    {originOf(key, known.value, scope)}
                    {mayChange && isSettableIn(key, namespace) && (
                      <button
                        type="button"
                        class="small-button"
                        aria-label={SETTINGS.changeOf(key)}
                        onClick={() => (changing.value = key)}
                      >
                        {SETTINGS.change}
                      </button>
                    )}
                  </span>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {known?.ok && changing.value && (
        <ChangeSetting
          scope={scope}
          name={changing.value}
          value={known.value.values[changing.value]}
          onChanged={() => void again()}
          onClose={() => {
            changing.value = null;
          }}
        />
      )}
    </>
  );
}

function ChangeSetting({
  scope: { namespace, environment },
  name,
  value,
  onChanged,
  onClose,
}: {
  scope: Scope;
  name: Key;
  value: unknown;
  onChanged: () => void;
  onClose: () => void;
}) {
  const text = useSignal(JSON.stringify(value, null, 1));
  const send = async (): Promise<Outcome<unknown>> => {
    let wanted: unknown;
    try {
      wanted = JSON.parse(text.value);
    } catch {
      return { ok: false, status: 0, code: "unexpected", message: SETTINGS.badJson, requestId: null };
    }
    const body = { [name]: wanted };
    const outcome = await (environment !== ""
      ? api(putEnvironmentSettings, { params: { namespace, environment }, body })
      : namespace !== ""
        ? api(putNamespaceSettings, { params: { namespace }, body })
        : api(putSettings, { body }));
    if (outcome.ok) onChanged();
    return outcome;
  };
  return (
    <FormDialog title={SETTINGS.changeOf(name)} submit={SETTINGS.submit} onSubmit={send} onClose={onClose}>
      <Field label={SETTINGS.value} hint={SETTINGS.valueHint}>
        {(ids) => (
          <textarea
            {...ids}
            class="code"
            rows={6}
            value={text.value}
            spellcheck={false}
            onInput={(event) => {
              text.value = event.currentTarget.value;
            }}
          />
        )}
      </Field>
    </FormDialog>
  );
}
