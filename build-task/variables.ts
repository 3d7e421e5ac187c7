/**
 * What the build task reads of its environment: all of it must be there.
 * @module
 */
import type { VARIABLES } from "#core/layout.ts";

export const TASK_VARIABLES = [
  ...(["table", "bucket", "finishQueue", "settings", "storeDirectory", "diskDirectory"] as const),
  ...(["workDirectory", "allowedPrivateHosts", "channelSecrets", "packPython", "maxAttemptMinutes"] as const),
  ...(["repodataMinutesMax", "buildId", "engine", "engineProgram", "isolation"] as const),
] as const satisfies readonly (keyof typeof VARIABLES)[];
export type TaskVariable = (typeof TASK_VARIABLES)[number];
