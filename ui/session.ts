/**
 * Who is logged in, as the server says.
 * @module
 */
import { signal } from "@preact/signals";
import type { Outcome, Refusal } from "#core/contract/client.ts";
import { getPermission } from "#core/contract/status.ts";
import { api } from "./api.ts";
import { goTo, place } from "./router.ts";

export interface Session {
  readonly authenticated: boolean;
  readonly primaryNamespace: string;
}

/** null until the server has answered. */
export const session = signal<Session | null>(null);
/** The login ended while the page was open. */
export const hasEnded = signal(false);
/** Why the server did not tell who is logged in. */
export const sessionRefusal = signal<Refusal | null>(null);

/** Asks the server who is logged in. */
export async function loadSession(): Promise<void> {
  const outcome = await api(getPermission);
  sessionRefusal.value = outcome.ok ? null : outcome;
  if (!outcome.ok) return;
  const { authenticated, primary_namespace: primaryNamespace } = outcome.value.data;
  session.value = { authenticated, primaryNamespace };
  if (authenticated) hasEnded.value = false;
}

/**
 * Tells a missing right from a login that has ended, and leads to the login page in the second case; what was typed
 * is in the draft.
 * @returns true if the user was led away.
 */
export async function ledToLogin<T>(outcome: Outcome<T>): Promise<boolean> {
  if (outcome.ok || (outcome.status !== 401 && outcome.status !== 403)) return false;
  const before = session.value;
  await loadSession();
  if (session.value?.authenticated !== false) return false;
  hasEnded.value = before?.authenticated === true;
  if (place.value.page !== "login")
    goTo({ page: "login", next: `${location.pathname}${location.search}` }, { replace: true });
  return true;
}
