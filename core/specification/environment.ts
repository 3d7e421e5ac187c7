/**
 * An environment specification: from the values of its YAML to the normalised document that is stored and hashed.
 * The rules and the words are those of conda-store's pydantic model, with one line where its unions give two.
 * Not a valibot schema: YAML's values (typed keys, floats that are not integers, sets) and pydantic's coercions have
 * no counterpart there.
 * @module
 */
import { type CanonicalValue, PythonFloat } from "./canonical.ts";
import { excerpt, Faults, type Location } from "./faults.ts";
import { MatchSpecError, parseMatchSpec } from "./match-spec.ts";
import { PipEntryError, parsePipEntry } from "./pip-entry.ts";
import { readTests, type SpecificationTests } from "./tests.ts";
import type { YamlValue } from "./yaml.ts";

export interface PipSection {
  readonly pip: readonly string[];
}

/** Exactly these keys, in this order; what else a specification holds is dropped. */
export interface EnvironmentDocument {
  readonly channels: readonly string[];
  readonly dependencies: readonly (string | PipSection)[];
  readonly description: string | null;
  readonly name: string;
  readonly prefix: string | null;
  readonly variables: Readonly<Record<string, string | number>> | null;
  /** Only there when something is to be tested: conda-store has no such key. */
  readonly tests?: SpecificationTests;
}

/** The document as the hashes take it. */
export const asCanonical = (document: EnvironmentDocument): CanonicalValue =>
  ({ ...document }) as unknown as CanonicalValue;

const NAME_PATTERN = /^[A-Za-z0-9+_@$&?^~.=-]+$/;
/** The pattern as conda-store prints it. */
const NAME_PATTERN_SHOWN = "^[A-Za-z0-9-+_@$&?^~.=]+$";

const decoder = new TextDecoder("utf-8", { fatal: true });

/** A string, or UTF-8 bytes of YAML's `!!binary`; else null. */
function asText(value: YamlValue): string | null {
  if (typeof value === "string") return value.isWellFormed() ? value : null;
  if (!(value instanceof Uint8Array)) return null;
  try {
    return decoder.decode(value);
  } catch {
    return null;
  }
}

function text(value: YamlValue, faults: Faults, location: Location): string {
  const result = asText(value);
  if (result === null) faults.add("Input should be a valid string", "string_type", location);
  return result ?? "";
}

const optionalText = (value: YamlValue, faults: Faults, location: Location): string | null =>
  value === null ? null : text(value, faults, location);

function list(value: YamlValue, faults: Faults, location: Location): readonly YamlValue[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Set) return [...value];
  faults.add("Input should be a valid list", "list_type", location);
  return [];
}

/** Line breaks and other controls would end up in files and command lines. */
function hasControls(value: string, faults: Faults, location: Location): boolean {
  const found = /\p{Cc}/u.test(value);
  if (found) faults.add(`${excerpt(value)} has a control character`, "value_error", location);
  return found;
}

function condaDependency(value: string, faults: Faults, location: Location): string {
  if (hasControls(value, faults, location)) return value;
  try {
    parseMatchSpec(value);
  } catch (error) {
    if (!(error instanceof MatchSpecError)) throw error;
    const head = `Invalid conda package dependency specification ${excerpt(value)}`;
    faults.add(`${head}: ${error.message}`, "value_error", location);
  }
  return value;
}

function pipEntry(value: YamlValue, faults: Faults, location: Location): string {
  const entry = text(value, faults, location);
  if (asText(value) === null || hasControls(entry, faults, location)) return entry;
  try {
    parsePipEntry(entry);
  } catch (error) {
    if (!(error instanceof PipEntryError)) throw error;
    faults.add(error.message, "value_error", location);
  }
  return entry;
}

