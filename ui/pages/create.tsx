import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { getBuild } from "#core/contract/builds.ts";
import type { Refusal } from "#core/contract/client.ts";
import { listNamespaces } from "#core/contract/namespaces.ts";
import { postSpecification } from "#core/contract/specifications.ts";
import { api } from "../api.ts";
import { type Draft, dropDraft, keepDraft, readDraft } from "../draft.ts";
import { Field } from "../parts/field.tsx";
import { RefusalNotice } from "../parts/notice.tsx";
import { Title } from "../parts/title.tsx";
import { addressOfPlace, goTo, type Place } from "../router.ts";
import { ledToLogin, session } from "../session.ts";
import { WORDS } from "../words.ts";
import { toYaml } from "../yaml-text.ts";

type From = Extract<Place, { page: "create" }>["from"];

/** A specification is written or pasted here, and sent. What is typed is kept until the server has taken it. */
export function CreatePage({ from }: { from: From }) {
  const key = from === null ? "new" : `build ${from.buildId}`;
  const draft = useSignal<Draft | null>(readDraft(key));
  const namespaces = useSignal<readonly string[]>([]);
  const refusal = useSignal<Refusal | null>(null);
  const isSending = useSignal(false);
  const answer = useRef<HTMLDivElement>(null);
  const { namespace = from?.namespace ?? session.value?.primaryNamespace ?? "", text = "" } =
    draft.value ?? {};

  const change = (changed: Partial<Draft>): void => {
    draft.value = { namespace, text, ...changed };
    keepDraft(key, draft.value);
  };

  useEffect(() => {
    void api(listNamespaces, { query: { size: "100" } }).then((outcome) => {
      if (outcome.ok) namespaces.value = outcome.value.data.map(({ name }) => name);
    });
    if (from === null || draft.value !== null) return;
    void api(getBuild, { params: { buildId: from.buildId } }).then((outcome) => {
      if (!outcome.ok) refusal.value = outcome;
      const spec = outcome.ok ? outcome.value.data.specification?.spec : undefined;
      // Not over what has been typed in the meantime.
      if (spec && draft.value === null) draft.value = { namespace: from.namespace, text: toYaml(spec) };
    });
  }, [key]);

  const send = async (): Promise<void> => {
    isSending.value = true;
    refusal.value = null;
    const outcome = await api(postSpecification, {
      body: { specification: text, namespace: namespace.trim() || null },
    });
    const away = await ledToLogin(outcome);
    isSending.value = false;
    if (outcome.ok) return leave(outcome.value.data.build_id);
    if (away) return;
    refusal.value = outcome;
    // After the message is there.
    requestAnimationFrame(() => answer.current?.scrollIntoView({ block: "nearest" }));
  };

  /** Goes to the build that was made; its environment's name is in the text, which the server has read. */
  const leave = async (buildId: number): Promise<void> => {
    dropDraft(key);
    const build = await api(getBuild, { params: { buildId } });
    const environment = build.ok ? build.value.data.specification?.name : undefined;
    const inNamespace = namespace.trim() || session.value?.primaryNamespace;
    if (environment === undefined || !inNamespace) return goTo({ page: "list" });
    goTo({ page: "environment", namespace: inNamespace, environment, buildId });
  };

  return (
    <>
      <Title text={WORDS.create.title} />
      <p class="lead">{WORDS.create.lead}</p>
      {session.value?.authenticated === false && (
        <p class="notice">
          {WORDS.create.logInFirst}{" "}
          <a href={addressOfPlace({ page: "login", next: `${location.pathname}${location.search}` })}>
            {WORDS.logIn}
          </a>
        </p>
      )}
      <form
        class="card form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Field label={WORDS.create.namespace} hint={WORDS.create.namespaceHint}>
          {(ids) => (
            <input
              {...ids}
              class="short"
              list="namespaces"
              value={namespace}
              autoCapitalize="none"
              autoComplete="off"
              spellcheck={false}
              onInput={(event) => change({ namespace: event.currentTarget.value })}
            />
          )}
        </Field>
        <datalist id="namespaces">
          {namespaces.value.map((name) => (
            <option key={name} value={name} />
          ))}
        </datalist>
        <Field label={WORDS.create.specification} hint={WORDS.create.specificationHint}>
          {(ids) => (
            <textarea
              {...ids}
              class="code"
              rows={16}
              value={text}
              required
              spellcheck={false}
              autoCapitalize="none"
              autoComplete="off"
              onInput={(event) => change({ text: event.currentTarget.value })}
            />
          )}
        </Field>
        <div ref={answer}>
          {refusal.value && <RefusalNotice refusal={refusal.value} title={WORDS.create.refused} />}
        </div>
        <div class="actions">
          <button type="submit" class="primary" disabled={isSending.value}>
            {isSending.value ? WORDS.create.submitting : WORDS.create.submit}
          </button>
          {text === "" && (
            <button type="button" onClick={() => change({ text: WORDS.create.exampleText })}>
              {WORDS.create.example}
            </button>
          )}
        </div>
      </form>
    </>
  );
}
