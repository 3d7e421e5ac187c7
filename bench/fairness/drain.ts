/**
 * A line of many builds of several namespaces, drained by dispatchers that work at once: real table, real dispatch, real
 * moves; only the tasks' work is nothing.
 * @module
 */
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { type Held, readHeld } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import type { CompletedResult } from "#core/build/attempt.ts";
import { type DispatchContext, dispatch } from "#functions/dispatch/dispatch.ts";

export interface Started {
  readonly namespace: string;
  readonly build: number;
  /** After the draining began. */
  readonly seconds: number;
}

export interface Draining {
  readonly context: DispatchContext & { readonly db: AuditedDb };
  /** Dispatch passes that run at once, each time. */
  readonly dispatchers: number;
  /** Names of the tasks asked for so far, in order: `b12-a1`. */
  readonly asked: () => readonly string[];
  /** The namespace of each build in the line. */
  readonly namespaces: ReadonlyMap<number, string>;
  /** Called with what is held, over and over. */
  readonly watch: (held: Held) => void;
}

const RESULT: CompletedResult = {
  outcome: "completed",
  sizeBytes: 0,
  lockDigest: "0".repeat(64),
  artifacts: [],
  packages: 0,
};

/** Ends the builds one by one, the longest at work first, until all have been. @returns the builds in the order of their starts */
export async function drain(draining: Draining): Promise<Started[]> {
  const { context, dispatchers, asked, namespaces, watch } = draining;
  const startedMs = performance.now();
  const started: Started[] = [];
  let done = false;
  const watching = (async () => {
    while (!done) watch(await readHeld(context.db));
  })();
  try {
    for (let ended = 0; ended < namespaces.size; ended++) {
      await Promise.all(Array.from({ length: dispatchers }, () => dispatch(context)));
      const seconds = (performance.now() - startedMs) / 1000;
      for (const name of asked().slice(started.length)) {
        const build = Number(/^b(\d+)-/.exec(name)?.[1]);
        started.push({ build, namespace: namespaces.get(build) ?? "?", seconds });
      }
      const next = started[ended];
      if (!next) throw new Error(`nothing is at work after ${ended} of ${namespaces.size} builds`);
      await complete(context, next.build);
    }
  } finally {
    done = true;
    await watching;
  }
  return started;
}

async function complete({ db, clock }: Draining["context"], id: number): Promise<void> {
  const claim = await claimBuild(db, id, `task of ${id}`, clock());
  if (!claim.won) throw new Error(claim.why);
  const { attempt } = claim;
  const move = { name: "complete", by: "finish", at: clock(), attempt, result: RESULT } as const;
  const outcome = await makeMove(db, id, move);
  if (!outcome.won) throw new Error(outcome.why);
}
