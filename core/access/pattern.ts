/**
 * Patterns of role bindings: `namespace-pattern/environment-pattern`, where `*` stands for any run of name characters and
 * every other character, `.` and `+` included, for itself.
 * @module
 */

/** A half much longer than any name is refused: it would be too long for a key of the state. */
const PATTERN = /^([A-Za-z0-9+_@$&?^~.=*-]{1,512})\/([A-Za-z0-9+_@$&?^~.=*-]{1,512})$/;
const NAME = /^[A-Za-z0-9+_@$&?^~.=-]+$/;
const ONLY_WILDCARDS = /^\*+$/;

export interface Pattern {
  /** As written, e.g. `team-*` + `/` + `*`. */
  readonly text: string;
  readonly namespace: string;
  readonly environment: string;
}

/** What a permission is asked for: everything, one namespace, or one environment. */
export type Target =
  | { readonly kind: "global" }
  | { readonly kind: "namespace"; readonly namespace: string }
  | { readonly kind: "environment"; readonly namespace: string; readonly environment: string };

export const GLOBAL: Target = { kind: "global" };
export const ofNamespace = (namespace: string): Target => ({ kind: "namespace", namespace });
export const ofEnvironment = (namespace: string, environment: string): Target => ({
  kind: "environment",
  namespace,
  environment,
});

/** @returns null when the text is not `namespace-pattern/environment-pattern`. */
export function parsePattern(text: string): Pattern | null {
  const [, namespace, environment] = PATTERN.exec(text) ?? [];
  if (namespace === undefined || environment === undefined) return null;
  return { text, namespace, environment };
}

/** Whether a half of a pattern stands for every name. */
export const isWildcard = (half: string): boolean => ONLY_WILDCARDS.test(half);

/**
 * Whether a binding on `pattern` speaks about `target`. A namespace is only covered by a pattern for all of its
 * environments, and the whole store only by one for everything: who may work on one environment must not
 * delete its namespace.
 */
export function matches(pattern: Pattern, target: Target): boolean {
  if (target.kind === "global") return isWildcard(pattern.namespace) && isWildcard(pattern.environment);
  if (!matchesName(pattern.namespace, target.namespace)) return false;
  if (target.kind === "namespace") return isWildcard(pattern.environment);
  return matchesName(pattern.environment, target.environment);
}

/** Names outside the grammar are nobody's: no pattern matches them. */
export const isName = (name: string): boolean => NAME.test(name);

/** Whether one half of a pattern matches a name. */
const matchesName = (half: string, name: string): boolean => isName(name) && glob(half, name);

/** Whether everything that `inner` can match is matched by `outer`. */
export const contains = (outer: Pattern, inner: Pattern): boolean =>
  glob(outer.namespace, inner.namespace) && glob(outer.environment, inner.environment);

/** Whether `*` of the pattern, and every other character for itself, make the text. */
export const matchesText = (pattern: string, text: string): boolean => glob(pattern, text);

/**
 * Greedy wildcard match with one point to return to: at most |half| × |text| steps whatever the pattern, where a
 * regular expression made from a stranger's pattern could take for ever.
 */
export function glob(half: string, text: string): boolean {
  let at = 0;
  let read = 0;
  let star = -1;
  let retry = 0;
  while (read < text.length) {
    if (half[at] === "*") {
      star = at++;
      retry = read;
    } else if (at < half.length && half[at] === text[read]) {
      at++;
      read++;
    } else if (star >= 0) {
      at = star + 1;
      read = ++retry;
    } else return false;
  }
  while (half[at] === "*") at++;
  return at === half.length;
}
