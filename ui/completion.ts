/**
 * What could be completed where the caret stands in an environment.yml.
 * @module
 */

export type Wanted =
  /** Part of a package's name. */
  | { readonly kind: "name"; readonly start: number; readonly end: number; readonly text: string }
  /** Part of a version of a package. */
  | {
      readonly kind: "version";
      readonly start: number;
      readonly end: number;
      readonly text: string;
      readonly name: string;
    };

/** Fewer letters fit to thousands of names. */
const LETTERS_MIN = 2;

/** An item of a list: a dash, perhaps a quote and a channel, a name, perhaps an operator and the beginning of a version. */
const ITEM = /^(\s*-\s+["']?(?:[\w./:-]+::)?)([A-Za-z0-9][\w.-]*)(?:(\s*[=<>!~]=?=?\s*)([\w.*+!-]*))?$/;

/** Whether a line is in the block under `dependencies:`, and not in that of pip. */
function isDependency(lines: readonly string[], at: number): boolean {
  const indentOf = (line: string): number => line.length - line.trimStart().length;
  let indent = indentOf(lines[at] ?? "");
  for (let above = at - 1; above >= 0; above -= 1) {
    const line = lines[above] ?? "";
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const [, dash, key] = /^\s*(-\s+)?([\w-]+):\s*$/.exec(line) ?? [];
    if (key !== undefined && (dash === undefined ? indentOf(line) <= indent : indentOf(line) < indent))
      return dash === undefined && key === "dependencies";
    indent = Math.min(indent, indentOf(line));
  }
  return false;
}

/**
 * @param caret offset in the text
 * @returns null where nothing of a dependency is being typed
 */
export function wantedAt(text: string, caret: number): Wanted | null {
  const before = text.slice(0, caret);
  const lines = before.split("\n");
  const line = lines.at(-1) ?? "";
  const [, , name, operator, version] = ITEM.exec(line) ?? [];
  if (name === undefined || !isDependency(lines, lines.length - 1)) return null;
  // In the middle of a word nothing is completed.
  if (/^[\w.-]/.test(text.slice(caret))) return null;
  if (operator !== undefined) {
    const typed = version ?? "";
    return { kind: "version", start: caret - typed.length, end: caret, text: typed, name };
  }
  if (name.length < LETTERS_MIN) return null;
  return { kind: "name", start: caret - name.length, end: caret, text: name };
}

/** The text with what was wanted put in its place, and where the caret is then. */
export function complete(
  text: string,
  { start, end }: Wanted,
  chosen: string,
): { text: string; caret: number } {
  return { text: `${text.slice(0, start)}${chosen}${text.slice(end)}`, caret: start + chosen.length };
}
