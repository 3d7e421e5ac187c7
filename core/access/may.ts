/**
 * The decision: may this entity do that there? Nothing is allowed that no binding gives, and nothing is remembered
 * between two questions.
 * @module
 */
import { AppError } from "#core/errors.ts";
import { type Bindings, permissionsOf } from "./binding.ts";
import { compiled } from "./compiled.ts";
import type { Entity } from "./entity.ts";
import { contains, GLOBAL, ofEnvironment, ofNamespace, type Target } from "./pattern.ts";
import { PERMISSIONS, type Permission } from "./permission.ts";

/** Whether any binding that covers the target carries the permission. */
export const may = (entity: Entity, permission: Permission, target: Target): boolean =>
  compiled(entity.bindings).may(permission, target);

/** Whether nothing at all is forbidden. */
export const mayEverything = (entity: Entity): boolean =>
  PERMISSIONS.every((permission) => may(entity, permission, GLOBAL));

/** The same whether the target exists or not. In conda-store's own words, which its clients' tests compare. */
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

const READ: Permission = "environment::read";

/** Lists show what may be read: a binding without the read permission shows nothing. */
export function visible({ bindings }: Entity): Visibility {
  const sight = compiled(bindings);
  const readable = bindings.filter((binding) => permissionsOf(binding).has(READ));
  const namespaces = readable.map(({ pattern }) => pattern.namespace);
  const named = namespaces.every((namespace) => !namespace.includes("*"));
  const whole = (name: string): boolean => sight.may(READ, ofNamespace(name));
  const some = (name: string): boolean => sight.touches(READ, name);
  return {
    everything: sight.may(READ, GLOBAL),
    namespaces: named ? [...new Set(namespaces)].sort() : null,
    namespace: some,
    environment: (namespace, environment) => sight.may(READ, ofEnvironment(namespace, environment)),
    coverage: (name) => {
      if (whole(name)) return "all";
      return some(name) ? "some" : "none";
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
