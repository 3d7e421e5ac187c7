/**
 * The deployment's own stack, put into the local AWS by the real `cdk deploy`.
 * @module
 */
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  CloudFormationClient,
  DescribeStackResourcesCommand,
  type StackResource,
} from "@aws-sdk/client-cloudformation";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { LocalDeployment } from "#infra/local-deployment.ts";
import { digestOf } from "#scripts/bundle.ts";
import { stripAssembly } from "./assembly.ts";
import { type AwsConfig, awsConfig } from "./aws-config.ts";
import { LocalError } from "./local-error.ts";
import { TEST_CREDENTIALS } from "./ministack.ts";

export const STACK = "CondaStore";
const ACCOUNT = "000000000000";
const REGION = TEST_CREDENTIALS.AWS_REGION;

export interface DeployOptions {
  readonly root: string;
  /** MiniStack's address. */
  readonly endpoint: string;
  readonly deployment: LocalDeployment;
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

const context = ({ bundles, deployment }: DeployOptions): string[] => [
  "--context",
  `bundles=${bundles}`,
  "--context",
  `local=${JSON.stringify(deployment)}`,
];

function fingerprint({ root, bundles, deployment }: DeployOptions): string {
  const hash = createHash("sha256").update(JSON.stringify(deployment)).update(digestOf(bundles));
  const sources = ["infra/*.ts", "core/layout.ts", "local/assembly.ts", "cdk.json", "package-lock.json"];
  for (const path of globSync(sources, { cwd: root }).sort()) {
    hash.update(path).update(readFileSync(join(root, path)));
  }
  return hash.digest("hex");
}

/** What `cdk bootstrap` would make; the local AWS refuses that command's own template. */
async function bootstrap(config: AwsConfig): Promise<void> {
  await new SSMClient(config).send(
    new PutParameterCommand({
      Name: "/cdk-bootstrap/hnb659fds/version",
      Value: "30",
      Type: "String",
      Overwrite: true,
    }),
  );
  const s3 = new S3Client({ ...config, forcePathStyle: true });
  const Bucket = `cdk-hnb659fds-assets-${ACCOUNT}-${REGION}`;
  await s3.send(new CreateBucketCommand({ Bucket })).catch((error: unknown) => {
    if (!(error instanceof Error) || !/BucketAlready/.test(error.name)) throw error;
  });
}

/** The pinned CDK command line; its output goes to a log whose end is shown when it fails. */
async function cdk(options: DeployOptions, args: readonly string[]): Promise<void> {
  const { root, endpoint, directory } = options;
  const log = join(directory, "cdk.log");
  const child = spawn(process.execPath, [join(root, "node_modules", "aws-cdk", "bin", "cdk"), ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      PATH: process.env["PATH"],
      HOME: directory,
      NODE_NO_WARNINGS: "1",
      CI: "true",
      CDK_DISABLE_CLI_TELEMETRY: "true",
      ...TEST_CREDENTIALS,
      AWS_ENDPOINT_URL: endpoint,
      CDK_DEFAULT_ACCOUNT: ACCOUNT,
      CDK_DEFAULT_REGION: REGION,
    },
  });
  // A parent that dies must not leave a deployment running against nothing.
  const killed = (): void => void child.kill("SIGKILL");
  process.once("exit", killed);
  let output = "";
  const collect = (data: Buffer): void => {
    output += data;
  };
  child.stdout.on("data", collect);
  child.stderr.on("data", collect);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  process.off("exit", killed);
  writeFileSync(log, output);
  if (code === 0) return;
  const tail = output.trim().split("\n").slice(-5).join(" / ");
  throw new LocalError(`cdk ${args[0]} failed: ${tail}. The whole output: ${log}`);
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
