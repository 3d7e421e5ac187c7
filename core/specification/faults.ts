/**
 * The faults of a specification, in conda-store's words: one line each, `<text> (type=<type>, loc=<tuple>)`.
 * @module
 */
import { AppError } from "#core/errors.ts";
import { redact } from "#core/redact.ts";

export type Location = readonly (string | number)[];

/** More lines than this help nobody. */
const FAULTS_MAX = 20;

/** A location as Python prints a tuple: `()`, `('name',)`, `('dependencies', 0)`. */
function pythonTuple(location: Location): string {
  const items = location.map((part) => (typeof part === "number" ? String(part) : pythonString(part)));
  return items.length === 1 ? `(${items[0]},)` : `(${items.join(", ")})`;
}

/** A text as Python's `repr` prints it, shortened, without line breaks or secrets. */
export function pythonString(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = excerpt(text).replaceAll("\\", "\\\\");
  return `${quote}${quote === "'" ? body.replaceAll("'", "\\'") : body}${quote}`;
}

/** A user's text for a message: on one line, at most 100 characters, without secrets. */
export function excerpt(text: string): string {
  const line = redact(text).replace(/[\p{Cc}\p{Cs}\u2028\u2029]/gu, "?");
  return line.length > 100 ? `${line.slice(0, 97)}...` : line;
}

/** Collects faults, so that a user sees all of them at once. */
export class Faults {
  readonly #lines: string[] = [];

  add(text: string, type: string, location: Location): void {
    this.#lines.push(`${text} (type=${type}, loc=${pythonTuple(location)})`);
  }

  /** @throws AppError `invalid_specification` (400) with a line for each fault, if there is one. */
  throwIfAny(): void {
    if (this.#lines.length === 0) return;
    const more = this.#lines.length - FAULTS_MAX;
    const shown = this.#lines.slice(0, FAULTS_MAX);
    if (more > 0) shown.push(`and ${more} more`);
    throw new AppError("invalid_specification", shown.join("\n"));
  }
}
