import { RemovalPolicy } from "aws-cdk-lib";
import { Port, SecurityGroup } from "aws-cdk-lib/aws-ec2";
import {
  AccessPoint,
  FileSystem,
  type IFileSystem,
  LifecyclePolicy,
  PerformanceMode,
  ThroughputMode,
} from "aws-cdk-lib/aws-efs";
import { AnyPrincipal, Effect, PolicyDocument, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import type { Network, NetworkProps } from "./network.ts";

/** A file system of yours, with mount targets in the deployment's network. */
export interface ExistingDisk {
  readonly fileSystemId: string;
  /** Of its mount targets: build tasks and the store function are let in by NFS. */
  readonly securityGroupId: string;
  /**
   * Directory of the file system that becomes the store directory; it is made if it is not there.
   * @default "/conda-store"
   */
  readonly path?: string;
}

/** What is wrong with a file system of yours, as the end of a sentence about it; null when nothing is. */
export const faultOfDisk = (
  disk: "none" | ExistingDisk | undefined,
  network: NetworkProps = {},
): string | null =>
  typeof disk === "object" && network.vpcId === undefined
    ? "needs network.vpcId beside it: its mount targets are in a network of yours"
    : null;

export interface SharedDiskProps {
  readonly network: Network;
  /** Who may mount it. */
  readonly clients: readonly SecurityGroup[];
  /**
   * A file system of yours.
   * @default - one is made
   */
  readonly existing?: ExistingDisk;
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

/** A disk with the group of the function that looks after it. */
export interface DiskAndGroup {
  readonly disk: SharedDisk;
  readonly storeGroup: SecurityGroup;
}

/** The disk that environments are published on; consumers mount it at the store directory. */
export class SharedDisk extends Construct {
  readonly fileSystem: IFileSystem;
  readonly accessPoint: AccessPoint;

  constructor(scope: Construct, id: string, props: SharedDiskProps) {
    super(scope, id);
    const uid = String(props.uid ?? 1000);
    const gid = String(props.gid ?? 100);
    const access = {
      path: props.existing?.path ?? "/conda-store",
      posixUser: { uid, gid },
      createAcl: { ownerUid: uid, ownerGid: gid, permissions: "755" },
    };
    if (props.existing) {
      const { fileSystemId, securityGroupId } = props.existing;
      const securityGroup = SecurityGroup.fromSecurityGroupId(this, "MountTargets", securityGroupId);
      this.fileSystem = FileSystem.fromFileSystemAttributes(this, "FileSystem", {
        fileSystemId,
        securityGroup,
      });
      this.accessPoint = new AccessPoint(this, "AccessPoint", { fileSystem: this.fileSystem, ...access });
    } else {
      const made = this.make(props);
      this.fileSystem = made;
      this.accessPoint = made.addAccessPoint("AccessPoint", access);
    }
    for (const client of props.clients) this.fileSystem.connections.allowFrom(client, Port.tcp(2049), "NFS");
  }

  private make({ network, retained = true }: SharedDiskProps): FileSystem {
    return new FileSystem(this, "FileSystem", {
      vpc: network.vpc,
      vpcSubnets: { subnets: [...network.subnets] },
      encrypted: true,
      // Only says that CDK adds no statement of its own.
      allowAnonymousAccess: true,
      fileSystemPolicy: onlyByTls(),
      performanceMode: PerformanceMode.GENERAL_PURPOSE,
      throughputMode: ThroughputMode.ELASTIC,
      lifecyclePolicy: LifecyclePolicy.AFTER_30_DAYS,
      removalPolicy: retained ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY,
    });
  }
}
