/**
 * Hashes of a specification's document.
 * conda-store's own: sha256 over Python's `json.dumps` of the document with every list sorted. Our second one keeps
 * the order, since the order of channels changes the solve and the first hash does not see it.
 * @module
 */
import { createHash } from "node:crypto";
import type { Sha256 } from "#core/names.ts";

/** A float as Python knows it: `1.0` is not `1`. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A plain `number` is an integer when it has no fraction. */
export type CanonicalValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PythonFloat
  | readonly CanonicalValue[]
  | { readonly [key: string]: CanonicalValue };

/** Order of Python strings: by code point, which UTF-16 order is not beyond U+FFFF. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) return aboveBmp(left) - aboveBmp(right);
  }
  return a.length - b.length;
}

/** Surrogates (D800–DFFF) stand for code points above all others: move them behind E000–FFFF. */
const aboveBmp = (unit: number): number => {
  if (unit >= 0xe000) return unit - 0x800;
  return unit >= 0xd800 ? unit + 0x2000 : unit;
};

/** Python's `repr` of a float: shortest digits, exponent below 1e-4 and from 1e16. */
export function pythonFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  if (Object.is(value, -0)) return "-0.0";
  if (value === 0) return "0.0";
  const [mantissa = "0", power = "0"] = Math.abs(value).toExponential().split("e");
  const digits = mantissa.replace(".", "");
  const exponent = Number(power);
  const sign = value < 0 ? "-" : "";
  if (exponent < -4 || exponent >= 16) {
    const size = String(Math.abs(exponent)).padStart(2, "0");
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : "";
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? "-" : "+"}${size}`;
  }
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${digits}`;
  const padded = digits.padEnd(exponent + 2, "0");
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1)}`;
}

const isList = (value: CanonicalValue): value is readonly CanonicalValue[] => Array.isArray(value);
const isFloat = (value: CanonicalValue): boolean =>
  value instanceof PythonFloat || (typeof value === "number" && !Number.isInteger(value));

/** The scalar as `json.dumps` prints it. */
function dumpScalar(value: null | boolean | number | bigint | string | PythonFloat): string {
  if (value === null) return "null";
  if (typeof value === "boolean") return String(value);
  if (typeof value === "string") return dumpString(value);
  if (value instanceof PythonFloat) return pythonFloat(value.value);
  if (typeof value === "bigint") return String(value);
  if (!Number.isInteger(value)) return pythonFloat(value);
  return Object.is(value, -0) ? "0" : BigInt(value).toString();
}

const SHORT: Readonly<Record<string, string>> = {
  "\b": "\\b",
  "\t": "\\t",
  "\n": "\\n",
  "\f": "\\f",
  "\r": "\\r",
  '"': '\\"',
  "\\": "\\\\",
};

/** ASCII only: everything outside of 0x20–0x7E is escaped, UTF-16 unit by unit. */
function dumpString(text: string): string {
  const escaped = text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to escape
    /["\\\u0000-\u001f\u007f-\uffff]/g,
    (unit) => SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return `"${escaped}"`;
}

/** The key by which conda-store sorts lists: Python's type name, then `str()` for scalars. */
function sortKey(value: CanonicalValue): string {
  if (value === null) return "<class 'NoneType'>-None";
  if (typeof value === "boolean") return `<class 'bool'>-${value ? "True" : "False"}`;
  if (typeof value === "string") return `<class 'str'>-${value}`;
  if (isList(value)) return "<class 'list'>";
  if (isFloat(value)) {
    const text = dumpScalar(value as number | PythonFloat);
    const inWords = { NaN: "nan", Infinity: "inf", "-Infinity": "-inf" }[text] ?? text;
    return `<class 'float'>-${inWords}`;
  }
  if (typeof value === "number" || typeof value === "bigint") return `<class 'int'>-${dumpScalar(value)}`;
  return "<class 'dict'>";
}

/**
 * Python's `json.dumps(value)` with sorted keys.
 * @param sortLists sort lists as conda-store does before it hashes; else their order is kept.
 */
export function canonicalJson(value: CanonicalValue, sortLists: boolean): string {
  if (value === null || typeof value !== "object" || value instanceof PythonFloat) return dumpScalar(value);
  if (isList(value)) {
    const items = value.map((item) => ({ item, key: sortLists ? sortKey(item) : "" }));
    if (sortLists) items.sort((a, b) => compareCodePoints(a.key, b.key));
    return `[${items.map(({ item }) => canonicalJson(item, sortLists)).join(", ")}]`;
  }
  const entries = Object.entries(value).sort(([a], [b]) => compareCodePoints(a, b));
  return `{${entries.map(([key, item]) => `${dumpString(key)}: ${canonicalJson(item, sortLists)}`).join(", ")}}`;
}

const sha256 = (text: string): Sha256 => createHash("sha256").update(text).digest("hex") as Sha256;

/** conda-store's hash of a normalised document: equal for documents that differ in the order of lists only. */
export const specificationSha256 = (document: CanonicalValue): Sha256 =>
  sha256(canonicalJson(document, true));

/** Hash of the document with the order of its lists kept: what the stored text is addressed by. */
export const documentSha256 = (document: CanonicalValue): Sha256 => sha256(canonicalJson(document, false));