function dependency(value: YamlValue, faults: Faults, location: Location): string | PipSection {
  if (value instanceof Map) {
    const entries = value.has("pip") ? list(value.get("pip"), faults, [...location, "pip"]) : [];
    return { pip: entries.map((entry, index) => pipEntry(entry, faults, [...location, "pip", index])) };
  }
  const spec = asText(value);
  if (spec !== null) return condaDependency(spec, faults, location);
  faults.add("Input should be a valid string or a mapping with the key pip", "string_type", location);
  return "";
}

function channel(value: YamlValue, faults: Faults, location: Location): string {
  const name = text(value, faults, location);
  hasControls(name, faults, location);
  return name;
}

/** Strings and integers; integral floats and booleans become integers, as pydantic has it. */
function variable(value: YamlValue, faults: Faults, location: Location): string | number {
  const asString = asText(value);
  if (asString !== null) return asString;
  if (typeof value === "boolean") return Number(value);
  const number = value instanceof PythonFloat ? value.value : value;
  if (typeof number === "bigint" || (typeof number === "number" && Number.isInteger(number))) {
    if (Number.isSafeInteger(Number(number))) return Number(number) + 0;
    faults.add("Input should be an integer below 2**53; quote it to have text", "int_parsing_size", location);
    return 0;
  }
  if (typeof number === "number" && Number.isFinite(number))
    faults.add(
      "Input should be a valid integer, got a number with a fractional part; quote it to have text",
      "int_from_float",
      location,
    );
  else faults.add("Input should be a valid string or integer", "string_type", location);
  return 0;
}

function variables(value: YamlValue, faults: Faults): EnvironmentDocument["variables"] {
  if (value === null) return null;
  if (!(value instanceof Map)) {
    faults.add("Input should be a valid dictionary", "dict_type", ["variables"]);
    return null;
  }
  const entries: [string, string | number][] = [];
  for (const [key, item] of value) {
    if (typeof key === "string" && key.isWellFormed())
      entries.push([key, variable(item, faults, ["variables", key])]);
    else faults.add("Input should be a valid string", "string_type", ["variables", String(key), "[key]"]);
  }
  return Object.fromEntries(entries);
}

function environmentName(document: Map<YamlValue, YamlValue>, faults: Faults): string {
  if (!document.has("name")) {
    faults.add("Field required", "missing", ["name"]);
    return "";
  }
  const value = asText(document.get("name"));
  if (value === null) faults.add("Input should be a valid string", "string_type", ["name"]);
  else if (!NAME_PATTERN.test(value))
    faults.add(`String should match pattern '${NAME_PATTERN_SHOWN}'`, "string_pattern_mismatch", ["name"]);
  return value ?? "";
}

/**
 * Checks the values of an `environment.yml` and gives them their normal form.
 * @param value what `parseYaml` read.
 * @throws AppError `invalid_specification` (400) with one line for each fault.
 */
export function normaliseEnvironment(value: YamlValue): EnvironmentDocument {
  const faults = new Faults();
  if (!(value instanceof Map)) {
    const message = "Input should be a valid dictionary or object to extract fields from";
    faults.add(message, "model_attributes_type", []);
    faults.throwIfAny();
    throw new TypeError(message);
  }
  const each = <Item>(key: string, read: (item: YamlValue, faults: Faults, at: Location) => Item): Item[] =>
    value.has(key)
      ? list(value.get(key), faults, [key]).map((item, index) => read(item, faults, [key, index]))
      : [];
  const tests = readTests(value.get("tests"), faults);
  const document: EnvironmentDocument = {
    channels: each("channels", channel),
    dependencies: each("dependencies", dependency),
    description: value.has("description")
      ? optionalText(value.get("description"), faults, ["description"])
      : "",
    name: environmentName(value, faults),
    prefix: optionalText(value.get("prefix") ?? null, faults, ["prefix"]),
    variables: variables(value.get("variables") ?? null, faults),
    ...(tests === null ? {} : { tests }),
  };
  faults.throwIfAny();
  return document;
}
