/**
 * Credentials as the SDK finds and renews them. A module of its own: of a package that is loaded when it is needed nothing can be
 * left out of the bundle, of one that is imported by name nearly all.
 * @module
 */
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { Lender } from "./aws-json.ts";

/** Every client of the SDK finds the same; this one is the smallest. */
export const findCredentials = (region: string): Lender["config"]["credentials"] =>
  new SecretsManagerClient({ region }).config.credentials;
