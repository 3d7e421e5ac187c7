/**
 * Which line of a text the server's refusal speaks of.
 * @module
 */

const indentOf = (line: string): number => line.length - line.trimStart().length;
const isBlank = (line: string): boolean => /^\s*(#.*)?$/.test(line);

/** A location as the server prints it: `('dependencies', 0)`. */
function parseLocation(text: string): (string | number)[] {
  return [...text.matchAll(/'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|(\d+)/g)].map(
    ([, single, double, digits]) => (digits === undefined ? (single ?? double ?? "") : Number(digits)),
  );
}

/** The line at which a part begins, between two lines, or null. @param end behind the last */
function findPart(
  lines: readonly string[],
  part: string | number,
  start: number,
  end: number,
): number | null {
  let indent = Number.POSITIVE_INFINITY;
  for (let at = start; at < end; at += 1) {
    const line = lines[at] ?? "";
    if (!isBlank(line)) indent = Math.min(indent, indentOf(line));
  }
  let items = -1;
  for (let at = start; at < end; at += 1) {
    const line = lines[at] ?? "";
    if (isBlank(line) || indentOf(line) !== indent) continue;
    const content = line.trimStart();
    if (typeof part === "number") {
      if (!/^-(\s|$)/.test(content)) continue;
      items += 1;
      if (items === part) return at;
    } else {
      const [, key] = /^(?:-\s+)?["']?([^"':]+)["']?\s*:/.exec(content) ?? [];
      if (key?.trim() === part) return at;
    }
  }
  return null;
}

/** Behind the last line of what begins at a line. */
function endOfPart(lines: readonly string[], start: number, end: number): number {
  const first = lines[start] ?? "";
  const indent = indentOf(first);
  for (let at = start + 1; at < end; at += 1) {
    const line = lines[at] ?? "";
    if (isBlank(line)) continue;
    // Items of a list may stand under their key without being indented.
    const isItemOfKey = indentOf(line) === indent && /^\s*-(\s|$)/.test(line) && !/^\s*-(\s|$)/.test(first);
    if (indentOf(line) <= indent && !isItemOfKey) return at;
  }
  return end;
}

interface Located {
  /** 0 for the first. */
  readonly line: number;
  /** The whole location was found, not only the list that it is in. */
  readonly exact: boolean;
}

function lineOfLocation(text: readonly string[], location: readonly (string | number)[]): Located | null {
  const lines = [...text];
  let found: number | null = null;
  let [start, end] = [0, lines.length];
  for (const part of location) {
    const at = findPart(lines, part, start, end);
    if (at === null) return found === null ? null : { line: found, exact: false };
    found = at;
    end = endOfPart(lines, at, end);
    start = at + 1;
    if (typeof part === "number") {
      // The first key of a mapping stands beside the dash of its item.
      lines[at] = (lines[at] ?? "").replace("-", " ");
      start = at;
    }
  }
  return found === null ? null : { line: found, exact: true };
}

/** What a message quotes from the text. */
const QUOTING =
  /(?:dependency specification|The dependency|The pip entry|The channel) "?(\S.*?)"?(?:,|: | is | names | cannot | \(type=|$)/;

/**
 * @param fault one line of the server's message
 * @returns the line's number, 1 for the first; null when the fault speaks of none
 */
export function lineOfFault(fault: string, text: string): number | null {
  const [, told] = /\bline (\d+), column \d+/.exec(fault) ?? [];
  if (told !== undefined) return Number(told);
  const lines = text.split("\n");
  const [, location = ""] = /\bloc=\((.*)\)\)$/.exec(fault) ?? [];
  const located = lineOfLocation(lines, parseLocation(location));
  if (located?.exact) return located.line + 1;
  const [, quoted] = QUOTING.exec(fault) ?? [];
  const at = quoted === undefined ? -1 : lines.findIndex((line) => line.includes(quoted));
  if (at >= 0) return at + 1;
  return located === null ? null : located.line + 1;
}
