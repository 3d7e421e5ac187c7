/**
 * One package file as a channel's index describes it: what is read of it, and when it is left out.
 * @module
 */

/** What the index of names needs of a record; everything else goes to builds as it came. */
export interface PackageRecord {
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly license: string | null;
}

/** As engines take them: nothing that leads out of a folder, and no empty name. */
const FILE_NAME = /^[\w+!-][\w.+!-]*\.(?:conda|tar\.bz2)$/;
const NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/;
const WORD = /^[\w.+!~*-]{1,200}$/;
const SUBDIR = /^(?:noarch|[a-z0-9]+-[a-z0-9_]+)$/;

export const isPackageName = (text: string): boolean => NAME.test(text);
/** A platform's folder of a channel. */
export const isSubdir = (text: string): boolean => SUBDIR.test(text);

/**
 * Checks what engines and we rely on; unknown keys are nobody's business.
 * @param value with hashes as hexadecimal text or as bytes
 * @returns null for a record that must not be used
 */
export function readRecord(fileName: string, value: unknown): PackageRecord | null {
  if (typeof value !== "object" || value === null || !FILE_NAME.test(fileName)) return null;
  const record = value as Readonly<Record<string, unknown>>;
  const { name, version, build, license } = record;
  if (typeof name !== "string" || !NAME.test(name)) return null;
  if (typeof version !== "string" || !WORD.test(version)) return null;
  if (typeof build !== "string" || (build !== "" && !WORD.test(build))) return null;
  if (!isCount(record["build_number"])) return null;
  if (!isTexts(record["depends"] ?? []) || !isTexts(record["constrains"] ?? [])) return null;
  if (record["size"] !== undefined && record["size"] !== null && !isCount(record["size"])) return null;
  if (!isHash(record["sha256"], 32) || !isHash(record["md5"], 16)) return null;
  // Without either nobody could tell whether the file is the one that is meant.
  if ((record["sha256"] ?? record["md5"] ?? null) === null) return null;
  return { name, version, build, license: typeof license === "string" ? license : null };
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;

const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((one) => typeof one === "string");

function isHash(value: unknown, bytes: number): boolean {
  if (value === undefined || value === null) return true;
  if (value instanceof Uint8Array) return value.byteLength === bytes;
  return typeof value === "string" && value.length === bytes * 2 && /^[0-9a-f]+$/.test(value);
}
