/**
 * Version constraints as conda writes them: `>=1.2,<2|3.1.*`, `~=1.4`, `!=1.0`, `1.2*`.
 * @module
 */

/** A constraint that conda would refuse, or that no engine reads the same way. */
export class VersionSpecError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "VersionSpecError";
  }
}

const CONSTRAINT = /^(==|!=|<=|>=|~=|=|<|>)(?![=<>!~])(\S+)$/;

/** A version proper: epoch, dotted parts, local part. */
function checkVersion(text: string): void {
  const fail = (why: string): never => {
    throw new VersionSpecError(`the version "${text}" ${why}`);
  };
  let version = text.toLowerCase();
  if (version.includes("-") && !version.includes("_")) version = version.replaceAll("-", "_");
  if (version === "") fail("is empty");
  if (!/^[.+!_0-9a-z]+$/.test(version)) fail("has a character that no version has");
  const epoch = version.split("!");
  if (epoch.length > 2) fail('has more than one "!"');
  if (epoch.length === 2 && !/^[0-9]+$/.test(epoch[0] ?? "")) fail("has an epoch that is not a number");
  const parts = (epoch.at(-1) ?? "").split("+");
  if (parts.length > 2) fail('has more than one "+"');
  for (const part of parts) {
    const dotted = (part.endsWith("_") ? part.slice(0, -1) : part).replaceAll("_", ".");
    if (dotted.split(".").includes("")) fail("has an empty part");
  }
}

function checkConstraint(text: string): void {
  if (text === "") throw new VersionSpecError('a version is missing beside "," or "|"');
  if (text.startsWith("^") || text.endsWith("$"))
    throw new VersionSpecError(`"${text}" is a regular expression, which is not supported`);
  if (text === "*" || text === "=*" || text === "==*") return;
  const [operator, version] = /^[=<>!~]/.test(text) ? (CONSTRAINT.exec(text)?.slice(1) ?? []) : ["", text];
  if (operator === undefined || version === undefined)
    throw new VersionSpecError(`"${text}" has no valid operator with a version after it`);
  if (operator === "~=" && version.endsWith(".*"))
    throw new VersionSpecError(`"${text}": "~=" does not go with ".*"`);
  const prefix = version.replace(/\.?\*$/, "");
  if (prefix.includes("*"))
    throw new VersionSpecError(`"${text}": "*" may only stand at the end of a version`);
  checkVersion(prefix);
}

/**
 * Checks a version constraint.
 * @param text without spaces.
 * @throws VersionSpecError that says what is wrong.
 */
export function checkVersionSpec(text: string): void {
  const tokens = text.match(/[(),|]|[^(),|]+/g) ?? [];
  let position = 0;
  const expression = (depth: number): void => {
    if (depth > 10) throw new VersionSpecError("too many parentheses");
    for (;;) {
      factor(depth);
      if (tokens[position] !== "," && tokens[position] !== "|") return;
      position += 1;
    }
  };
  const factor = (depth: number): void => {
    const token = tokens[position] ?? "";
    if (token !== "(") {
      checkConstraint(/^[),|]$/.test(token) ? "" : token);
      position += 1;
      return;
    }
    position += 1;
    expression(depth + 1);
    if (tokens[position] !== ")") throw new VersionSpecError('a ")" is missing');
    position += 1;
  };
  expression(0);
  if (position < tokens.length) throw new VersionSpecError(`unexpected "${tokens[position]}"`);
}
