/**
 * Who is logged in and what they may do, as the server says.
 * @module
 */
import { signal } from "@preact/signals";
import { matches, ofEnvironment, ofNamespace, parsePattern, type Target } from "#core/access/pattern.ts";
import type { Permission } from "#core/access/permission.ts";
import type { Outcome, Refusal } from "#core/contract/client.ts";
import type { Reply } from "#core/contract/route.ts";
import { getPermission } from "#core/contract/status.ts";
import { api } from "./api.ts";
import { goTo, loginFromHere, place } from "./router.ts";

type Session = Reply<typeof getPermission>["data"];

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
  session.value = outcome.value.data;
  if (outcome.value.data.authenticated) hasEnded.value = false;
}

/** Whether the user may: what is offered follows from it; the server decides. */
export function can(permission: Permission, target: Target): boolean {
  return Object.entries(session.value?.entity_permissions ?? {}).some(([text, permissions]) => {
    const pattern = parsePattern(text);
    return pattern !== null && permissions.includes(permission) && matches(pattern, target);
  });
}

/** For an environment, or without its name for a namespace. */
export const canIn = (permission: Permission, namespace: string, environment?: string): boolean =>
  can(permission, environment === undefined ? ofNamespace(namespace) : ofEnvironment(namespace, environment));

/** Who the server sees, if that is nobody and it therefore refused; null for every other refusal. */
async function nobodySeen({ status }: Refusal): Promise<Session | null> {
  // Of what nobody may ask for as well, 400 says that nobody cannot have this.
  const mayMean =
    status === 401 || status === 403 || (status === 400 && session.value?.authenticated === true);
  if (!mayMean) return null;
  const outcome = await api(getPermission);
  return outcome.ok && !outcome.value.data.authenticated ? outcome.value.data : null;
}

/**
 * Tells a login that has ended from a missing right. What is offered stays as it was: a dialog that is no longer offered
 * would take with it what was typed into it.
 */
export const loginHasEnded = async (refusal: Refusal): Promise<boolean> =>
  (await nobodySeen(refusal)) !== null;

/**
 * Leads to the login page if the login has ended; what was typed is in the draft.
 * @returns true if the user was led away.
 */
export async function ledToLogin<T>(outcome: Outcome<T>): Promise<boolean> {
  const nobody = outcome.ok ? null : await nobodySeen(outcome);
  if (nobody === null) return false;
  hasEnded.value = session.value?.authenticated === true;
  session.value = nobody;
  if (place.value.page !== "login") goTo(loginFromHere(), { replace: true });
  return true;
}
