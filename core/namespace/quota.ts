/**
 * The room that a namespace has.
 * @module
 */
import { AppError } from "#core/errors.ts";
import type { LayeredSettings } from "#core/settings/scope.ts";

/**
 * Refuses a new build in a namespace that is full. What is being built is not counted before it is completed.
 * @param usedBytes of its completed builds
 * @throws AppError setting_violated with both numbers
 */
export function mustHaveRoom(
  namespace: string,
  usedBytes: number,
  { settings, describe }: LayeredSettings,
): void {
  const quota = settings.namespace_quota_bytes;
  if (quota === 0 || usedBytes < quota) return;
  throw new AppError(
    "setting_violated",
    `Namespace ${namespace} is full: its builds take up ${usedBytes} of ${quota} bytes (${describe("namespace_quota_bytes")}). ` +
      "Delete builds or environments that nobody needs, set builds_kept, or ask the operators for more room.",
  );
}
