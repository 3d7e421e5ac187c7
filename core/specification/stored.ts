/**
 * A specification as it was accepted, read again by what builds or solves it.
 * @module
 */
import type { SpecificationSettings } from "./apply-settings.ts";
import type { EnvironmentDocument } from "./environment.ts";
import { completeSpecification, type Specification } from "./parse.ts";

/** Settings were applied before the document was stored; applying them again could only add what changed since. */
export function readAccepted(
  document: EnvironmentDocument,
  settings: SpecificationSettings,
  allowPrivateHosts: readonly string[],
): Specification {
  const none = { conda_allowed_channels: [], conda_required_packages: [], conda_included_packages: [] };
  const noPip = { pypi_default_packages: [], pypi_required_packages: [], pypi_included_packages: [] };
  return completeSpecification(document, {
    settings: { ...settings, ...none, ...noPip, conda_default_packages: [] },
    allowPrivateHosts,
  });
}
