/**
 * The functions of a deployment: which parts each one works with, and what it is told.
 * @module
 */
import type { FargateTaskDefinition } from "aws-cdk-lib/aws-ecs";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { Api } from "./api.ts";
import type { Builds } from "./builds.ts";
import type { CondaStoreProps } from "./conda-store-props.ts";
import { Dispatch } from "./dispatch.ts";
import { Finish } from "./finish.ts";
import { CondaStoreFunction, TIMEOUTS } from "./function.ts";
import type { Network } from "./network.ts";
import { Prefetch } from "./prefetch.ts";
import type { WorkQueue } from "./queues.ts";
import { Registry } from "./registry.ts";
import type { DiskAndGroup } from "./shared-disk.ts";
import { Solve } from "./solve.ts";
import type { Storage } from "./storage.ts";
import { Store } from "./store.ts";
import { Sweep } from "./sweep.ts";
import { DISK_DIRECTORY, type Values } from "./values.ts";
import { Watch } from "./watch.ts";

export interface FunctionParts {
  readonly props: CondaStoreProps;
  readonly values: Values;
  /** Where the bundle of a function lies, by its name. */
  readonly bundle: (name: string) => string;
  readonly storage: Storage;
  readonly secret: ISecret;
  readonly network: Network;
  readonly shared: DiskAndGroup | null;
  readonly wakeUps: WorkQueue;
  readonly ends: WorkQueue;
  /** null without a shared disk, as the store function is. */
  readonly links: WorkQueue | null;
  readonly builds: Builds;
  /** Names of the secrets with credentials of channels begin so. */
  readonly channelSecrets: string;
}

export interface Functions {
  readonly front: Api;
  readonly api: CondaStoreFunction;
  readonly registry: CondaStoreFunction;
  readonly dispatch: CondaStoreFunction;
  readonly finish: CondaStoreFunction;
  readonly store: CondaStoreFunction | null;
  readonly sweep: CondaStoreFunction;
  readonly prefetch: CondaStoreFunction;
  readonly prefetchTask: FargateTaskDefinition;
  readonly solve: CondaStoreFunction;
  readonly watch: CondaStoreFunction;
}

