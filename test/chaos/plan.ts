/**
 * What is going to be built, and what is going to happen to each build: all of it decided by the seed.
 * @module
 */
import type { FaultKind } from "#test/kit/tiny-channel.ts";
import { type Random, randomOf } from "./random.ts";

/** As a build goes through them. A build that is lent another's products skips most. */
export const STEPS = [
  ...["recall", "solve", "reuse", "install", "lockfile", "export", "link scripts", "compile", "seal"],
  ...["inspect", "test", "packages", "archive", "copy", "publish", "verify"],
] as const;

/** `step` names a boundary: just before or just after the table has taken the step's mark. */
export type Mishap =
  | { readonly kind: "task killed at a step"; readonly step: string; readonly when: "before" | "after" }
  | { readonly kind: "task killed at some moment"; readonly afterMs: number }
  | { readonly kind: "child killed"; readonly afterMs: number }
  | { readonly kind: "task stands still beyond its lease"; readonly step: string }
  | { readonly kind: "lease stolen"; readonly step: string }
  | { readonly kind: "canceled"; readonly afterMs: number; readonly people: number }
  | { readonly kind: "disk full" }
  | { readonly kind: "package corrupted"; readonly how: FaultKind }
  | { readonly kind: "RunTask endpoint killed"; readonly step: string }
  | { readonly kind: "task told to end, as a spot host does"; readonly afterMs: number }
  | { readonly kind: "keeper killed"; readonly afterMs: number }
  | { readonly kind: "older build chosen" }
  | { readonly kind: "older build deleted"; readonly people: number }
  | { readonly kind: "older build pinned"; readonly goesOn: boolean }
  | { readonly kind: "older build built again"; readonly frozen: boolean; readonly andDeleted: boolean }
  | { readonly kind: "environment deleted"; readonly afterMs: number; readonly people: number }
  | { readonly kind: "namespace deleted"; readonly afterMs: number; readonly people: number }
  | { readonly kind: "only the newest kept"; readonly builds: number };

export interface PlannedBuild {
  readonly namespace: string;
  readonly environment: string;
  readonly packages: readonly string[];
  readonly isTested: boolean;
  readonly mishap: Mishap | null;
}

const NAMESPACES = ["blue", "green", "red", "yellow"];
const PACKAGES = [
  ["app", "base-lib=1", "scripted"],
  ["app", "base-lib=2", "scripted"],
  ["app", "base-lib=2", "large"],
  ["app", "base-lib=1", "large"],
  ["wants-new", "app", "base-lib"],
  ["wants-old", "app", "base-lib"],
  ["deep-old", "wants-old", "base-lib"],
  ["base-lib=1", "scripted", "large"],
  ["base-lib=2", "scripted", "large"],
  ["dislikes-old", "base-lib=2", "scripted"],
  ["dislikes-old", "base-lib=2", "large"],
  ["wants-new", "base-lib", "large"],
];

/** How many of the rounds of mishaps have one that takes away so much. */
const NAMESPACE_DELETED = 0.4;

/** The same seed gives the same plan. */
export function planOf(seed: number, builds: number): PlannedBuild[] {
  const random = randomOf(seed, "plan");
  const steps = cycle(() =>
    random.shuffle(
      STEPS.flatMap((step) => [
        { step, when: "before" as const },
        { step, when: "after" as const },
      ]),
    ),
  );
  const mishaps = cycle(() => random.shuffle(oneOfEach(random, steps)));
  return Array.from({ length: builds }, () => ({
    namespace: random.pick(NAMESPACES),
    environment: `env-${random.int(1, Math.max(1, Math.ceil(builds / 20)))}`,
    packages: random.pick(PACKAGES),
    isTested: random.chance(0.5),
    mishap: mishaps(),
  }));
}

function oneOfEach(
  random: Random,
  steps: () => { readonly step: string; readonly when: "before" | "after" },
): (Mishap | null)[] {
  const moment = (): number => random.int(0, 4_000);
  return [
    { kind: "task killed at a step", ...steps() },
    { kind: "task killed at a step", ...steps() },
    { kind: "task killed at a step", ...steps() },
    { kind: "task killed at some moment", afterMs: moment() },
    { kind: "child killed", afterMs: moment() },
    { kind: "task stands still beyond its lease", step: random.pick(STEPS) },
    { kind: "lease stolen", step: random.pick(STEPS) },
    { kind: "canceled", afterMs: moment(), people: random.int(1, 3) },
    { kind: "disk full" },
    { kind: "package corrupted", how: random.pick(["cut", "short", "wrong", "html", 503] as const) },
    { kind: "RunTask endpoint killed", step: random.pick(STEPS) },
    { kind: "task told to end, as a spot host does", afterMs: moment() },
    { kind: "keeper killed", afterMs: moment() },
    { kind: "older build chosen" },
    { kind: "older build deleted", people: random.int(1, 3) },
    { kind: "older build deleted", people: 1 },
    { kind: "older build pinned", goesOn: random.chance(0.5) },
    { kind: "older build built again", frozen: random.chance(0.7), andDeleted: random.chance(0.5) },
    { kind: "environment deleted", afterMs: moment(), people: random.int(1, 2) },
    { kind: "only the newest kept", builds: random.int(1, 3) },
    ...(random.chance(NAMESPACE_DELETED)
      ? [{ kind: "namespace deleted", afterMs: moment(), people: random.int(1, 2) } as const]
      : [null]),
    null,
    null,
  ];
}

/** Goes through a list and makes the next one when it is through. */
function cycle<T>(make: () => readonly T[]): () => T {
  let left: T[] = [];
  return () => {
    if (left.length === 0) left = [...make()];
    return left.pop() as T;
  };
}
