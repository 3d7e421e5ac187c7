/**
 * Permissions and the roles that carry them: conda-store's strings, kept verbatim.
 * @module
 */

/** Mind `environment:create`: one colon, as every client expects it; all others have two. */
export const PERMISSIONS = [
  "environment:create",
  "environment::read",
  "environment::update",
  "environment::delete",
  "environment::solve",
  "build::cancel",
  "build::delete",
  "namespace::create",
  "namespace::read",
  "namespace::update",
  "namespace::delete",
  "namespace-role-mapping::create",
  "namespace-role-mapping::read",
  "namespace-role-mapping::update",
  "namespace-role-mapping::delete",
  "setting::read",
  "setting::update",
] as const;
export type Permission = (typeof PERMISSIONS)[number];

export const ROLES = ["viewer", "developer", "admin"] as const;
export type Role = (typeof ROLES)[number];

const VIEWER: readonly Permission[] = [
  "environment::read",
  "namespace::read",
  "namespace-role-mapping::read",
];
const DEVELOPER: readonly Permission[] = [
  ...VIEWER,
  "environment:create",
  "environment::update",
  "environment::solve",
  "build::cancel",
  "setting::read",
];

const GRANTS: Readonly<Record<Role, ReadonlySet<Permission>>> = {
  viewer: new Set(VIEWER),
  developer: new Set(DEVELOPER),
  admin: new Set(PERMISSIONS),
};

/** What a role allows where it is bound. */
export const permissionsOfRole = (role: Role): ReadonlySet<Permission> => GRANTS[role];

/**
 * Reads a role's name as clients write it: `editor` and `developer` are one role, kept as `developer`.
 * @returns null for a name that is no role.
 */
export function parseRole(name: string): Role | null {
  if (name === "editor") return "developer";
  return (ROLES as readonly string[]).includes(name) ? (name as Role) : null;
}
