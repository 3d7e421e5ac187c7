/**
 * The decision: may this entity do that there? Nothing is allowed that no binding gives, and nothing is remembered
 * between two questions.
 * @module
 */
import { AppError } from "#core/errors.ts";
import { type Bindings, permissionsOf } from "./binding.ts";
import type { Entity } from "./entity.ts";
import { contains, isWildcard, matches, matchesName, type Target } from "./pattern.ts";
import { type Permission, permissionsOfRole } from "./permission.ts";

/** Whether any binding that covers the target carries the permission. */
export function may(entity: Entity, permission: Permission, target: Target): boolean {
  return entity.bindings.some(
    ({ pattern, roles }) =>
      matches(pattern, target) && [...roles].some((role) => permissionsOfRole(role).has(permission)),
  );
}

/** @throws AppError `permission_denied`, the same whether the target exists or not. */
export function mustBeAllowed(entity: Entity, permission: Permission, target: Target): void {
  if (!may(entity, permission, target)) throw notAuthorized();
}

/** conda-store's own sentence, which its clients' tests compare. */
export const notAuthorized = (): AppError => new AppError("permission_denied", "request not authorized");

/** What an entity may see in lists. */
export interface Visibility {
  /** Every environment of every namespace. */
  readonly everything: boolean;
  /** Names of all namespaces that can hold something visible; null when only a pattern says so. */
  readonly namespaces: readonly string[] | null;
  /** A namespace shows as soon as one of its environments may be read. */
  namespace(namespace: string): boolean;
  environment(namespace: string, environment: string): boolean;
  /** How much of a namespace shows, so that lists need not look at each environment. */
  coverage(namespace: string): "all" | "some" | "none";
}

/** Lists show what may be read: a binding without the read permission shows nothing. */
export function visible(entity: Entity): Visibility {
  const readable = entity.bindings.filter((binding) => permissionsOf(binding).has("environment::read"));
  const patterns = readable.map(({ pattern }) => pattern);
  const named = patterns.every(({ namespace }) => !namespace.includes("*"));
  return {
    everything: patterns.some((pattern) => isWildcard(pattern.namespace) && isWildcard(pattern.environment)),
    namespaces: named ? [...new Set(patterns.map(({ namespace }) => namespace))].sort() : null,
    namespace: (name) => patterns.some((pattern) => matchesName(pattern.namespace, name)),
    environment: (namespace, environment) =>
      patterns.some((pattern) => matches(pattern, { kind: "environment", namespace, environment })),
    coverage: (name) => {
      if (patterns.some((pattern) => matches(pattern, { kind: "namespace", namespace: name }))) return "all";
      return patterns.some((pattern) => matchesName(pattern.namespace, name)) ? "some" : "none";
    },
  };
}

/** What both see. */
export const both = (a: Visibility, b: Visibility): Visibility => ({
  everything: a.everything && b.everything,
  namespaces:
    a.namespaces && b.namespaces
      ? a.namespaces.filter((name) => b.namespace(name))
      : (a.namespaces ?? b.namespaces),
  namespace: (name) => a.namespace(name) && b.namespace(name),
  environment: (namespace, environment) =>
    a.environment(namespace, environment) && b.environment(namespace, environment),
  coverage: (name) => {
    const parts = [a.coverage(name), b.coverage(name)];
    if (parts.includes("none")) return "none";
    return parts.includes("some") ? "some" : "all";
  },
});

/**
 * Whether `wanted` gives nothing that `held` does not: each wanted pattern's permissions must be held on patterns
 * that contain it. Several patterns add up in permissions, never in area.
 */
export function isSubset(wanted: Bindings, held: Bindings): boolean {
  return wanted.every((binding) => {
    const covering = held.filter(({ pattern }) => contains(pattern, binding.pattern));
    const allowed = new Set(covering.flatMap((each) => [...permissionsOf(each)]));
    return [...permissionsOf(binding)].every((permission) => allowed.has(permission));
  });
}
