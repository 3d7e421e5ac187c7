/**
 * The real CDK command line against the local AWS.
 * @module
 */
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import type { AwsConfig } from "./aws-config.ts";
import { LocalError } from "./local-error.ts";
import { TEST_CREDENTIALS } from "./ministack.ts";

const ACCOUNT = "000000000000";
const REGION = TEST_CREDENTIALS.AWS_REGION;

/** What `cdk bootstrap` would make; the local AWS refuses that command's own template. */
export async function bootstrap(config: AwsConfig): Promise<void> {
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

export interface CdkPlace {
  /** The project's folder. */
  readonly root: string;
  /** MiniStack's address. */
  readonly endpoint: string;
  /** Where its log is written and its home is. */
  readonly directory: string;
}

/**
 * Runs the pinned CDK command line against the local AWS; its output goes to a log.
 * @throws LocalError with the end of that output
 */
export async function cdk({ root, endpoint, directory }: CdkPlace, args: readonly string[]): Promise<void> {
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
