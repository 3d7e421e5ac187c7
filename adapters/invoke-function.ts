/**
 * Calling a Lambda function by its ARN.
 * @module
 */
import type { Lender } from "./aws-json.ts";
import { readAwsPlace } from "./config.ts";
import { type Answer, exchange } from "./exchange.ts";
import { signedHeaders, uriEncode } from "./sigv4.ts";

export interface InvokeOptions {
  /** No byte for so long: the connection is dead. */
  readonly idleMsMax: number;
  /** A longer answer is an error. */
  readonly bytesMax: number;
  readonly signal: AbortSignal;
  /** The answer tells that the event was taken, and not what came of it. @default false */
  readonly asynchronous?: boolean;
}

/**
 * @param lender any client of the SDK: its credentials are lent
 * @returns Lambda's answer, whatever it is
 * @throws Error when the connection broke, went silent, or sent too much
 */
export async function invokeFunction(
  lender: Lender,
  functionArn: string,
  event: object,
  { asynchronous = false, ...limits }: InvokeOptions,
): Promise<Answer> {
  const region = functionArn.split(":")[3] ?? "";
  const base = readAwsPlace("LAMBDA").endpoint ?? `https://lambda.${region}.amazonaws.com`;
  const path = `/2015-03-31/functions/${uriEncode(functionArn)}/invocations`;
  const url = new URL(path, base);
  const body = Buffer.from(JSON.stringify(event));
  const invocation = asynchronous ? { "x-amz-invocation-type": "Event" } : {};
  const headers = signedHeaders(
    { method: "POST", url, headers: { "content-type": "application/json", ...invocation }, body },
    { service: "lambda", region, credentials: await lender.config.credentials() },
  );
  return await exchange(url, { method: "POST", headers, body, ...limits });
}
