/**
 * The deployment's own stack, put into the local AWS by the real `cdk deploy`.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  type StackResource,
} from "@aws-sdk/client-cloudformation";
import type { LocalDeployment } from "#infra/local-deployment.ts";
import { digestOf } from "#scripts/bundle.ts";
import { stripAssembly } from "./assembly.ts";
import { type AwsConfig, awsConfig } from "./aws-config.ts";
import { bootstrap, cdk } from "./cdk.ts";
import { LocalError } from "./local-error.ts";

export const STACK = "CondaStore";

export interface DeployOptions {
  readonly root: string;
  /** MiniStack's address. */
  readonly endpoint: string;
  readonly deployment: LocalDeployment;
  /**
   * A deployment's other values, as `-c NAME=VALUE` gives them.
   * @default {}
   */
  readonly values?: Readonly<Record<string, string>>;
  /** Bundles to deploy. */
  readonly bundles: string;
  /** Where the assembly, the log and the stamp are kept. */
  readonly directory: string;
}

/** What the rest of the local stack asks of the deployment. */
export interface Deployed {
  readonly apiId: string;
  readonly secretId: string;
  readonly cluster: string;
  readonly bucket: string;
  readonly table: string;
  /** False when what is deployed was up to date. */
  readonly changed: boolean;
}

/** Deploys unless sources, bundles and context are what they were at the last time. */
export async function deploy(options: DeployOptions): Promise<Deployed> {
  const stamp = join(options.directory, "deployed");
  const wanted = fingerprint(options);
  const client = awsConfig(options.endpoint);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) {
    const resources = await stackResources(client);
    if (resources.length > 0) return { ...describe(resources), changed: false };
  }
  mkdirSync(options.directory, { recursive: true });
  rmSync(stamp, { force: true });
  await bootstrap(client);
  const assembly = join(options.directory, "assembly");
  rmSync(assembly, { recursive: true, force: true });
  await cdk(options, ["synth", "--quiet", "--output", assembly, ...context(options)]);
  stripAssembly(assembly);
  await cdk(options, ["deploy", "--app", assembly, "--require-approval", "never", "--progress", "events"]);
  const deployed = { ...describe(await stackResources(client)), changed: true };
  writeFileSync(stamp, wanted);
  return deployed;
}

const context = ({ bundles, deployment, values = {} }: DeployOptions): string[] =>
  Object.entries({ ...values, bundles, local: JSON.stringify(deployment) }).flatMap(([name, value]) => [
    "--context",
    `${name}=${value}`,
  ]);

function fingerprint({ root, bundles, deployment, values = {} }: DeployOptions): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([deployment, values]))
    .update(digestOf(bundles));
  const sources = ["infra/*.ts", "core/layout.ts", "local/assembly.ts", "cdk.json", "package-lock.json"];
  for (const path of globSync(sources, { cwd: root }).sort()) {
    hash.update(path).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex");
}

async function stackResources(config: AwsConfig): Promise<readonly StackResource[]> {
  try {
    const { StackResources = [] } = await new CloudFormationClient(config).send(
      new DescribeStackResourcesCommand({ StackName: STACK }),
    );
    return StackResources;
  } catch (error) {
    if (error instanceof Error && error.name === "ValidationError") return [];
    throw error;
  }
}

function describe(resources: readonly StackResource[]): Omit<Deployed, "changed"> {
  const only = (type: string): string => {
    const found = resources.find((resource) => resource.ResourceType === type)?.PhysicalResourceId;
    if (!found) throw new LocalError(`The deployed stack has no ${type}. Start again with --reset.`);
    return found;
  };
  return {
    apiId: only("AWS::ApiGatewayV2::Api"),
    secretId: only("AWS::SecretsManager::Secret"),
    cluster: only("AWS::ECS::Cluster"),
    bucket: only("AWS::S3::Bucket"),
    table: only("AWS::DynamoDB::GlobalTable"),
  };
}
