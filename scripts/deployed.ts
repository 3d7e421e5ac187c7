/**
 * Where commands find a deployment: by its stack's outputs, or what `npm start` runs here.
 * @module
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CloudFormationClient, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { type AwsConfig, awsConfig } from "#local/aws-config.ts";

/** The stack's name in both. */
export const STACK = "CondaStore";

/** @param state where `npm start --state` keeps it */
export function localAws(state: string): AwsConfig {
  try {
    const { aws } = JSON.parse(readFileSync(join(state, "ports.json"), "utf8")) as { aws: number };
    return awsConfig(`http://127.0.0.1:${aws}`);
  } catch {
    throw new Error(`npm start has not run with the state in ${state}.`);
  }
}

/** @throws Error when there is no such stack, or its outputs may not be read */
export async function outputsOf(
  stack: string,
  aws: AwsConfig | undefined,
): Promise<ReadonlyMap<string, string>> {
  const { Stacks } = await new CloudFormationClient(aws ?? {}).send(
    new DescribeStacksCommand({ StackName: stack }),
  );
  const outputs = Stacks?.[0]?.Outputs ?? [];
  return new Map(outputs.map(({ OutputKey = "", OutputValue = "" }) => [OutputKey, OutputValue]));
}

/**
 * One of a stack's outputs.
 * @param option what names it instead, for the error
 */
export async function outputOf(
  { stack, output, option }: { readonly stack: string; readonly output: string; readonly option: string },
  aws: AwsConfig | undefined,
): Promise<string> {
  const found = (await outputsOf(stack, aws)).get(output);
  if (!found) throw new Error(`Stack ${stack} has no output ${output}: say ${option}.`);
  return found;
}
