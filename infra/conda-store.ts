import { join } from "node:path";
import { Stack } from "aws-cdk-lib";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { BASE_IMAGE } from "#core/image/reference.ts";
import { ENVIRONMENT_LINK } from "#core/layout.ts";
import { Api } from "./api.ts";
import { Builds } from "./builds.ts";
import type { CondaStoreProps } from "./conda-store-props.ts";
import { Dispatch } from "./dispatch.ts";
import { Finish } from "./finish.ts";
import { CondaStoreFunction, TIMEOUTS } from "./function.ts";
import { loginOf } from "./login.ts";
import { Monitoring } from "./monitoring.ts";
import { Network } from "./network.ts";
import { grantAll } from "./permissions.ts";
import { WorkQueue } from "./queues.ts";
import { Registry } from "./registry.ts";
import { acknowledgeFindings } from "./reviewed-findings.ts";
import { TokenSecret } from "./secret.ts";
import { settingsOf } from "./settings.ts";
import { faultOfDisk, SharedDisk } from "./shared-disk.ts";
import { Storage } from "./storage.ts";
import { Store } from "./store.ts";
import { Sweep } from "./sweep.ts";
import { checkTaskSizes, TASK_SIZES } from "./task-sizes.ts";

/** Where functions see the shared disk: Lambda wants it directly below /mnt. */
const DISK_DIRECTORY = "/mnt/conda-store";
/** Where build tasks see it: below a directory of the image that only root may enter. */
const TASK_DISK_DIRECTORY = "/mnt/supervisor/conda-store";
const WORK_DIRECTORY = "/var/lib/conda-store";

/**
 * Everything of a deployment, for a stack of this project's or of yours; a stack may hold several. It only wires: what a part
 * is like stands in the part's own file.
 */
export class CondaStore extends Construct {
  /** Where the API answers. */
  readonly url: string;
  /** What the CNAME of `domain` has to lead to, unless its zone was given; undefined without a domain. */
  readonly domainTarget: string | undefined;
  /** Signs tokens; `npm run token` reads it. */
  readonly tokenSecret: ISecret;
  /** Table and bucket. */
  readonly storage: Storage;
  /** What consumers mount at the store directory; null if there is none. */
  readonly disk: SharedDisk | null;
  /** Where environments are built. */
  readonly builds: Builds;
  /** Names of the secrets with credentials of channels begin so; a namespace's name follows. */
  readonly channelSecrets: string;

