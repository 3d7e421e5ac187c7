/**
 * Keycloak's attribute `scopes` as Nebari writes it: `viewer!namespace=scipy,admin!namespace=pycon`.
 * @module
 */
import * as v from "valibot";
import type { BindingMap } from "#core/access/binding.ts";
import { parseRole, ROLES, type Role } from "#core/access/permission.ts";
import { NewNamespaceName } from "#core/names.ts";

const PART = /^([a-z]+)!namespace=(\S+)$/;

/**
 * A text with any bad part gives nothing at all; of several roles on a namespace the highest counts.
 * @param user whose own namespace is left out
 */
export function bindingsOfScopes(texts: readonly string[], user: string): BindingMap {
  const highest = new Map<string, Role>();
  for (const { namespace, role } of texts.flatMap(parseScopes)) {
    if (namespace === user) continue;
    const other = highest.get(namespace);
    if (other === undefined || ROLES.indexOf(role) > ROLES.indexOf(other)) highest.set(namespace, role);
  }
  return Object.fromEntries([...highest].map(([namespace, role]) => [`${namespace}/*`, [role]]));
}

interface Scope {
  readonly namespace: string;
  readonly role: Role;
}

function parseScopes(text: string): Scope[] {
  const scopes = text.split(",").map((part) => {
    const [, name = "", namespace] = PART.exec(part.trim()) ?? [];
    const role = parseRole(name);
    return role && v.is(NewNamespaceName, namespace) ? { namespace, role } : null;
  });
  const good = scopes.filter((scope) => scope !== null);
  return good.length === scopes.length ? good : [];
}
