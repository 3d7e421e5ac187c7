/**
 * What somebody wants images to be put on.
 * @module
 */
import { AddressError, checkUrl } from "#core/address/check-url.ts";
import { parseReference, parseTarReference } from "#core/image/reference.ts";
import { faultOfBaseImage } from "#core/settings/scope.ts";
import type { Settings } from "#core/settings/settings.ts";

/**
 * What a name resolves to is judged by the build that asks for it, as with channels.
 * @param name as the settings' schema takes it
 * @returns null, or what is wrong with it and what would do
 */
export function faultOfNewBaseImage(
  name: string,
  deployment: Settings,
  allowPrivateHosts: readonly string[],
): string | null {
  const fault = faultOfBaseImage(name, deployment);
  const address = parseTarReference(name)?.url ?? parseReference(name)?.origin;
  if (fault !== null || address === undefined || name === deployment.default_docker_base_image) return fault;
  try {
    checkUrl(address, allowPrivateHosts);
    return null;
  } catch (error) {
    if (error instanceof AddressError) return error.message;
    throw error;
  }
}