  constructor(scope: Construct, id: string, props: CondaStoreProps = {}) {
    super(scope, id);
    const { local } = props;
    const login = loginOf(props);
    const retained = props.keepData ?? local === undefined;
    this.channelSecrets = channelSecretsOf(this);
    const bundles = props.bundles ?? join(import.meta.dirname, "..", "dist");
    const bundle = (name: string): string => join(bundles, name);

    const storage = new Storage(this, "Storage", {
      retained,
      ...(props.restoredTable === undefined ? {} : { restoredTable: props.restoredTable }),
    });
    const { secret } = new TokenSecret(this, "Tokens", { retained });
    const network = new Network(this, "Network", props.network);
    const shared = sharedDisk(this, network, props);
    const disk = shared?.disk ?? null;
    const wakeUps = new WorkQueue(this, "WakeUps", { timeout: TIMEOUTS.dispatch });
    const ends = new WorkQueue(this, "Ends", { timeout: TIMEOUTS.finish });
    const links = shared && new WorkQueue(this, "Links", { timeout: TIMEOUTS.store });
    const linkQueue = links?.queue.queueUrl ?? "";

    const storeDirectory = local?.storeDirectory ?? props.storeDirectory ?? "/opt/conda-store";
    const taskDiskDirectory = shared ? (local?.taskDiskDirectory ?? TASK_DISK_DIRECTORY) : "";
    const workDirectory = local?.taskWorkDirectory ?? WORK_DIRECTORY;
    const common = { table: storage.table.tableName, logLevel: props.logLevel ?? "info" };
    const bucket = storage.bucket.bucketName;
    const settings = JSON.stringify(local?.settings ?? settingsOf(props));
    const allowedPrivateHosts = (local?.allowedPrivateHosts ?? props.allowedPrivateHosts ?? []).join(",");
    const maxAttemptMinutes = String(props.maxAttemptMinutes ?? 60);
    const slots = props.slots ?? 10;
    const taskSizes = props.taskSizes ?? TASK_SIZES;
    checkTaskSizes(taskSizes);
    const tries = {
      maxTries: JSON.stringify(props.maxTries ?? {}),
      taskSizes: JSON.stringify(taskSizes),
    };
    const auditDays = String(props.auditDays ?? 365);
    const maxQueueHours = String(props.maxQueueHours ?? 24);
    const places = {
      slots: String(slots),
      slotsPerNamespace: String(props.slotsPerNamespace ?? Math.ceil(slots / 2)),
    };
    const traced = props.tracing ? { tracing: true } : {};
    const ecs = local ? { ecsEndpoint: local.ecsEndpoint } : {};

    const builds = new Builds(this, "Builds", {
      network,
      disk,
      bundle: bundle("build-task"),
      ...taskImage(props),
      size: taskSizes[0],
      storeDirectory,
      diskDirectory: taskDiskDirectory,
      workDirectory,
      variables: {
        table: common.table,
        bucket,
        settings,
        allowedPrivateHosts,
        storeDirectory,
        maxAttemptMinutes,
        channelSecrets: this.channelSecrets,
        finishQueue: ends.queue.queueUrl,
        diskDirectory: taskDiskDirectory,
        workDirectory,
        isolation: local ? "possible" : "required",
        baseImage: local?.baseImage ?? props.baseImage ?? BASE_IMAGE,
        engine: local?.engine ?? "mamba",
        engineProgram: local?.engineProgram ?? "/usr/local/bin/micromamba",
        packPython: local?.packPython ?? "/opt/conda-pack/bin/python",
      },
    });

    const api = new CondaStoreFunction(this, "ApiFunction", {
      description: "conda-store's HTTP API and its page",
      bundle: bundle("api"),
      timeout: TIMEOUTS.api,
      ...traced,
      variables: {
        ...common,
        bucket,
        settings,
        allowedPrivateHosts,
        maxAttemptMinutes,
        wakeUpQueue: wakeUps.queue.queueUrl,
        linkQueue,
        auditDays,
        secret: secret.secretArn,
        urlPrefix: props.urlPrefix ?? "/",
        proxyStripsPrefix: String(props.proxyStripsPrefix ?? false),
        login: JSON.stringify(login),
        services: JSON.stringify(props.services ?? []),
        ...tries,
        maxQueueHours,
        submissionsPerMinute: String(props.submissionsPerMinute ?? 60),
        loginsPerMinute: String(props.loginsPerMinute ?? 10),
      },
    });
    const front = new Api(this, "Api", {
      handler: api,
      ...(props.domain && { domain: props.domain }),
      ...(props.requestsPerSecond === undefined ? {} : { requestsPerSecond: props.requestsPerSecond }),
    });
    const { handler: registry } = new Registry(this, "Registry", {
      description: "Images of environments, for docker and its like",
      bundle: bundle("registry"),
      timeout: TIMEOUTS.registry,
      ...traced,
      door: front.api,
      variables: { ...common, bucket, secret: secret.secretArn },
    });
    const { handler: dispatch } = new Dispatch(this, "Dispatch", {
      description: "Starts build tasks for waiting builds",
      bundle: bundle("dispatch"),
      timeout: TIMEOUTS.dispatch,
      ...traced,
      ...ecs,
      wakeUps,
      builds,
      variables: {
        ...common,
        wakeUpQueue: wakeUps.queue.queueUrl,
        cluster: builds.cluster.clusterArn,
        taskDefinition: builds.taskDefinition.taskDefinitionArn,
        subnets: network.subnets.map((subnet) => subnet.subnetId).join(","),
        securityGroups: network.taskGroup.securityGroupId,
        assignsPublicIp: String(network.assignsPublicIp),
        ...places,
        taskSizes: tries.taskSizes,
      },
    });
    const { handler: finish } = new Finish(this, "Finish", {
      description: "Ends builds whose task has ended",
      bundle: bundle("finish"),
      timeout: TIMEOUTS.finish,
      ...traced,
      ends,
      builds,
      variables: {
        ...common,
        bucket,
        wakeUpQueue: wakeUps.queue.queueUrl,
        linkQueue,
        auditDays,
        ...tries,
      },
    });
    const store =
      shared && links
        ? new Store(this, "Store", {
            description: "Keeps links and directories on the shared disk",
            bundle: bundle("store"),
            timeout: TIMEOUTS.store,
            ...traced,
            links,
            disk: {
              vpc: network.vpc,
              subnets: network.subnets,
              securityGroup: shared.storeGroup,
              accessPoint: shared.disk.accessPoint,
              directory: DISK_DIRECTORY,
            },
            variables: {
              ...common,
              storeDirectory,
              diskDirectory: local?.storeDirectory ?? DISK_DIRECTORY,
              environmentLink: props.environmentLink ?? ENVIRONMENT_LINK,
            },
          }).handler
        : null;
    const { handler: sweep } = new Sweep(this, "Sweep", {
      description: "Finds what nobody reported, and removes what nobody needs",
      bundle: bundle("sweep"),
      timeout: TIMEOUTS.sweep,
      ...traced,
      ...ecs,
      builds,
      variables: {
        ...common,
        bucket,
        settings,
        maxAttemptMinutes,
        wakeUpQueue: wakeUps.queue.queueUrl,
        finishQueue: ends.queue.queueUrl,
        linkQueue,
        auditDays,
        removalGraceMinutes: String(props.removalGraceMinutes ?? 60),
        cluster: builds.cluster.clusterArn,
        ...places,
        maxQueueHours,
        ...tries,
      },
    });

    new Monitoring(this, "Monitoring", {
      api: front.api,
      table: storage.table,
      fileSystem: disk?.fileSystem ?? null,
      queues: [wakeUps, ends, ...(links ? [links] : [])],
      functions: [api, registry, dispatch, finish, ...(store ? [store] : []), sweep],
      apiFunction: api,
      sweep,
      ...(props.waitAlarmMinutes === undefined ? {} : { waitAlarmMinutes: props.waitAlarmMinutes }),
      ...(props.alarmTopicArn === undefined ? {} : { alarmTopicArn: props.alarmTopicArn }),
    });
    grantAll({
      storage,
      secret,
      channelSecrets: this.channelSecrets,
      login,
      wakeUps,
      ends,
      links,
      api,
      registry,
      dispatch,
      finish,
      store,
      sweep,
      builds,
    });
    acknowledgeFindings(this, {
      bucket: storage.bucket,
      cluster: builds.cluster,
      channelSecrets: this.channelSecrets,
    });
    this.url = front.url;
    this.domainTarget = front.domainTarget;
    this.tokenSecret = secret;
    this.storage = storage;
    this.disk = disk;
    this.builds = builds;
  }
}

