import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { getBuild } from "#core/contract/builds.ts";
import type { Refusal } from "#core/contract/client.ts";
import { listNamespaces } from "#core/contract/namespaces.ts";
import { api } from "../api.ts";
import { type Draft, dropDraft, keepDraft, readDraft } from "../draft.ts";
import { lineOfFault } from "../fault-lines.ts";
import { diffLines } from "../line-diff.ts";
import { DiffView } from "../parts/diff-view.tsx";
import { Editor, selectLine } from "../parts/editor.tsx";
import { Field } from "../parts/field.tsx";
import { RefusalNotice } from "../parts/notice.tsx";
import { Suggestions } from "../parts/suggestions.tsx";
import { Title } from "../parts/title.tsx";
import { addressOfPlace, environmentPlace, goTo, loginFromHere, NO_FILTER, type Place } from "../router.ts";
import { ledToLogin, session } from "../session.ts";
import { WORDS } from "../words/common.ts";
import { CREATE } from "../words/create.ts";
import { toYaml } from "../yaml-text.ts";
import { FileChoice } from "./create/file-choice.tsx";
import { FormatFields } from "./create/format-fields.tsx";
import { post } from "./create/post.ts";
import { PreviewView, solveIdOf, usePreview } from "./create/preview.tsx";

type From = Extract<Place, { page: "create" }>["from"];

interface Original {
  readonly text: string;
  readonly name: string;
}

/** The draft of what is written here, and the build that it began from. */
function useDraft(from: From, key: string) {
  const draft = useSignal<Draft | null>(readDraft(key));
  const original = useSignal<Original | null>(null);
  const refusal = useSignal<Refusal | null>(null);
  const fresh: Draft = {
    namespace: from?.namespace ?? session.value?.primary_namespace ?? "",
    text: original.value?.text ?? "",
    format: "environment",
    name: "",
  };
  useEffect(() => {
    if (from === null) return;
    void api(getBuild, { params: { buildId: from.buildId } }).then((outcome) => {
      if (!outcome.ok) refusal.value = outcome;
      const specification = outcome.ok ? outcome.value.data.specification : null;
      if (specification) original.value = { text: toYaml(specification.spec), name: specification.name };
    });
  }, [key]);
  // What has been typed is never replaced by what the server has.
  const shown = draft.value ?? fresh;
  const change = (changed: Partial<Draft>): void => {
    draft.value = { ...shown, ...changed };
    keepDraft(key, draft.value);
  };
  const reset = (): void => {
    draft.value = null;
    dropDraft(key);
  };
  return { shown, original: original.value, refusal, change, reset };
}

