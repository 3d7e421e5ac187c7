/**
 * What somebody asks about packages: a name, and a constraint on its version if they like: `openssl`, `numpy<1.26`,
 * `python =3.11`.
 * @module
 */
import { AppError } from "../errors.ts";
import { checkVersionSpec, VersionSpecError } from "../specification/version-spec.ts";
import { compareVersions, continuesVersion } from "./version-order.ts";

export interface PackageQuery {
  readonly name: string;
  readonly matches: (version: string) => boolean;
}

/** Names as channels and indexes have them; what is longer is in no list. */
export const PACKAGE_NAME_MAX = 128;
const CONSTRAINT_MAX = 256;
const SHAPE = /^([^\s<>=!~]+)\s*([<>=!~].*)?$/s;

const any = (): boolean => true;
const nothing = (): boolean => false;

/** Questions of one request: each costs a read of its package's rows. */
const QUERIES_MAX = 50;

/** @throws AppError invalid_request when there are too many, or one has a constraint that is none */
export function parsePackageQueries(texts: readonly string[]): PackageQuery[] {
  const unique = [...new Set(texts)];
  if (unique.length > QUERIES_MAX) {
    throw new AppError(
      "invalid_request",
      `packages: ${unique.length} of them, ${QUERIES_MAX} are the most. Ask in parts.`,
    );
  }
  return unique.map(parsePackageQuery);
}

/**
 * Reads one question. A name that no package can have is a question that nothing answers, as it always was.
 * @throws AppError invalid_request naming what is wrong with the constraint
 */
export function parsePackageQuery(text: string): PackageQuery {
  const [, name = "", constraint = ""] = SHAPE.exec(text.trim()) ?? [];
  if (name === "" || name.length > PACKAGE_NAME_MAX) return { name: "", matches: nothing };
  return { name, matches: parseConstraint(constraint, `packages: "${name}" with a constraint that`) };
}

/**
 * Reads a constraint on versions; a bare version is that version, and nothing is any.
 * @param what begins the sentence that says what is wrong with it
 * @throws AppError invalid_request
 */
export function parseConstraint(constraint: string, what: string): (version: string) => boolean {
  const spec = constraint.replace(/\s+/g, "");
  if (spec === "") return any;
  const refuse = (why: string): never => {
    throw new AppError("invalid_request", `${what} ${why}.`);
  };
  if (spec.length > CONSTRAINT_MAX) refuse(`is longer than ${CONSTRAINT_MAX} characters`);
  if (/[()]/.test(spec)) refuse("has parentheses, which are not understood here: ask twice instead");
  try {
    checkVersionSpec(spec);
  } catch (error) {
    if (!(error instanceof VersionSpecError)) throw error;
    refuse(`is not one: ${error.message}`);
  }
  const choices = spec.split("|").map((choice) => choice.split(",").map(termOf));
  return (version) => choices.some((terms) => terms.every((holds) => holds(version)));
}

/** One term, checked before: an operator and a version, a version with `*` at its end, or a bare version. */
function termOf(term: string): (version: string) => boolean {
  const [, operator = "", text = ""] = /^(==|!=|<=|>=|~=|=|<|>)?(.*)$/s.exec(term) ?? [];
  const prefix = text.replace(/\.?\*$/, "");
  if (prefix === "") return operator === "!=" ? nothing : any;
  const begins = (version: string): boolean => continuesVersion(version, prefix);
  const compared = (version: string): number => compareVersions(version, prefix);
  const isStar = prefix !== text;
  switch (operator) {
    case "<":
      return (version) => compared(version) < 0;
    case "<=":
      return (version) => compared(version) <= 0 || (isStar && begins(version));
    case ">":
      return (version) => compared(version) > 0 && !(isStar && begins(version));
    case ">=":
      return (version) => compared(version) >= 0;
    case "!=":
      return (version) => (isStar ? !begins(version) : compared(version) !== 0);
    case "~=": {
      const series = prefix.split(".").slice(0, -1).join(".");
      return (version) => compared(version) >= 0 && (series === "" || continuesVersion(version, series));
    }
    case "=":
      return begins;
    default:
      return isStar ? begins : (version) => compared(version) === 0;
  }
}
