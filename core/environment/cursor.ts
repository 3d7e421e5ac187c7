/**
 * The cursor of the environment list: conda-store's base64 of compact JSON.
 * @module
 */
import * as v from "valibot";

/** Where a page ended: the last row's values of the sort keys, and its id. */
export interface EnvironmentCursor {
  readonly id: number;
  readonly values: readonly string[];
}

const Cursor = v.object({
  last_id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  last_value: v.nullable(v.record(v.string(), v.string())),
});

export function writeCursor({ id, values }: EnvironmentCursor, sortBy: readonly string[]): string {
  const last = sortBy.length === 0 ? null : Object.fromEntries(sortBy.map((key, i) => [key, values[i]]));
  return Buffer.from(JSON.stringify({ last_id: id, last_value: last })).toString("base64");
}

/** @returns null for what is no cursor, or one of a list that was sorted otherwise */
export function readCursor(text: string, sortBy: readonly string[]): EnvironmentCursor | null {
  // A plus sign that a client did not escape arrives as a space.
  const json = Buffer.from(text.replaceAll(" ", "+"), "base64").toString("utf8");
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return null;
  }
  const result = v.safeParse(Cursor, value);
  if (!result.success) return null;
  const { last_id: id, last_value: last } = result.output;
  const keys = Object.keys(last ?? {});
  if (keys.length !== sortBy.length || !sortBy.every((key) => keys.includes(key))) return null;
  return { id, values: sortBy.map((key) => last?.[key] ?? "") };
}
