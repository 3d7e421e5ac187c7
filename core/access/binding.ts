/**
 * Role bindings: which roles hold on which pattern.
 * @module
 */
import { type Pattern, parsePattern } from "./pattern.ts";
import { type Permission, parseRole, permissionsOfRole, type Role } from "./permission.ts";

export interface Binding {
  readonly pattern: Pattern;
  readonly roles: ReadonlySet<Role>;
}
export type Bindings = readonly Binding[];

/** As tokens and settings write them: `{"team/*": ["viewer"]}`. */
export type BindingMap = Readonly<Record<string, readonly string[]>>;

/**
 * Reads one source of bindings. Unknown role names grant nothing.
 * @returns null when a key is not a pattern: such a source cannot be trusted at all.
 */
export function parseBindings(map: BindingMap): Bindings | null {
  const bindings: Binding[] = [];
  for (const [text, names] of Object.entries(map)) {
    const pattern = parsePattern(text);
    if (!pattern) return null;
    bindings.push({ pattern, roles: new Set(names.map(parseRole).filter((role) => role !== null)) });
  }
  return bindings;
}

/** Joins sources: roles on the same pattern unite, so that no source can take away what another gave. */
export function uniteBindings(...sources: readonly Bindings[]): Bindings {
  const united = new Map<string, { pattern: Pattern; roles: Set<Role> }>();
  for (const { pattern, roles } of sources.flat()) {
    const entry = united.get(pattern.text) ?? { pattern, roles: new Set<Role>() };
    for (const role of roles) entry.roles.add(role);
    united.set(pattern.text, entry);
  }
  return [...united.values()];
}

/** All permissions of a binding's roles. */
export function permissionsOf(binding: Binding): Set<Permission> {
  const permissions = new Set<Permission>();
  for (const role of binding.roles)
    for (const permission of permissionsOfRole(role)) permissions.add(permission);
  return permissions;
}

/** `{"team/*": ["viewer"]}`, roles in alphabetical order. */
export const rolesByPattern = (bindings: Bindings): Record<string, Role[]> =>
  Object.fromEntries(bindings.map(({ pattern, roles }) => [pattern.text, [...roles].sort()]));

/** Permissions of each binding by itself, sorted: what clients decide their buttons by. */
export const permissionsByPattern = (bindings: Bindings): Record<string, Permission[]> =>
  Object.fromEntries(bindings.map((binding) => [binding.pattern.text, [...permissionsOf(binding)].sort()]));
