/**
 * Python requirements as PEP 508 and PEP 440 define them.
 * @module
 */

export interface Requirement {
  readonly name: string;
  readonly extras: readonly string[];
  /** Version constraints as written, e.g. `>=2,<3`; empty when there are none. */
  readonly specifiers: string;
  /** Address of `name @ address`, or null. */
  readonly url: string | null;
  /** Environment marker as written, or null. */
  readonly marker: string | null;
}

/** A text that is no requirement; `message` says why. */
export class RequirementError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "RequirementError";
  }
}

const LENGTH_MAX = 2000;

const VERSION =
  /^v?(?:[0-9]+!)?[0-9]+(?:\.[0-9]+)*(?:[-_.]?(?:a|b|c|rc|alpha|beta|pre|preview)[-_.]?[0-9]*)?(?:-[0-9]+|[-_.]?(?:post|rev|r)[-_.]?[0-9]*)?(?:[-_.]?dev[-_.]?[0-9]*)?(?:\+[a-z0-9]+(?:[-_.][a-z0-9]+)*)?$/i;

const MARKER_NAMES = new Set([
  ..."python_version python_full_version os_name sys_platform platform_release platform_system".split(" "),
  ..."platform_version platform_machine platform_python_implementation implementation_name".split(" "),
  ..."implementation_version extra os.name sys.platform platform.version platform.machine".split(" "),
  ..."platform.python_implementation python_implementation".split(" "),
]);

function fail(message: string): never {
  throw new RequirementError(message);
}

function checkSpecifier(text: string): void {
  const [, operator = "", version = ""] = /^(===|==|~=|!=|<=|>=|<|>)\s*(\S+)$/.exec(text) ?? [];
  if (operator === "") fail(`"${text}" is not a version constraint such as >=1.2`);
  if (operator === "===") return;
  const wildcard = version.endsWith(".*") && (operator === "==" || operator === "!=");
  const plain = wildcard ? version.slice(0, -2) : version;
  if (!VERSION.test(plain)) fail(`"${version}" is not a version`);
  if (wildcard && /\+|dev/i.test(plain)) fail(`"${version}": ".*" follows release numbers only`);
  if (plain.includes("+") && operator !== "==" && operator !== "!=")
    fail(`"${text}": a local version (+…) goes with == and != only`);
  if (operator === "~=" && !/^v?(?:[0-9]+!)?[0-9]+\.[0-9]/i.test(plain))
    fail(`"${text}": "~=" needs at least two numbers`);
}

/** One pass over the tokens: comparisons joined by `and` and `or`, parentheses allowed. */
function checkMarker(text: string): void {
  const tokens = text.match(/"[^"]*"|'[^']*'|[()]|===|==|~=|!=|<=|>=|<|>|[A-Za-z_.]+|\S/g) ?? [];
  let position = 0;
  const value = (): void => {
    const token = tokens[position++] ?? "";
    if (!/^["'].*["']$/s.test(token) && !MARKER_NAMES.has(token))
      fail(`the marker has "${token}" where a name such as python_version or a quoted text is due`);
  };
  const comparison = (): void => {
    value();
    const operator = tokens[position++] ?? "";
    const isNotIn = operator === "not" && tokens[position++] === "in";
    if (!isNotIn && !/^(?:===|==|~=|!=|<=|>=|<|>|in)$/.test(operator)) fail("the marker has no comparison");
    value();
  };
  const expression = (depth: number): void => {
    if (depth > 20) fail("the marker has too many parentheses");
    for (;;) {
      if (tokens[position] === "(") {
        position += 1;
        expression(depth + 1);
        if (tokens[position++] !== ")") fail('the marker lacks a ")"');
      } else comparison();
      if (tokens[position] !== "and" && tokens[position] !== "or") return;
      position += 1;
    }
  };
  expression(0);
  if (position < tokens.length) fail(`the marker has "${tokens[position]}" after its end`);
}

/**
 * Parses `name`, `name[extra]>=1,<2; marker` or `name @ https://… ; marker`.
 * @throws RequirementError that says what is wrong.
 */
export function parseRequirement(text: string): Requirement {
  if (text.length > LENGTH_MAX) fail(`it is longer than ${LENGTH_MAX} characters`);
  const head = /^\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[([^\]]*)\])?\s*/.exec(text);
  if (head === null) return fail("it does not begin with the name of a package");
  const [whole, name = "", extrasText] = head;
  const extras = (extrasText ?? "").split(",").map((extra) => extra.trim());
  if (extrasText !== undefined && extrasText.trim() !== "")
    for (const extra of extras)
      if (!/^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$/.test(extra)) fail(`"${extra}" is not an extra`);

  const rest = text.slice(whole.length);
  let constraint: string;
  let marker: string | null;
  let url: string | null = null;
  if (rest.startsWith("@")) {
    const parts = /^@\s*(\S+)(?:\s+;(.*)|\s*)$/s.exec(rest);
    if (parts === null) return fail("an address and nothing else, or a space and a ; stand after the @");
    url = parts[1] ?? "";
    marker = parts[2] ?? null;
    constraint = "";
  } else {
    const at = rest.indexOf(";");
    constraint = (at === -1 ? rest : rest.slice(0, at)).trim();
    marker = at === -1 ? null : rest.slice(at + 1);
  }
  const inner = /^\((.*)\)$/s.exec(constraint)?.[1]?.trim() ?? constraint;
  const specifiers = inner === "" ? [] : inner.replace(/,\s*$/, "").split(",");
  for (const specifier of specifiers) checkSpecifier(specifier.trim());
  if (marker !== null) checkMarker(marker);
  return {
    name,
    extras: extras.filter((extra) => extra !== ""),
    specifiers: specifiers.map((specifier) => specifier.replace(/\s/g, "")).join(","),
    url,
    marker: marker?.trim() ?? null,
  };
}

/** A project's name as indexes compare it: lower case, runs of `-`, `_` and `.` as one `-`. */
export const normaliseProjectName = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");
