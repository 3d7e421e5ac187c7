/**
 * Giving roles to others: nobody gives what they have not.
 * @module
 */
import { AppError } from "#core/errors.ts";
import { type BindingMap, parseBindings } from "./binding.ts";
import type { Entity } from "./entity.ts";
import { isSubset } from "./may.ts";
import { parsePattern } from "./pattern.ts";
import { parseRole, type Role } from "./permission.ts";

export interface PatternRole {
  readonly entity: string;
  readonly role: Role;
}

/** A role's name as clients write it. @throws AppError `invalid_request` with conda-store's sentence */
export function readRole(name: string): Role {
  const role = parseRole(name);
  if (!role) throw new AppError("invalid_request", `invalid role=${name.slice(0, 60)}`);
  return role;
}

/** Reads a map of patterns, each with roles. @throws AppError `invalid_request` with conda-store's sentences */
export function readPatternRoles(map: BindingMap): PatternRole[] {
  return Object.entries(map).flatMap(([entity, names]) => {
    if (!parsePattern(entity))
      throw new AppError("invalid_request", `invalid entity=${entity.slice(0, 120)}`);
    const roles = names.map((name) => {
      const role = parseRole(name);
      if (!role) throw new AppError("invalid_request", `invalid entity=${name.slice(0, 60)}`);
      return role;
    });
    return [...new Set(roles)].map((role) => ({ entity, role }));
  });
}

/**
 * Without this an admin of one namespace would be an admin of everything by mapping it to themselves.
 * @throws AppError `permission_denied`
 */
export function mustHave(giver: Entity, roles: readonly PatternRole[]): void {
  for (const { entity, role } of roles) {
    const wanted = parseBindings({ [entity]: [role] });
    if (!wanted || !isSubset(wanted, giver.bindings)) {
      throw new AppError(
        "permission_denied",
        `request not authorized: you cannot give ${role} on ${entity}, which you do not have yourself`,
      );
    }
  }
}
