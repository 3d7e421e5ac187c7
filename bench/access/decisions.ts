/**
 * How long one decision takes with a thousand bindings: ours, compiled once for a token, and the naive one.
 * @module
 */
import { type BindingMap, parseBindings } from "#core/access/binding.ts";
import { authenticated, type Entity } from "#core/access/entity.ts";
import { may } from "#core/access/may.ts";
import { ofEnvironment } from "#core/access/pattern.ts";
import { median } from "../table.ts";
import { naiveMay } from "./naive.ts";

export const BINDINGS = 1000;
/** At least so many times faster than the naive decision. */
export const RATIO_MIN = 20;
const ROUNDS = 5;

export interface Question {
  readonly says: string;
  readonly namespace: string;
  readonly environment: string;
}

/** What a person of many teams holds: most bindings name a namespace, some begin like one, a few are for a name everywhere. */
export function manyBindings(): BindingMap {
  const map: Record<string, string[]> = {};
  for (let n = 0; n < BINDINGS; n++) {
    const role = ["viewer", "developer", "admin"][n % 3] ?? "viewer";
    if (n % 10 < 6) map[`team-${n}/*`] = [role];
    else if (n % 10 < 8) map[`team-${n}/project-${n}`] = [role];
    else if (n % 10 < 9) map[`group-${n}-*/*`] = [role];
    else map[`*-${n}/shared-*`] = [role];
  }
  return map;
}

export const QUESTIONS: readonly Question[] = [
  { says: "the first binding", namespace: "team-0", environment: "any" },
  { says: "the last of a namespace", namespace: "team-995", environment: "any" },
  { says: "one environment", namespace: "team-997", environment: "project-997" },
  { says: "a beginning", namespace: "group-998-x", environment: "any" },
  { says: "a name everywhere", namespace: "x-999", environment: "shared-y" },
  { says: "nothing allows it", namespace: "stranger", environment: "any" },
];

export interface Decision {
  readonly says: string;
  readonly allowed: boolean;
  readonly oursMicros: number;
  readonly naiveMicros: number;
  /** How many times faster; both in turns, the median of the rounds. */
  readonly ratio: number;
}

/** @throws Error when the two disagree */
export function measureDecisions(): Decision[] {
  const map = manyBindings();
  const entity = holderOf(map);
  const all = { "default/*": ["viewer"], "filesystem/*": ["viewer"], ...map };
  return QUESTIONS.map(({ says, namespace, environment }) => {
    const target = ofEnvironment(namespace, environment);
    const ours = (): boolean => may(entity, "environment::read", target);
    const naive = (): boolean => naiveMay(all, "environment::read", `${namespace}/${environment}`);
    if (ours() !== naive()) throw new Error(`the two disagree about ${namespace}/${environment}`);
    const rounds = Array.from(
      { length: ROUNDS },
      () => [microsOf(naive, 10), microsOf(ours, 2_000)] as const,
    );
    return {
      says,
      allowed: ours(),
      naiveMicros: median(rounds.map(([micros]) => micros)),
      oursMicros: median(rounds.map(([, micros]) => micros)),
      ratio: median(rounds.map(([slow, fast]) => slow / fast)),
    };
  });
}

/** What comes before the first decision: reading the bindings and compiling them. */
export function measureCompiling(): number {
  const map = manyBindings();
  const target = ofEnvironment("stranger", "any");
  return median(
    Array.from({ length: ROUNDS }, () => microsOf(() => may(holderOf(map), "environment::read", target), 20)),
  );
}

const holderOf = (map: BindingMap): Entity =>
  authenticated({ primaryNamespace: "alice", own: parseBindings(map) ?? [], expiresAt: null });

/** Of one call, processor time. */
function microsOf(call: () => unknown, times: number): number {
  const before = process.cpuUsage();
  for (let n = 0; n < times; n++) call();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}
