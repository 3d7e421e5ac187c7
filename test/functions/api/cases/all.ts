/**
 * What every route is asked: at least one case of each kind that applies to it.
 * @module
 */
import { AUDIT_CASES } from "./audit.ts";
import { BUILDS_CASES } from "./builds.ts";
import type { RouteCases } from "./case.ts";
import { DELETION_CASES } from "./deletion.ts";
import { ENVIRONMENTS_CASES } from "./environments.ts";
import { LOGIN_CASES } from "./login.ts";
import { NAMESPACES_CASES } from "./namespaces.ts";
import { ROLES_CASES } from "./roles.ts";
import { SETTINGS_CASES } from "./settings.ts";
import { SOLVE_CASES } from "./solve.ts";
import { SPECIFICATIONS_CASES } from "./specifications.ts";
import { STORE_CASES } from "./store.ts";
import { WATCHED_CASES } from "./watched.ts";

export const ROUTE_CASES: RouteCases = {
  ...AUDIT_CASES,
  ...STORE_CASES,
  ...NAMESPACES_CASES,
  ...ROLES_CASES,
  ...ENVIRONMENTS_CASES,
  ...DELETION_CASES,
  ...SPECIFICATIONS_CASES,
  ...SOLVE_CASES,
  ...BUILDS_CASES,
  ...SETTINGS_CASES,
  ...LOGIN_CASES,
  ...WATCHED_CASES,
};
