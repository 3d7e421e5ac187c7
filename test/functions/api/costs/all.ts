/**
 * What each route costs; docs/access-patterns.md says the same in formulas.
 * @module
 */
import { AUDIT_COSTS } from "./audit.ts";
import { BUILDS_COSTS } from "./builds.ts";
import type { Cost } from "./cost.ts";
import { DELETION_COSTS } from "./deletion.ts";
import { ENVIRONMENTS_COSTS } from "./environments.ts";
import { LOGIN_COSTS } from "./login.ts";
import { NAMESPACES_COSTS } from "./namespaces.ts";
import { SETTINGS_COSTS } from "./settings.ts";
import { SOLVE_COSTS } from "./solve.ts";
import { SPECIFICATIONS_COSTS } from "./specifications.ts";
import { STORE_COSTS } from "./store.ts";
import { WATCHED_COSTS } from "./watched.ts";

export const COSTS: readonly Cost[] = [
  ...AUDIT_COSTS,
  ...STORE_COSTS,
  ...NAMESPACES_COSTS,
  ...ENVIRONMENTS_COSTS,
  ...SPECIFICATIONS_COSTS,
  ...SOLVE_COSTS,
  ...BUILDS_COSTS,
  ...SETTINGS_COSTS,
  ...LOGIN_COSTS,
  ...DELETION_COSTS,
  ...WATCHED_COSTS,
];
