/**
 * Region and credentials for calls past the SDK. A function's credentials are its variables, as long as it lives; what is
 * elsewhere, a task's or a profile's, the SDK finds and renews, which is loaded when it is needed.
 * @module
 */
import type { Lender } from "./aws-json.ts";
import { readAwsCredentials, readAwsPlace } from "./config.ts";

/** @param region only where the SDK's own variables do not say it */
export function openLender(region?: string): Lender {
  const place = region ?? readAwsPlace("DYNAMODB").region;
  const given = readAwsCredentials();
  let found: Promise<Lender["config"]["credentials"]> | undefined;
  return {
    config: {
      region: async () => place,
      credentials: async () => {
        if (given) return given;
        found ??= import("./find-credentials.ts").then(({ findCredentials }) => findCredentials(place));
        return await (await found)();
      },
    },
  };
}
