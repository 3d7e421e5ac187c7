import { join } from "node:path";
import { Stack, type StackProps } from "aws-cdk-lib";
import type { CfnBucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import { ENVIRONMENT_LINK } from "#core/layout.ts";
import { Api } from "./api.ts";
import { Builds } from "./builds.ts";
import { Dispatch } from "./dispatch.ts";
import { Finish } from "./finish.ts";
import { CondaStoreFunction, TIMEOUTS } from "./function.ts";
import type { LocalDeployment } from "./local-deployment.ts";
import { Monitoring } from "./monitoring.ts";
import { Network } from "./network.ts";
import { grantAll } from "./permissions.ts";
import { WorkQueue } from "./queues.ts";
import { acknowledgeFindings } from "./reviewed-findings.ts";
import { TokenSecret } from "./secret.ts";
import { settingsOf } from "./settings.ts";
import { SharedDisk } from "./shared-disk.ts";
import { Storage } from "./storage.ts";
import { Store } from "./store.ts";
import { Sweep } from "./sweep.ts";
import { checkTaskSizes, TASK_SIZES, type TaskSize } from "./task-sizes.ts";
import type { VariableValues } from "./variables.ts";

export interface CondaStoreProps extends StackProps {
  /**
   * Directory with one bundle per function, filled by `npm run bundle`.
   * @default "dist"
   */
  readonly bundles?: string;
  /**
   * Address of a ready image of the build task.
   * @default - built when deploying, which needs Docker
   */
  readonly image?: string;
  /**
   * Processor of build tasks, and so of the environments.
   * @default "X86_64"
   */
  readonly architecture?: "X86_64" | "ARM64";
  /**
   * Sizes of build tasks, smallest first: pairs of CPU units (1024 to a vCPU) and memory that Fargate has. A build begins with
   * the smallest, or with what its environment needed last, and goes to the next when its memory does not suffice.
   * @default - 1 vCPU with 4 GB, 1 with 8, 2 with 16, 4 with 30
   */
  readonly taskSizes?: readonly TaskSize[];
  /**
   * Disk of a build task, 21 to 200 GiB.
   * @default 50
   */
  readonly taskDiskGiB?: number;
  /**
   * Builds that run at the same time, at most.
   * @default 10
   */
  readonly slots?: number;
  /**
   * Of those, how many may be of one namespace; the others wait while other namespaces have their turns.
   * @default - half of the slots, rounded up
   */
  readonly slotsPerNamespace?: number;
  /**
   * Minutes after which an attempt is ended.
   * @default 60
   */
  readonly maxAttemptMinutes?: number;
  /**
   * Hours after which a build that still waits for a slot is ended.
   * @default 24
   */
  readonly maxQueueHours?: number;
  /**
   * How often a build is tried, by what ended the attempts: tasks that died, that ECS could not start (image, disk, network),
   * that were told to stop (spare capacity wanted back, a retired host).
   * @default { died: 3, notStarted: 3, interrupted: 10 }
   */
  readonly maxTries?: {
    readonly died?: number;
    readonly notStarted?: number;
    readonly interrupted?: number;
  };
  /**
   * Minutes from when nothing uses bytes any more to when they are removed: downloads that were begun, and kernels that
   * run in a deleted directory, have this long.
   * @default 60
   */
  readonly removalGraceMinutes?: number;
  /**
   * Where consumers mount the shared disk. It is baked into every environment: choose it once.
   * @default "/opt/conda-store"
   */
  readonly storeDirectory?: string;
  /**
   * Where below the store directory the link of an environment lies, in which `{namespace}` and `{name}` stand for theirs.
   * @default "{namespace}/envs/{name}"
   */
  readonly environmentLink?: string;
  /**
   * Numeric owner of every file on the shared disk.
   * @default { uid: 1000, gid: 100 }
   */
  readonly diskOwner?: { readonly uid: number; readonly gid: number };
  /**
   * Path in front of every route but the registry's.
   * @default "/"
   */
  readonly urlPrefix?: string;
  /**
   * A proxy in front takes `urlPrefix` from the path before it asks. Links, redirects and cookies have it all the same.
   * @default false
   */
  readonly proxyStripsPrefix?: boolean;
  /**
   * Requests a second of all callers together that pass in the long run, twice as many at once; what is above is answered
   * 429 by API Gateway.
   * @default 200
   */
  readonly requestsPerSecond?: number;
  /**
   * Builds that one principal may ask for in a minute: specifications and rebuilds; what is above is answered 429.
   * @default 60
   */
  readonly submissionsPerMinute?: number;
  /**
   * Tries to log in with a password in a minute, under one name from one address, and ten times as many from one address.
   * @default 10
   */
  readonly loginsPerMinute?: number;
  /**
   * Values of the settings' lowest layer, under conda-store's key names.
   * @default {}
   */
  readonly settings?: Readonly<Record<string, unknown>>;
  /**
   * `host[:port]` of channels on private addresses that builds may use.
   * @default []
   */
  readonly allowedPrivateHosts?: readonly string[];
  /**
   * Minutes that the oldest build may wait before an alarm tells.
   * @default 30
   */
  readonly waitAlarmMinutes?: number;
  /**
   * ARN of an SNS topic that alarms go to.
   * @default - alarms are seen in CloudWatch only
   */
  readonly alarmTopicArn?: string;
  /**
   * Least level of log lines: debug, info, warn or error.
   * @default "info"
   */
  readonly logLevel?: string;
  /**
   * The one-machine stack's differences.
   * @default - production
   */
  readonly local?: LocalDeployment;
}

/** Below `/mnt`, as Lambda wants it; the build task uses the same place. */
/** Where functions see the shared disk: Lambda wants it directly below /mnt. */
const DISK_DIRECTORY = "/mnt/conda-store";
/** Where build tasks see it: below a directory of the image that only root may enter. */
const TASK_DISK_DIRECTORY = "/mnt/supervisor/conda-store";
const WORK_DIRECTORY = "/var/lib/conda-store";

/** Everything of a deployment. It only wires: what a part is like stands in the part's own file. */
export class CondaStoreStack extends Stack {
  constructor(scope: Construct, id: string, props: CondaStoreProps = {}) {
    super(scope, id, { description: "conda-store without servers", ...props });
    const { local } = props;
    const retained = local === undefined;
    const bundle = (name: string): string => join(props.bundles ?? "dist", name);

    const storage = new Storage(this, "Storage", { retained });
    const { secret } = new TokenSecret(this, "Tokens", { retained });
    const network = new Network(this, "Network");
    const disk = new SharedDisk(this, "SharedDisk", {
      vpc: network.vpc,
      clients: [network.taskGroup, network.storeGroup],
      retained,
      ...props.diskOwner,
    });
    const wakeUps = new WorkQueue(this, "WakeUps", { timeout: TIMEOUTS.dispatch });
    const ends = new WorkQueue(this, "Ends", { timeout: TIMEOUTS.finish });
    const links = new WorkQueue(this, "Links", { timeout: TIMEOUTS.store });

    const shared: VariableValues = {
      table: storage.table.tableName,
      bucket: storage.bucket.bucketName,
      storeDirectory: local?.storeDirectory ?? props.storeDirectory ?? "/opt/conda-store",
      settings: JSON.stringify(local?.settings ?? settingsOf(props)),
      allowedPrivateHosts: (local?.allowedPrivateHosts ?? props.allowedPrivateHosts ?? []).join(","),
      maxAttemptMinutes: String(props.maxAttemptMinutes ?? 60),
      logLevel: props.logLevel ?? "info",
    };
    const slots = props.slots ?? 10;
    const taskSizes = props.taskSizes ?? TASK_SIZES;
    checkTaskSizes(taskSizes);
    const tries = {
      maxTries: JSON.stringify(props.maxTries ?? {}),
      taskSizes: JSON.stringify(taskSizes),
    };
    const maxQueueHours = String(props.maxQueueHours ?? 24);
    const places = {
      slots: String(slots),
      slotsPerNamespace: String(props.slotsPerNamespace ?? Math.ceil(slots / 2)),
    };
    const ecs = local ? { ecsEndpoint: local.ecsEndpoint } : {};

    const builds = new Builds(this, "Builds", {
      network,
      disk,
      bundle: bundle("build-task"),
      ...taskImage(props),
      size: taskSizes[0],
      storeDirectory: local?.storeDirectory ?? props.storeDirectory ?? "/opt/conda-store",
      diskDirectory: local?.taskDiskDirectory ?? TASK_DISK_DIRECTORY,
      workDirectory: local?.taskWorkDirectory ?? WORK_DIRECTORY,
      variables: {
        ...shared,
        finishQueue: ends.queue.queueUrl,
        diskDirectory: local?.taskDiskDirectory ?? TASK_DISK_DIRECTORY,
        workDirectory: local?.taskWorkDirectory ?? WORK_DIRECTORY,
        isolation: local ? "possible" : "required",
        engine: local?.engine ?? "mamba",
        engineProgram: local?.engineProgram ?? "/usr/local/bin/micromamba",
        packPython: local?.packPython ?? "/opt/conda-pack/bin/python",
      },
    });

    const api = new CondaStoreFunction(this, "ApiFunction", {
      description: "conda-store's HTTP API and its page",
      bundle: bundle("api"),
      timeout: TIMEOUTS.api,
      variables: {
        ...shared,
        wakeUpQueue: wakeUps.queue.queueUrl,
        linkQueue: links.queue.queueUrl,
        secret: secret.secretArn,
        urlPrefix: props.urlPrefix ?? "/",
        proxyStripsPrefix: String(props.proxyStripsPrefix ?? false),
        authentication: local ? "dummy" : "none",
        ...tries,
        maxQueueHours,
        submissionsPerMinute: String(props.submissionsPerMinute ?? 60),
        loginsPerMinute: String(props.loginsPerMinute ?? 10),
      },
    });
    const { api: door } = new Api(this, "Api", {
      handler: api,
      ...(props.requestsPerSecond === undefined ? {} : { requestsPerSecond: props.requestsPerSecond }),
    });
    const { handler: dispatch } = new Dispatch(this, "Dispatch", {
      description: "Starts build tasks for waiting builds",
      bundle: bundle("dispatch"),
      timeout: TIMEOUTS.dispatch,
      ...ecs,
      wakeUps,
      builds,
      variables: {
        ...shared,
        wakeUpQueue: wakeUps.queue.queueUrl,
        cluster: builds.cluster.clusterArn,
        taskDefinition: builds.taskDefinition.taskDefinitionArn,
        subnets: network.subnets.map((subnet) => subnet.subnetId).join(","),
        securityGroups: network.taskGroup.securityGroupId,
        ...places,
        taskSizes: tries.taskSizes,
      },
    });
    const { handler: finish } = new Finish(this, "Finish", {
      description: "Ends builds whose task has ended",
      bundle: bundle("finish"),
      timeout: TIMEOUTS.finish,
      ends,
      builds,
      variables: {
        ...shared,
        wakeUpQueue: wakeUps.queue.queueUrl,
        linkQueue: links.queue.queueUrl,
        ...tries,
      },
    });
    const { handler: store } = new Store(this, "Store", {
      description: "Keeps links and directories on the shared disk",
      bundle: bundle("store"),
      timeout: TIMEOUTS.store,
      links,
      disk: {
        vpc: network.vpc,
        securityGroup: network.storeGroup,
        accessPoint: disk.accessPoint,
        directory: DISK_DIRECTORY,
      },
      variables: {
        ...shared,
        diskDirectory: local?.storeDirectory ?? DISK_DIRECTORY,
        environmentLink: props.environmentLink ?? ENVIRONMENT_LINK,
      },
    });

    const { handler: sweep } = new Sweep(this, "Sweep", {
      description: "Finds what nobody reported, and removes what nobody needs",
      bundle: bundle("sweep"),
      timeout: TIMEOUTS.sweep,
      ...ecs,
      builds,
      variables: {
        ...shared,
        wakeUpQueue: wakeUps.queue.queueUrl,
        finishQueue: ends.queue.queueUrl,
        linkQueue: links.queue.queueUrl,
        removalGraceMinutes: String(props.removalGraceMinutes ?? 60),
        cluster: builds.cluster.clusterArn,
        ...places,
        maxQueueHours,
        ...tries,
      },
    });

    new Monitoring(this, "Monitoring", {
      api: door,
      table: storage.table,
      fileSystem: disk.fileSystem,
      queues: [wakeUps, ends, links],
      functions: [api, dispatch, finish, store, sweep],
      apiFunction: api,
      sweep,
      ...(props.waitAlarmMinutes === undefined ? {} : { waitAlarmMinutes: props.waitAlarmMinutes }),
      ...(props.alarmTopicArn === undefined ? {} : { alarmTopicArn: props.alarmTopicArn }),
    });
    grantAll({ storage, secret, wakeUps, ends, links, api, dispatch, finish, store, sweep, builds });
    acknowledgeFindings(this, this.getLogicalId(storage.bucket.node.defaultChild as CfnBucket));
  }
}

function taskImage(props: CondaStoreProps) {
  const image = props.local?.image ?? props.image;
  return {
    ...(image === undefined ? {} : { image }),
    ...(props.architecture === undefined ? {} : { architecture: props.architecture }),
    ...(props.taskDiskGiB === undefined ? {} : { diskGiB: props.taskDiskGiB }),
  };
}
