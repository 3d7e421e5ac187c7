import { existsSync } from "node:fs";
import { join } from "node:path";
import { Annotations, RemovalPolicy, Stack } from "aws-cdk-lib";
import { Platform } from "aws-cdk-lib/aws-ecr-assets";
import {
  Capability,
  Cluster,
  type ContainerDefinition,
  ContainerImage,
  ContainerInsights,
  CpuArchitecture,
  FargateTaskDefinition,
  LinuxParameters,
  type LogDriver,
  LogDrivers,
  OperatingSystemFamily,
  type RuntimePlatform,
} from "aws-cdk-lib/aws-ecs";
import { type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { BUILD_CONTAINER, SHARED_DISK_VOLUME, type VariableValues, variables } from "#core/layout.ts";
import type { Network } from "./network.ts";
import type { SharedDisk } from "./shared-disk.ts";
import type { TaskSize } from "./task-sizes.ts";

/** Debian's user without a name of its own. */
const NOBODY = "65534:65534";

export interface TaskProps {
  /** Name of its one container. */
  readonly container: string;
  /** File beside the build task's own program. */
  readonly program: string;
  readonly size: TaskSize;
  /** What it reads of its environment. */
  readonly variables: VariableValues;
}

export interface BuildsProps {
  readonly network: Network;
  /** null: what a build leaves are archives and logs. */
  readonly disk: SharedDisk | null;
  /** Directory of the bundled build task with its Dockerfile, for the image that `cdk deploy` builds. */
  readonly bundle: string;
  /**
   * Address of a ready image, e.g. `123456789012.dkr.ecr.eu-west-1.amazonaws.com/conda-store-build:1`.
   * @default - built from `bundle` when deploying, which needs Docker
   */
  readonly image?: string;
  /**
   * Processor of build tasks, and so of the environments: `X86_64` makes linux-64, `ARM64` linux-aarch64.
   * @default "X86_64"
   */
  readonly architecture?: "X86_64" | "ARM64";
  /** Of a task for which nothing else is asked: the smallest. */
  readonly size: TaskSize;
  /**
   * Disk of a task, 21 to 200 GiB: package cache, environment and archive lie on it.
   * @default 50
   */
  readonly diskGiB?: number;
  /** Where consumers mount the shared disk: in the task it is the task's own disk. */
  readonly storeDirectory: string;
  /** Where the task mounts the shared disk. */
  readonly diskDirectory: string;
  /** Package caches and temporary files. */
  readonly workDirectory: string;
  /** What the build task reads of its environment. */
  readonly variables: VariableValues;
}

/**
 * Docker gives these to root by default; the supervisor needs none of them. It keeps CHOWN, DAC_OVERRIDE, FOWNER, KILL,
 * SETGID and SETUID, with which it makes other users of packages' own code and looks after them.
 */
export const DROPPED_CAPABILITIES = [
  Capability.AUDIT_WRITE,
  Capability.FSETID,
  Capability.MKNOD,
  Capability.NET_BIND_SERVICE,
  Capability.NET_RAW,
  Capability.SETFCAP,
  Capability.SETPCAP,
  Capability.SYS_CHROOT,
];

/** Where environments are built: a cluster without instances and the task that makes one build. */
export class Builds extends Construct {
  readonly cluster: Cluster;
  readonly taskDefinition: FargateTaskDefinition;
  readonly container: ContainerDefinition;
  private readonly image: ContainerImage;
  private readonly runtimePlatform: RuntimePlatform;
  private readonly logGroup: LogGroup;

  constructor(scope: Construct, id: string, props: BuildsProps) {
    super(scope, id);
    const arm = props.architecture === "ARM64";
    if (props.image === undefined && !existsSync(join(props.bundle, "pins.json"))) {
      Annotations.of(this).addWarningV2(
        "conda-store:pins",
        "Without pins.json the image of the build task cannot be built: run `npm run pin` where there is internet, or give a " +
          "ready image by `-c image=URI`.",
      );
    }
    this.cluster = new Cluster(this, "Cluster", {
      vpc: props.network.vpc,
      containerInsightsV2: ContainerInsights.DISABLED,
    });
    this.image = props.image
      ? ContainerImage.fromRegistry(props.image)
      : ContainerImage.fromAsset(props.bundle, {
          platform: arm ? Platform.LINUX_ARM64 : Platform.LINUX_AMD64,
        });
    this.runtimePlatform = {
      cpuArchitecture: arm ? CpuArchitecture.ARM64 : CpuArchitecture.X86_64,
      operatingSystemFamily: OperatingSystemFamily.LINUX,
    };
    this.taskDefinition = new FargateTaskDefinition(this, "Task", {
      cpu: props.size.cpuUnits,
      memoryLimitMiB: props.size.memoryMiB,
      ephemeralStorageGiB: props.diskGiB ?? 50,
      runtimePlatform: this.runtimePlatform,
    });
    this.logGroup = new LogGroup(this, "Logs", {
      retention: RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const linuxParameters = new LinuxParameters(this, "Linux", { initProcessEnabled: true });
    linuxParameters.dropCapabilities(...DROPPED_CAPABILITIES);
    this.container = this.taskDefinition.addContainer(BUILD_CONTAINER, {
      image: this.image,
      environment: variables(props.variables),
      linuxParameters,
      logging: this.logging(BUILD_CONTAINER),
    });
    this.mount(props);
  }

  /**
   * Another task of this cluster: another program of the same image, with a role of its own and none of the builds' rights, disks
   * or capabilities.
   */
  addTask(id: string, { container, program, size, variables: values }: TaskProps): FargateTaskDefinition {
    const definition = new FargateTaskDefinition(this, id, {
      cpu: size.cpuUnits,
      memoryLimitMiB: size.memoryMiB,
      executionRole: this.taskDefinition.obtainExecutionRole(),
      runtimePlatform: this.runtimePlatform,
    });
    const linuxParameters = new LinuxParameters(this, `${id}Linux`, { initProcessEnabled: true });
    linuxParameters.dropCapabilities(Capability.ALL);
    definition.addContainer(container, {
      image: this.image,
      command: ["/opt/node/bin/node", `/opt/conda-store-task/${program}`],
      user: NOBODY,
      environment: variables(values),
      linuxParameters,
      logging: this.logging(container),
    });
    return definition;
  }

  private logging(streamPrefix: string): LogDriver {
    return LogDrivers.awsLogs({ streamPrefix, logGroup: this.logGroup });
  }

  /**
   * The shared disk lies elsewhere than at the store directory, which is the task's own fast disk: environments are
   * installed at their final path without writing through NFS, and copied at the end.
   */
  private mount(props: BuildsProps): void {
    this.taskDefinition.addVolume({ name: "work" });
    this.taskDefinition.addVolume({ name: "store" });
    this.container.addMountPoints(
      { sourceVolume: "work", containerPath: props.workDirectory, readOnly: false },
      { sourceVolume: "store", containerPath: props.storeDirectory, readOnly: false },
    );
    if (props.disk === null) return;
    const { fileSystem, accessPoint } = props.disk;
    this.taskDefinition.addVolume({
      name: SHARED_DISK_VOLUME,
      efsVolumeConfiguration: {
        fileSystemId: fileSystem.fileSystemId,
        transitEncryption: "ENABLED",
        authorizationConfig: { accessPointId: accessPoint.accessPointId, iam: "ENABLED" },
      },
    });
    this.container.addMountPoints({
      sourceVolume: SHARED_DISK_VOLUME,
      containerPath: props.diskDirectory,
      readOnly: false,
    });
    this.taskDefinition.taskRole.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
        resources: [fileSystem.fileSystemArn],
        conditions: { StringEquals: { "elasticfilesystem:AccessPointArn": accessPoint.accessPointArn } },
      }),
    );
  }

  /** Looking after the tasks of this cluster and stopping them. */
  grantWatch(grantee: IGrantable): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ["ecs:DescribeTasks", "ecs:StopTask"],
        resources: [this.cluster.arnForTasks("*")],
        conditions: { ArnEquals: { "ecs:cluster": this.cluster.clusterArn } },
      }),
    );
  }

  /** Starting a task in this cluster and handing it its two roles. */
  grantRun(grantee: IGrantable, taskDefinition: FargateTaskDefinition): void {
    const { cluster } = this;
    const revisions = Stack.of(this).formatArn({
      service: "ecs",
      resource: "task-definition",
      resourceName: `${taskDefinition.family}:*`,
    });
    const inCluster = { ArnEquals: { "ecs:cluster": cluster.clusterArn } };
    const add = (statement: PolicyStatement): void => {
      grantee.grantPrincipal.addToPrincipalPolicy(statement);
    };
    add(
      new PolicyStatement({
        actions: ["ecs:RunTask"],
        // Of every revision: in an upgrade the policy changes before the function that starts the one it was told of.
        resources: [revisions],
        conditions: inCluster,
      }),
    );
    add(
      new PolicyStatement({
        actions: ["iam:PassRole"],
        resources: [taskDefinition.taskRole.roleArn, taskDefinition.obtainExecutionRole().roleArn],
        conditions: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
      }),
    );
  }
}
