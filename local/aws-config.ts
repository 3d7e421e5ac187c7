/**
 * How the SDK's clients reach the local AWS.
 * @module
 */
import { TEST_CREDENTIALS } from "./ministack.ts";

export interface AwsConfig {
  /** An IP, so that S3 addresses are path-style: names below `localhost` do not resolve everywhere. */
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
}

export const awsConfig = (endpoint: string): AwsConfig => ({
  endpoint,
  region: TEST_CREDENTIALS.AWS_REGION,
  credentials: {
    accessKeyId: TEST_CREDENTIALS.AWS_ACCESS_KEY_ID,
    secretAccessKey: TEST_CREDENTIALS.AWS_SECRET_ACCESS_KEY,
  },
});
