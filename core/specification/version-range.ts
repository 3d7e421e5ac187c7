/**
 * As much of version constraints as it takes to see that two cannot both hold. Whatever is not plain numbers counts as
 * no bound, so that nothing is called a contradiction that a solver might resolve.
 * @module
 */

export interface Bound {
  readonly version: readonly number[];
  /** The version itself is outside. */
  readonly isStrict: boolean;
}

export interface VersionRange {
  readonly lower: Bound | null;
  readonly upper: Bound | null;
}

const ANY: VersionRange = { lower: null, upper: null };

function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** The first version after all that begin like this: 3.11 → 3.12. */
const after = (version: readonly number[]): number[] => [...version.slice(0, -1), (version.at(-1) ?? 0) + 1];

/** One of the terms that commas join. */
function termRange(term: string): VersionRange {
  const [, operator = "", text = "", star = ""] =
    /^(==|>=|<=|~=|=|>|<|)(\d{1,9}(?:\.\d{1,9}){0,9})(\.?\*)?$/.exec(term) ?? [];
  if (text === "") return ANY;
  const version = text.split(".").map(Number);
  const at = (isStrict: boolean): Bound => ({ version, isStrict });
  const before = (end: number[]): Bound => ({ version: end, isStrict: true });
  if (operator === ">=" || operator === ">")
    return { lower: at(operator === ">" && star === ""), upper: null };
  if (operator === "<=") return { lower: null, upper: star === "" ? at(false) : before(after(version)) };
  if (operator === "<") return { lower: null, upper: at(true) };
  if (operator === "~=") return { lower: at(false), upper: before(after(version.slice(0, -1))) };
  if (operator === "==" && star === "") return { lower: at(false), upper: at(false) };
  return { lower: at(false), upper: before(after(version)) };
}

/**
 * Says whether a bound leaves less than another.
 * @param sign 1 for lower bounds, -1 for upper ones.
 */
export function isTighter(bound: Bound | null, than: Bound | null, sign: 1 | -1): boolean {
  if (bound === null || than === null) return bound !== null;
  const difference = sign * compareVersions(bound.version, than.version);
  return difference > 0 || (difference === 0 && bound.isStrict && !than.isStrict);
}

const tighter = (a: Bound | null, b: Bound | null, sign: 1 | -1): Bound | null =>
  isTighter(b, a, sign) ? b : a;

/**
 * The range that a constraint of conda or pip leaves at most.
 * @param constraint without spaces, e.g. `>=1.2,<2`, `=3.11`, `==1.0`, `1.2.*`; empty for none.
 */
export function versionRange(constraint: string): VersionRange {
  if (/[|()]/.test(constraint)) return ANY;
  return constraint
    .split(",")
    .map(termRange)
    .reduce((a, b) => ({ lower: tighter(a.lower, b.lower, 1), upper: tighter(a.upper, b.upper, -1) }), ANY);
}

/** No version lies in both. */
export function areApart(a: VersionRange, b: VersionRange): boolean {
  const lower = tighter(a.lower, b.lower, 1);
  const upper = tighter(a.upper, b.upper, -1);
  if (lower === null || upper === null) return false;
  const difference = compareVersions(lower.version, upper.version);
  return difference > 0 || (difference === 0 && (lower.isStrict || upper.isStrict));
}
