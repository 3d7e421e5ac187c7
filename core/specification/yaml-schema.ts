/**
 * YAML 1.1 as PyYAML's safe loader reads it: where js-yaml's YAML 1.1 differs, its tags are replaced.
 * Integers are exact, floats stay floats (`1.0` is not `1`), keys keep their type.
 * @module
 */
import { defineMappingTag, defineScalarTag, NOT_RESOLVED, type Schema, YAML11_SCHEMA } from "js-yaml";
import { PythonFloat } from "./canonical.ts";

/** A date or a time, which no field of a specification takes; kept as written to be named in messages. */
export class YamlTimestamp {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

const TRUE = new Set(["yes", "true", "on"]);
const FALSE = new Set(["no", "false", "off"]);

/** `y` and `n` are strings; of the rest only lower case, upper case and a capital first letter are booleans. */
function resolveBoolean(source: string, isExplicit: boolean): boolean | typeof NOT_RESOLVED {
  const word = source.toLowerCase();
  const capital = word.slice(0, 1).toUpperCase() + word.slice(1);
  if (!isExplicit && source !== word && source !== word.toUpperCase() && source !== capital)
    return NOT_RESOLVED;
  if (TRUE.has(word)) return true;
  return FALSE.has(word) ? false : NOT_RESOLVED;
}

const INTEGER =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;

/** Longer numbers are texts that look like numbers: Python itself refuses to read more digits than 4,300. */
const INTEGER_LENGTH_MAX = 300;

function resolveInteger(source: string): number | bigint | typeof NOT_RESOLVED {
  if (!INTEGER.test(source) || source.length > INTEGER_LENGTH_MAX) return NOT_RESOLVED;
  const negative = source.startsWith("-");
  const digits = source.replace(/_/g, "").replace(/^[-+]/, "");
  let value: bigint;
  if (/^0[bx]$/.test(digits) || digits === "") return NOT_RESOLVED;
  if (digits.includes(":")) value = digits.split(":").reduce((sum, part) => sum * 60n + BigInt(part), 0n);
  else if (/^0[bx]/.test(digits)) value = BigInt(digits);
  else if (digits.length > 1 && digits.startsWith("0")) value = BigInt(`0o${digits.slice(1)}`);
  else value = BigInt(digits);
  if (negative) value = -value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

function resolveFloat(source: string): PythonFloat | typeof NOT_RESOLVED {
  if (!FLOAT.test(source)) return NOT_RESOLVED;
  const sign = source.startsWith("-") ? -1 : 1;
  const text = source.toLowerCase().replace(/_/g, "").replace(/^[-+]/, "");
  if (text === ".inf") return new PythonFloat(sign * Number.POSITIVE_INFINITY);
  if (text === ".nan") return new PythonFloat(Number.NaN);
  return new PythonFloat(sign * text.split(":").reduce((sum, part) => sum * 60 + Number.parseFloat(part), 0));
}

const TIMESTAMP =
  /^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$/;

const SIGNED_DIGITS = ["-", "+", ..."0123456789"];
const TAG = "tag:yaml.org,2002:";

/** A key that Python could not hash (a list, a mapping) is an error; `1` and `"1"` are two keys. */
const mapTag = defineMappingTag<Map<unknown, unknown>>(`${TAG}map`, {
  create: () => new Map(),
  addPair: (map, key, value) => {
    if (typeof key === "object" && key !== null && !(key instanceof YamlTimestamp))
      if (!(key instanceof PythonFloat)) return "a list or a mapping cannot be a key";
    map.set(key instanceof PythonFloat ? key.value : key, value);
    return "";
  },
  has: (map, key) => map.has(key instanceof PythonFloat ? key.value : key),
  keys: (map) => map.keys(),
  get: (map, key) => map.get(key),
  identify: () => false,
});

export const PYYAML_SCHEMA: Schema = YAML11_SCHEMA.withTags(
  defineScalarTag(`${TAG}bool`, {
    implicit: true,
    implicitFirstChars: [..."yYnNtTfFoO"],
    resolve: resolveBoolean,
    identify: () => false,
  }),
  defineScalarTag(`${TAG}int`, {
    implicit: true,
    implicitFirstChars: SIGNED_DIGITS,
    resolve: resolveInteger,
    identify: () => false,
  }),
  defineScalarTag(`${TAG}float`, {
    implicit: true,
    implicitFirstChars: [...SIGNED_DIGITS, "."],
    resolve: resolveFloat,
    identify: () => false,
  }),
  defineScalarTag(`${TAG}timestamp`, {
    implicit: true,
    implicitFirstChars: [..."0123456789"],
    resolve: (source) => (TIMESTAMP.test(source) ? new YamlTimestamp(source) : NOT_RESOLVED),
    identify: () => false,
  }),
  mapTag,
);
