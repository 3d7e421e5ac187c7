import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { Outcome } from "#core/contract/client.ts";
import type { Reply } from "#core/contract/route.ts";
import { getSolve, postSolve } from "#core/contract/solve.ts";
import { api } from "../../api.ts";
import { browser } from "../../browser.ts";
import type { Draft } from "../../draft.ts";
import { showSize } from "../../format.ts";
import { RefusalNotice } from "../../parts/notice.tsx";
import { ledToLogin } from "../../session.ts";
import { CREATE } from "../../words/create.ts";

type Solve = Reply<typeof getSolve>["data"];

/** Each look is longer after the one before. */
const LOOK_MS = 500;
const LOOK_MS_MAX = 5_000;

export interface Preview {
  /** Of what it was asked for: another text has another solve. */
  readonly text: string;
  readonly namespace: string;
  /** null while it is solved. */
  readonly answer: Outcome<Solve> | null;
}

/** Asks for a solve and looks after it until it has ended; not while the page is hidden. */
async function solve(draft: Draft, signal: AbortSignal): Promise<Outcome<Solve>> {
  const body = { specification: draft.text, namespace: draft.namespace.trim() || null };
  const asked = await api(postSolve, { body, signal });
  if (!asked.ok) return asked;
  const params = { solve: asked.value.data.solve_id };
  for (let wait = LOOK_MS; ; wait = Math.min(LOOK_MS_MAX, wait * 1.5)) {
    await browser.untilVisible(signal);
    const outcome = await api(getSolve, { params, signal });
    if (!outcome.ok) return outcome;
    const { data } = outcome.value;
    if (data.status === "SOLVED" || data.status === "FAILED") return { ok: true, value: data };
    await browser.pause(wait, signal);
  }
}

/** The preview of the text as it is, if there is one; and how to ask for it. */
export function usePreview(draft: Draft): {
  readonly preview: Preview | null;
  readonly start: () => void;
} {
  const known: Signal<Preview | null> = useSignal<Preview | null>(null);
  const running = useRef<AbortController | null>(null);
  useEffect(() => () => running.current?.abort(), []);

  const start = async (): Promise<void> => {
    running.current?.abort();
    const abort = new AbortController();
    running.current = abort;
    const of = { text: draft.text, namespace: draft.namespace };
    known.value = { ...of, answer: null };
    try {
      const answer = await solve(draft, abort.signal);
      if (abort.signal.aborted || (await ledToLogin(answer))) return;
      known.value = { ...of, answer };
    } catch (error) {
      if (!abort.signal.aborted) throw error;
    }
  };
  const isOfThis = known.value?.text === draft.text && known.value.namespace === draft.namespace;
  return { preview: isOfThis ? known.value : null, start: () => void start() };
}

/** The id of the solve that a build can be handed, or null. */
export const solveIdOf = (preview: Preview | null): string | null =>
  preview?.answer?.ok && preview.answer.value.status === "SOLVED" ? preview.answer.value.id : null;

/** What would be installed, and what that changes over what is current. */
export function PreviewView({ preview: { answer } }: { preview: Preview }) {
  const words = CREATE.preview;
  if (answer === null) return <p role="status">{words.solving}</p>;
  if (!answer.ok) return <RefusalNotice refusal={answer} title={CREATE.refused} />;
  const { status, message, packages, size, changes, pip } = answer.value;
  if (status === "FAILED")
    return (
      <div class="status-info bad" role="alert">
        <strong>{words.failed}</strong>
        {`\n${message ?? ""}`}
      </div>
    );
  return (
    <section class="notice" aria-label={words.title}>
      <p role="status">{words.solved(packages.length, showSize(size))}</p>
      {pip.length > 0 && <p>{words.pip(pip.length)}</p>}
      {changes && changes.current_build_id !== null && <Changes changes={changes} />}
      <details>
        <summary>{words.all}</summary>
        <ul class="changes">
          {packages.map(({ name, version, size: bytes }) => (
            <li key={name}>
              <strong>{name}</strong> {version} {bytes > 0 && <span class="quiet">{showSize(bytes)}</span>}
            </li>
          ))}
        </ul>
      </details>
      <p class="small">{words.lead}</p>
    </section>
  );
}

function Changes({ changes }: { changes: NonNullable<Solve["changes"]> }) {
  const words = CREATE.preview;
  const rows: [string, readonly string[]][] = [
    [words.added, changes.added.map(({ name, version }) => `${name} ${version}`)],
    [words.removed, changes.removed.map(({ name, version }) => `${name} ${version}`)],
    [words.changed, changes.changed.map(({ name, from, to }) => `${name} ${from} → ${to}`)],
  ];
  return (
    <>
      <p>{words.unchanged(changes.unchanged)}</p>
      {rows
        .filter(([, texts]) => texts.length > 0)
        .map(([title, texts]) => (
          <p key={title}>
            <strong>{title}</strong> {texts.join(", ")}
          </p>
        ))}
    </>
  );
}
