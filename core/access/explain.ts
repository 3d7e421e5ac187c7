/**
 * Why somebody may do something: the bindings that decided, each with where it comes from.
 * @module
 */
import { permissionsOf } from "./binding.ts";
import type { Entity, Source } from "./entity.ts";
import { matches, type Target } from "./pattern.ts";
import { type Permission, permissionsOfRole, ROLES, type Role } from "./permission.ts";

/** A binding that covers the target and carries the permission. */
export interface Reason {
  readonly source: Source;
  /** As written. */
  readonly pattern: string;
  /** Those of its roles that carry the permission, weakest first. */
  readonly roles: readonly Role[];
}

/**
 * All bindings that give the permission on the target; each alone would do. None: it is not allowed, as `may` says.
 */
export function explain(entity: Entity, permission: Permission, target: Target): Reason[] {
  return entity.grants.flatMap(({ source, bindings }) =>
    bindings
      .filter((binding) => matches(binding.pattern, target) && permissionsOf(binding).has(permission))
      .map(({ pattern, roles }) => ({
        source,
        pattern: pattern.text,
        roles: rolesWith(permission).filter((role) => roles.has(role)),
      })),
  );
}

/** Roles that carry a permission, weakest first. */
export const rolesWith = (permission: Permission): Role[] =>
  ROLES.filter((role) => permissionsOfRole(role).has(permission));
