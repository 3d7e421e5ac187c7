/**
 * What the user is typing, kept in the tab until it is sent: a login that ends or a reload does not lose it.
 * @module
 */

/** What a text is: the words of a specification's POST. */
export const TEXT_FORMATS = ["environment", "lockfile", "pip"] as const;
export type TextFormat = (typeof TEXT_FORMATS)[number];

export interface Draft {
  readonly namespace: string;
  readonly text: string;
  readonly format: TextFormat;
  /** Name of the environment, where the text does not say it. */
  readonly name: string;
}

const KEY = "conda-store-draft";

/** Storage may be full or switched off; then drafts live as long as the page. */
const inMemory = new Map<string, Draft>();

/** @param of what the draft belongs to: each build that is being changed has its own. */
export function keepDraft(of: string, draft: Draft): void {
  inMemory.set(of, draft);
  try {
    sessionStorage.setItem(`${KEY}:${of}`, JSON.stringify(draft));
  } catch {
    // Kept in memory.
  }
}

export function readDraft(of: string): Draft | null {
  const kept = inMemory.get(of) ?? null;
  try {
    const { namespace, text, format, name } =
      JSON.parse(sessionStorage.getItem(`${KEY}:${of}`) ?? "null") ?? {};
    if (typeof namespace !== "string" || typeof text !== "string") return kept;
    return {
      namespace,
      text,
      format: TEXT_FORMATS.find((each) => each === format) ?? "environment",
      name: typeof name === "string" ? name : "",
    };
  } catch {
    return kept;
  }
}

export function dropDraft(of: string): void {
  inMemory.delete(of);
  try {
    sessionStorage.removeItem(`${KEY}:${of}`);
  } catch {
    // There was none.
  }
}

/** What a file holds, by its name and by what is in it. */
export function formatOf(fileName: string, text: string): TextFormat {
  if (/\.txt$/i.test(fileName)) return "pip";
  const isLockfile = /^\s*"?package"?\s*:/m.test(text) && /^\s*"?metadata"?\s*:/m.test(text);
  return isLockfile ? "lockfile" : "environment";
}