/** A specification is written, pasted or chosen here, and sent. What is typed is kept until the server has taken it. */
export function CreatePage({ from }: { from: From }) {
  const key = from === null ? "new" : `build ${from.buildId}`;
  const { shown, original, refusal, change, reset } = useDraft(from, key);
  const { preview, start: startPreview } = usePreview(shown);
  const caret = useSignal(0);
  const suggestions = useRef<HTMLDivElement>(null);
  const namespaces = useSignal<readonly string[]>([]);
  const isSending = useSignal(false);
  const answer = useRef<HTMLDivElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    void api(listNamespaces, { query: { size: "100" } }).then((outcome) => {
      if (outcome.ok) namespaces.value = outcome.value.data.map(({ name }) => name);
    });
  }, []);

  const send = async (): Promise<void> => {
    isSending.value = true;
    refusal.value = null;
    const outcome = await post(api, shown, solveIdOf(preview));
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
    reset();
    const build = await api(getBuild, { params: { buildId } });
    const environment = build.ok ? build.value.data.specification?.name : undefined;
    const inNamespace = shown.namespace.trim() || session.value?.primary_namespace;
    if (environment === undefined || !inNamespace) return goTo({ page: "list", filter: NO_FILTER });
    goTo(environmentPlace(inNamespace, environment, { buildId }));
  };

  const faults = refusal.value?.message.split("\n") ?? [];
  const faultLines = new Set(
    faults.map((fault) => lineOfFault(fault, shown.text)).filter((line) => line !== null),
  );
  const title = from === null ? CREATE.title : CREATE.titleChange(from.buildId);
  return (
    <>
      <Title text={title} />
      <p class="lead">{from === null ? CREATE.lead : CREATE.leadChange}</p>
      {session.value?.authenticated === false && (
        <p class="notice">
          {CREATE.logInFirst} <a href={addressOfPlace(loginFromHere())}>{WORDS.logIn}</a>
        </p>
      )}
      <form
        class="card form"
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <Field label={CREATE.namespace} hint={CREATE.namespaceHint}>
          {(ids) => (
            <input
              {...ids}
              class="short"
              list="namespaces"
              value={shown.namespace}
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
        <FileChoice draft={shown} onTake={change}>
          {(takeFile) => (
            <Field label={CREATE.specification} hint={CREATE.specificationHint}>
              {(ids) => (
                <>
                  <Editor
                    ids={ids}
                    text={shown.text}
                    faults={faultLines}
                    field={field}
                    onChange={(text) => change({ text })}
                    onCaret={(at) => {
                      caret.value = at;
                    }}
                    onAsk={() => suggestions.current?.querySelector("button")?.focus()}
                    onDrop={takeFile}
                  />
                  {shown.format === "environment" && (
                    <div ref={suggestions}>
                      <Suggestions
                        text={shown.text}
                        caret={caret.value}
                        field={field}
                        onChange={(text) => change({ text })}
                      />
                    </div>
                  )}
                </>
              )}
            </Field>
          )}
        </FileChoice>
        <FormatFields draft={shown} onChange={change} />
        <div ref={answer}>
          {refusal.value && (
            <RefusalNotice refusal={refusal.value} title={CREATE.refused}>
              <Lines lines={[...faultLines].sort((a, b) => a - b)} field={field} />
            </RefusalNotice>
          )}
        </div>
        {preview && shown.format === "environment" && <PreviewView preview={preview} />}
        <div class="actions">
          <button type="submit" class="primary" disabled={isSending.value}>
            {isSending.value
              ? CREATE.submitting
              : solveIdOf(preview) === null
                ? CREATE.submit
                : CREATE.submitSolved}
          </button>
          {shown.format === "environment" && shown.text !== "" && session.value?.authenticated && (
            <button type="button" disabled={preview?.answer === null} onClick={startPreview}>
              {CREATE.preview.start}
            </button>
          )}
          {shown.text === "" && from === null && (
            <button type="button" onClick={() => change({ text: CREATE.exampleText })}>
              {CREATE.example}
            </button>
          )}
        </div>
        {original && <Comparison before={original.text} after={shown.text} onReset={reset} />}
      </form>
    </>
  );
}

/** Leads to the lines that the server speaks of. */
function Lines({
  lines,
  field,
}: {
  lines: readonly number[];
  field: { readonly current: HTMLTextAreaElement | null };
}) {
  if (lines.length === 0) return null;
  return (
    <div class="actions">
      {lines.map((line) => (
        <button
          key={line}
          type="button"
          class="small-button"
          onClick={() => field.current && selectLine(field.current, line)}
        >
          {CREATE.line(line)}
        </button>
      ))}
    </div>
  );
}

/** What was changed over the build that is being changed. */
function Comparison({ before, after, onReset }: { before: string; after: string; onReset: () => void }) {
  const isOpen: Signal<boolean> = useSignal(false);
  return (
    <div class="stack">
      <div class="actions">
        <button
          type="button"
          aria-expanded={isOpen.value}
          onClick={() => {
            isOpen.value = !isOpen.value;
          }}
        >
          {isOpen.value ? CREATE.compareHide : CREATE.compare}
        </button>
        {before !== after && (
          <button type="button" onClick={onReset}>
            {CREATE.reset}
          </button>
        )}
      </div>
      {isOpen.value &&
        (before === after ? (
          <p class="quiet">{CREATE.same}</p>
        ) : (
          <DiffView lines={diffLines(before, after)} label={CREATE.compareTitle} />
        ))}
    </div>
  );
}