/** Makes them; what each may do stands in permissions.ts. */
export function addFunctions(scope: Construct, parts: FunctionParts): Functions {
  const { props, values, storage, secret, network, shared, wakeUps, ends, links, builds } = parts;
  const common = { table: storage.table.tableName, logLevel: values.logLevel };
  const bucket = storage.bucket.bucketName;
  const wakeUpQueue = wakeUps.queue.queueUrl;
  const linkQueue = links?.queue.queueUrl ?? "";
  const { settings, services, maxAttemptMinutes, maxQueueHours, auditDays, tries, places } = values;
  const made = (name: keyof typeof TIMEOUTS) => ({
    bundle: parts.bundle(name),
    timeout: TIMEOUTS[name],
    ...(props.tracing ? { tracing: true } : {}),
  });
  const ecs = props.local ? { ecsEndpoint: props.local.ecsEndpoint } : {};

  /** Of whoever reads channels. */
  const reading = {
    ...common,
    bucket,
    settings,
    allowedPrivateHosts: values.allowedPrivateHosts,
    channelSecrets: parts.channelSecrets,
  };

  const { handler: solve } = new Solve(scope, "Solve", {
    description: "Solves specifications before they are built",
    ...made("solve"),
    ...(props.solvesAtOnce === undefined ? {} : { atOnce: props.solvesAtOnce }),
    variables: {
      ...reading,
      repodataMinutesMax: values.repodataMinutesMax,
    },
  });
  /** Of whoever starts tasks. */
  const placement = {
    cluster: builds.cluster.clusterArn,
    subnets: network.subnets.map((subnet) => subnet.subnetId).join(","),
    securityGroups: network.taskGroup.securityGroupId,
    assignsPublicIp: String(network.assignsPublicIp),
  };
  const { handler: prefetch, task: prefetchTask } = new Prefetch(scope, "Prefetch", {
    description: "Reads the indexes of channels",
    ...made("prefetch"),
    ...ecs,
    ...(props.prefetchMemoryMb === undefined ? {} : { memoryMb: props.prefetchMemoryMb }),
    builds,
    taskSizes: values.taskSizes,
    variables: reading,
    functionVariables: { ...placement, privateIndexedChannels: values.privateIndexedChannels },
  });
  const api = new CondaStoreFunction(scope, "ApiFunction", {
    description: "conda-store's HTTP API and its page",
    ...made("api"),
    variables: {
      ...common,
      bucket,
      settings,
      allowedPrivateHosts: values.allowedPrivateHosts,
      maxAttemptMinutes,
      wakeUpQueue,
      linkQueue,
      solveFunction: solve.functionArn,
      auditDays,
      secret: secret.secretArn,
      ...tries,
      maxQueueHours,
      services,
      prefetchFunction: prefetch.functionArn,
      ...values.door,
    },
  });
  const front = new Api(scope, "Api", {
    handler: api,
    ...(props.domain && { domain: props.domain }),
    ...(props.requestsPerSecond === undefined ? {} : { requestsPerSecond: props.requestsPerSecond }),
  });
  const { handler: registry } = new Registry(scope, "Registry", {
    description: "Images of environments, for docker and its like",
    ...made("registry"),
    door: front.api,
    variables: { ...common, bucket, secret: secret.secretArn, services },
  });
  const { handler: dispatch } = new Dispatch(scope, "Dispatch", {
    description: "Starts build tasks for waiting builds",
    ...made("dispatch"),
    ...ecs,
    wakeUps,
    builds,
    variables: {
      ...common,
      wakeUpQueue,
      ...placement,
      taskDefinition: builds.taskDefinition.taskDefinitionArn,
      ...places,
      taskSizes: tries.taskSizes,
    },
  });
  const { handler: finish } = new Finish(scope, "Finish", {
    description: "Ends builds whose task has ended",
    ...made("finish"),
    ends,
    builds,
    variables: { ...common, bucket, wakeUpQueue, linkQueue, auditDays, ...tries },
  });
  const store =
    shared && links
      ? new Store(scope, "Store", {
          description: "Keeps links and directories on the shared disk",
          ...made("store"),
          links,
          watchMinutes: values.watchesDisk ? values.watchMinutes : null,
          disk: {
            vpc: network.vpc,
            subnets: network.subnets,
            securityGroup: shared.storeGroup,
            accessPoint: shared.disk.accessPoint,
            directory: DISK_DIRECTORY,
          },
          variables: {
            ...common,
            storeDirectory: values.storeDirectory,
            diskDirectory: values.functionDiskDirectory,
            environmentLink: values.environmentLink,
            watchesDisk: String(values.watchesDisk),
            settings,
            allowedPrivateHosts: values.allowedPrivateHosts,
            auditDays,
          },
        }).handler
      : null;
  const { handler: sweep } = new Sweep(scope, "Sweep", {
    description: "Finds what nobody reported, and removes what nobody needs",
    ...made("sweep"),
    ...ecs,
    builds,
    variables: {
      ...common,
      bucket,
      settings,
      maxAttemptMinutes,
      wakeUpQueue,
      finishQueue: ends.queue.queueUrl,
      linkQueue,
      auditDays,
      removalGraceMinutes: values.removalGraceMinutes,
      cluster: builds.cluster.clusterArn,
      ...places,
      maxQueueHours,
      ...tries,
    },
  });
  const { handler: watch } = new Watch(scope, "Watch", {
    description: "Builds specifications that are kept as files",
    ...made("watch"),
    minutes: values.watchMinutes,
    variables: {
      ...common,
      bucket,
      settings,
      allowedPrivateHosts: values.allowedPrivateHosts,
      wakeUpQueue,
      auditDays,
    },
  });
  return { front, api, registry, dispatch, finish, store, sweep, prefetch, prefetchTask, solve, watch };
}
