import { Duration, RemovalPolicy, Size } from "aws-cdk-lib";
import type { ISecurityGroup, ISubnet, IVpc } from "aws-cdk-lib/aws-ec2";
import type { IAccessPoint } from "aws-cdk-lib/aws-efs";
import {
  Architecture,
  Code,
  FileSystem,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from "aws-cdk-lib/aws-lambda";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { type VariableValues, variables } from "#core/layout.ts";

export interface CondaStoreFunctionProps {
  /** Directory of the bundle, which holds `handler.mjs`. */
  readonly bundle: string;
  readonly description: string;
  /** What the function reads of its environment. */
  readonly variables: VariableValues;
  readonly timeout: Duration;
  /**
   * Memory, and with it the share of a CPU: 1,769 MB is one.
   * @default 1024
   */
  readonly memoryMb?: number;
  /**
   * Room for temporary files.
   * @default - Lambda's own 512
   */
  readonly temporaryMb?: number;
  /**
   * How many run at the same time, which then nothing else in the account can have.
   * @default - as many as the account has
   */
  readonly atOnce?: number;
  /**
   * Traces by X-Ray, of Lambda's own making.
   * @default false
   */
  readonly tracing?: boolean;
  /**
   * Address of ECS, where it is not AWS's own.
   * @default - AWS
   */
  readonly ecsEndpoint?: string;
  /**
   * Network with the shared disk, for the one function that mounts it.
   * @default - no network of ours
   */
  readonly disk?: {
    readonly vpc: IVpc;
    readonly subnets: readonly ISubnet[];
    readonly securityGroup: ISecurityGroup;
    readonly accessPoint: IAccessPoint;
    /** Where it is mounted; Lambda wants a path below `/mnt`. */
    readonly directory: string;
  };
}

/** A function of this product: its bundle on Node 24 and arm64, with logs kept for a month. */
export class CondaStoreFunction extends LambdaFunction {
  constructor(scope: Construct, id: string, props: CondaStoreFunctionProps) {
    super(scope, id, {
      description: props.description,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      code: Code.fromAsset(props.bundle),
      handler: "handler.handler",
      memorySize: props.memoryMb ?? 1024,
      ...(props.temporaryMb === undefined ? {} : { ephemeralStorageSize: Size.mebibytes(props.temporaryMb) }),
      timeout: props.timeout,
      loggingFormat: LoggingFormat.JSON,
      ...(props.atOnce === undefined ? {} : { reservedConcurrentExecutions: props.atOnce }),
      ...(props.tracing ? { tracing: Tracing.ACTIVE } : {}),
      logGroup: new LogGroup(scope, `${id}Logs`, {
        retention: RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      environment: {
        NODE_OPTIONS: "--enable-source-maps",
        ...variables(props.variables),
        ...(props.ecsEndpoint ? { AWS_ENDPOINT_URL_ECS: props.ecsEndpoint } : {}),
      },
      ...(props.disk
        ? {
            vpc: props.disk.vpc,
            vpcSubnets: { subnets: [...props.disk.subnets] },
            // It needs no address on the internet: table and bucket come by gateway endpoints.
            allowPublicSubnet: true,
            securityGroups: [props.disk.securityGroup],
            filesystem: FileSystem.fromEfsAccessPoint(props.disk.accessPoint, props.disk.directory),
          }
        : {}),
    });
  }
}

/** Timeouts, which queues are sized by. */
export const TIMEOUTS = {
  api: Duration.seconds(29),
  registry: Duration.seconds(29),
  dispatch: Duration.seconds(60),
  finish: Duration.seconds(60),
  store: Duration.minutes(15),
  sweep: Duration.seconds(60),
  prefetch: Duration.minutes(15),
  watch: Duration.minutes(5),
  /** The solver stops itself a minute before. */
  solve: Duration.minutes(5),
} as const;
