import { RemovalPolicy } from "aws-cdk-lib";
import { type IVpc, Port, type SecurityGroup } from "aws-cdk-lib/aws-ec2";
import {
  type AccessPoint,
  FileSystem,
  LifecyclePolicy,
  PerformanceMode,
  ThroughputMode,
} from "aws-cdk-lib/aws-efs";
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";

export interface SharedDiskProps {
  readonly vpc: IVpc;
  /** Who may mount it. */
  readonly clients: readonly SecurityGroup[];
  /**
   * Numeric user that owns every file, whoever writes it.
   * @default 1000
   */
  readonly uid?: number;
  /**
   * Numeric group that owns every file.
   * @default 100
   */
  readonly gid?: number;
  /**
   * Whether the disk outlives the stack.
   * @default true
   */
  readonly retained?: boolean;
}

/**
 * A policy that allows nothing replaces the one that allows everybody everything: whoever mounts the disk needs a role that
 * may, and may write only if that role says so.
 */
const onlyByTls = (): PolicyDocument =>
  new PolicyDocument({
    statements: [
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ["elasticfilesystem:*"],
        conditions: { Bool: { "aws:SecureTransport": "false" } },
      }),
    ],
  });

/** The disk that environments are published on; consumers mount it at the store directory. */
export class SharedDisk extends Construct {
  readonly fileSystem: FileSystem;
  readonly accessPoint: AccessPoint;

  constructor(scope: Construct, id: string, props: SharedDiskProps) {
    super(scope, id);
    const uid = String(props.uid ?? 1000);
    const gid = String(props.gid ?? 100);
    this.fileSystem = new FileSystem(this, "FileSystem", {
      vpc: props.vpc,
      encrypted: true,
      // Only says that CDK adds no statement of its own.
      allowAnonymousAccess: true,
      fileSystemPolicy: onlyByTls(),
      performanceMode: PerformanceMode.GENERAL_PURPOSE,
      throughputMode: ThroughputMode.ELASTIC,
      lifecyclePolicy: LifecyclePolicy.AFTER_30_DAYS,
      removalPolicy: (props.retained ?? true) ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
    this.accessPoint = this.fileSystem.addAccessPoint("AccessPoint", {
      path: "/conda-store",
      posixUser: { uid, gid },
      createAcl: { ownerUid: uid, ownerGid: gid, permissions: "755" },
    });
    for (const client of props.clients) this.fileSystem.connections.allowFrom(client, Port.tcp(2049), "NFS");
  }
}
