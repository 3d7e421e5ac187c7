/**
 * Specifications and builds for tests, made by the adapters' own writers.
 * @module
 */
import { createHash } from "node:crypto";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { nextId } from "#adapters/dynamodb/counters.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { slots } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { type Submission, submitSpecification } from "#adapters/dynamodb/submit.ts";
import type { CompletedResult } from "#core/build/attempt.ts";
import type { Build } from "#core/build/build.ts";
import { MAX_TRIES } from "#core/build/tries.ts";
import { audited } from "#test/kit/audited.ts";

export const sha256Of = (text: string): string => createHash("sha256").update(text).digest("hex");

/** A small specification for `team/demo`, or for what is asked. */
export function submission(changes: Partial<Submission> = {}): Submission {
  const environment = changes.environment ?? "demo";
  const spec = { name: environment, channels: ["conda-forge"], dependencies: ["python"] };
  const sha256 = sha256Of(JSON.stringify(spec));
  return {
    namespace: "team",
    environment,
    description: "",
    specification: { sha256, document: sha256, name: environment, spec, isLockfile: false },
    createNamespace: true,
    at: new Date("2026-03-04T05:06:07.890Z"),
    ...changes,
  };
}

/** Puts a new build into the line. */
export const submitted = async (db: Db, changes: Partial<Submission> = {}): Promise<number> =>
  (await submitSpecification(audited(db), submission(changes))).buildId;

/** Takes the next free slot for a build; the number of the attempt. */
export async function dispatched(db: Db, id: number): Promise<number> {
  const taken = new Set((await slots(db)).map(({ slot }) => slot));
  const slot = Array.from({ length: taken.size + 1 }, (_, i) => i + 1).find((each) => !taken.has(each)) ?? 1;
  const taking = { slot, share: slot, turn: await nextId(db, "turn") };
  const outcome = await makeMove(db, id, { name: "dispatch", by: "dispatch", at: new Date(), ...taking });
  if (!outcome.won) throw new Error(outcome.why);
  return outcome.build.dispatched;
}

/** Brings a new build to BUILDING. */
export async function building(
  db: Db,
  owner: string,
  changes: Partial<Submission> = {},
): Promise<{ id: number; attempt: number }> {
  const id = await submitted(db, changes);
  await dispatched(db, id);
  const claim = await claimBuild(db, id, owner, new Date());
  if (!claim.won) throw new Error(claim.why);
  return { id, attempt: claim.attempt };
}

/** Completes a build that an attempt has. */
export async function complete(
  db: Db,
  { id, attempt }: { readonly id: number; readonly attempt: number },
  result = completedResult(),
  at = new Date(),
): Promise<Build> {
  const move = { name: "complete", by: "finish", at, attempt, result } as const;
  const outcome = await makeMove(audited(db), id, move);
  if (!outcome.won) throw new Error(outcome.why);
  return outcome.build;
}

/** A new build that has completed, with a directory that a link can point at. */
export async function completed(
  db: Db,
  namespace: string,
  environment: string,
  changes: Partial<CompletedResult> = {},
): Promise<number> {
  const { id, attempt } = await building(db, "task", { namespace, environment });
  const key = `/opt/conda-store/${namespace}/key-${id}`;
  const artifacts = [{ type: "DIRECTORY", key, sizeBytes: 1 }] as const;
  await complete(db, { id, attempt }, completedResult({ artifacts, ...changes }));
  return id;
}

/** Brings a new build to the last attempt that its limit for tasks that die allows. */
export async function buildingForTheLastTime(
  db: Db,
  owner: string,
  changes: Partial<Submission> = {},
): Promise<{ id: number; attempt: number }> {
  const id = await submitted(db, changes);
  for (let tries = 1; ; tries++) {
    const attempt = await dispatched(db, id);
    const claim = await claimBuild(db, id, owner, new Date());
    if (!claim.won) throw new Error(claim.why);
    if (tries === MAX_TRIES.died) return { id, attempt };
    const [at, what] = [new Date(), "It died."];
    const again = { cause: "died", what, statusInfo: what, nextTryOn: at, memoryMiB: 0 } as const;
    const outcome = await makeMove(db, id, { name: "retry", by: "finish", at, attempt, ...again });
    if (!outcome.won) throw new Error(outcome.why);
  }
}

/** What a task reports that built without anything to show. */
export const completedResult = (changes: Partial<CompletedResult> = {}): CompletedResult => ({
  outcome: "completed",
  sizeBytes: 1000,
  lockDigest: sha256Of("lock"),
  artifacts: [],
  packages: 3,
  ...changes,
});
