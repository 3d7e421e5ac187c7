/**
 * From the text that was posted to values, within bounds on text, depth and expanded aliases.
 * @module
 */
import { loadAll, YAMLException } from "js-yaml";
import { AppError } from "#core/errors.ts";
import { redact } from "#core/redact.ts";
import { SPECIFICATION_BYTES_MAX } from "./limits.ts";
import { PYYAML_SCHEMA } from "./yaml-schema.ts";

const DEPTH_MAX = 50;
/** Bounds on what is there after aliases are expanded, as shares of the longest text; an honest one has less. */
const VALUES_PER_BYTE = 0.4;
const CHARACTERS_PER_BYTE = 4;

/** What a YAML document holds: null, boolean, number, bigint, string, PythonFloat, YamlTimestamp, Uint8Array, Set, Array, Map. */
export type YamlValue = unknown;

const invalid = (why: string): AppError =>
  new AppError("invalid_specification", `Unable to parse. Invalid YAML: ${redact(why)}`);

/**
 * Reads one YAML document as PyYAML's safe loader would: YAML 1.1 scalars, merge keys, the last of two equal keys wins.
 * @param text the document; an empty one is null.
 * @param bytesMax longest text, in bytes of UTF-8.
 * @throws AppError `invalid_specification` (400): not YAML, too long, too deep, or aliases that explode.
 */
export function parseYaml(text: string, bytesMax: number = SPECIFICATION_BYTES_MAX): YamlValue {
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > bytesMax)
    throw new AppError(
      "invalid_specification",
      `The specification has ${bytes} bytes; the limit is ${bytesMax}`,
    );
  try {
    return load(text, bytesMax);
  } catch (error) {
    const repaired = withQuotedDescription(text);
    if (repaired === null || !(error instanceof YAMLException)) throw asAppError(error);
    try {
      return load(repaired, bytesMax);
    } catch {
      throw asAppError(error);
    }
  }
}

function load(text: string, bytesMax: number): YamlValue {
  const documents = loadAll(text, { schema: PYYAML_SCHEMA, json: true, maxDepth: DEPTH_MAX });
  if (documents.length > 1) throw new YAMLException(`expected one document, found ${documents.length}`);
  const value = documents[0] ?? null;
  checkExpandedSize(value, bytesMax);
  return value;
}

function asAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (!(error instanceof YAMLException))
    return invalid(error instanceof Error ? error.message : "unreadable");
  const where =
    error.mark === undefined ? "" : `line ${error.mark.line + 1}, column ${error.mark.column + 1}: `;
  return invalid(`${where}${error.reason}`);
}

/** Aliases are shared references: a small text may stand for billions of values, or for itself. */
function checkExpandedSize(root: YamlValue, bytesMax: number): void {
  const valuesMax = VALUES_PER_BYTE * bytesMax;
  const charactersMax = CHARACTERS_PER_BYTE * bytesMax;
  let values = 0;
  let characters = 0;
  const visit = (value: YamlValue, depth: number): void => {
    values += 1;
    if (typeof value === "string") characters += value.length;
    if (depth > DEPTH_MAX || values > valuesMax || characters > charactersMax)
      throw invalid("anchors and aliases expand to too much; write the values out");
    if (Array.isArray(value) || value instanceof Set) for (const item of value) visit(item, depth + 1);
    if (value instanceof Map)
      for (const [key, item] of value) {
        visit(key, depth + 1);
        visit(item, depth + 1);
      }
  };
  visit(root, 0);
}

/**
 * conda-store's web page glues its text together: the dumped object, then `description` in bare or single quotes
 * that it does not escape, then `name` and `prefix: null`. An apostrophe or a colon in a description breaks that.
 * @returns the text with that description quoted properly, or null if it does not end like that.
 */
function withQuotedDescription(text: string): string | null {
  const source = text.trimEnd();
  const tail = /\r?\nname:[^\r\n]*\r?\nprefix:[^\r\n]*$/.exec(source);
  if (tail === null) return null;
  const head = source.slice(0, tail.index);
  const start = head.startsWith("description:") ? 0 : head.lastIndexOf("\ndescription:") + 1;
  if (start === 0 && !head.startsWith("description:")) return null;
  const raw = head.slice(start + "description:".length).trim();
  const description = raw.length > 1 && raw.startsWith("'") && raw.endsWith("'") ? raw.slice(1, -1) : raw;
  return `${head.slice(0, start)}description: ${JSON.stringify(description)}${tail[0]}`;
}
