/**
 * The CDK's recommended behaviour, as of the pinned version: a new deployment has no old one to be compatible with.
 * @module
 */
import flags from "aws-cdk-lib/recommended-feature-flags.json" with { type: "json" };

export const FEATURE_FLAGS: Readonly<Record<string, unknown>> = {
  ...flags,
  // Each grant stays a statement of its own: that is what is reviewed.
  "@aws-cdk/aws-iam:minimizePolicies": false,
};