/** By the stack's name, which no other has in its account and region, and by the construct's where a stack may hold several. */
function channelSecretsOf(scope: Construct): string {
  const { node } = scope;
  const within = node.scopes.slice(node.scopes.indexOf(Stack.of(scope)) + 1).map(({ node: { id } }) => id);
  const names = [Stack.of(scope).stackName, ...within.filter((id) => id !== "Default")];
  return `conda-store/${names.join("/")}/channels/`;
}

/** The disk with the group of the function that looks after it; null in a deployment without. */
function sharedDisk(scope: Construct, network: Network, props: CondaStoreProps) {
  const { sharedDisk: existing } = props;
  if (existing === "none") return null;
  const fault = faultOfDisk(existing, props.network);
  if (fault !== null) throw new Error(`sharedDisk ${fault}.`);
  const storeGroup = network.addStoreGroup();
  const disk = new SharedDisk(scope, "SharedDisk", {
    network,
    clients: [network.taskGroup, storeGroup],
    ...(existing && { existing }),
    retained: props.keepData ?? props.local === undefined,
    ...props.diskOwner,
  });
  return { disk, storeGroup };
}

function taskImage(props: CondaStoreProps) {
  const image = props.local?.image ?? props.image;
  return {
    ...(image === undefined ? {} : { image }),
    ...(props.architecture === undefined ? {} : { architecture: props.architecture }),
    ...(props.taskDiskGiB === undefined ? {} : { diskGiB: props.taskDiskGiB }),
  };
}
