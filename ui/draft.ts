/**
 * What the user is typing, kept in the tab until it is sent: a login that ends or a reload does not lose it.
 * @module
 */

export interface Draft {
  readonly namespace: string;
  readonly text: string;
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
    const { namespace, text } = JSON.parse(sessionStorage.getItem(`${KEY}:${of}`) ?? "null") ?? {};
    return typeof namespace === "string" && typeof text === "string" ? { namespace, text } : kept;
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
