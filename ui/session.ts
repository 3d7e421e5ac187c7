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

/** Tells a login that has ended from a missing right. */
export async function loginHasEnded({ status }: Refusal): Promise<boolean> {
  if (status !== 401 && status !== 403) return false;
  await loadSession();
  return session.value?.authenticated === false;
}

/**
 * Leads to the login page if the login has ended; what was typed is in the draft.
 * @returns true if the user was led away.
 */
export async function ledToLogin<T>(outcome: Outcome<T>): Promise<boolean> {
  const before = session.value;
  if (outcome.ok || !(await loginHasEnded(outcome))) return false;
  hasEnded.value = before?.authenticated === true;
  if (place.value.page !== "login") goTo(loginFromHere(), { replace: true });
  return true;
}
