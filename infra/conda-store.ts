import { join } from "node:path";
import { Stack } from "aws-cdk-lib";
import type { FargateTaskDefinition } from "aws-cdk-lib/aws-ecs";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import { Builds } from "./builds.ts";
import type { CondaStoreProps } from "./conda-store-props.ts";
import { TIMEOUTS } from "./function.ts";
import { addFunctions } from "./functions.ts";
import { Monitoring } from "./monitoring.ts";
import { Network } from "./network.ts";
import { grantAll } from "./permissions.ts";
import { WorkQueue } from "./queues.ts";
import { acknowledgeFindings } from "./reviewed-findings.ts";
import { TokenSecret } from "./secret.ts";
import { type DiskAndGroup, faultOfDisk, SharedDisk } from "./shared-disk.ts";
import { Storage } from "./storage.ts";
import { valuesOf } from "./values.ts";

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
  /** Tells the function that looks after links where to look; undefined without a shared disk. */
  readonly linkQueueUrl: string | undefined;
  /** Where environments are built. */
  readonly builds: Builds;
  /** Reads channels that are too large for a function. */
  readonly prefetchTask: FargateTaskDefinition;
  /** Names of the secrets with credentials of channels begin so; a namespace's name follows. */
  readonly channelSecrets: string;

  constructor(scope: Construct, id: string, props: CondaStoreProps = {}) {
    super(scope, id);
    const values = valuesOf(props);
    const channelSecrets = channelSecretsOf(this);
    const retained = isRetained(props);
    const bundles = props.bundles ?? join(import.meta.dirname, "..", "dist");
    const bundle = (name: string): string => join(bundles, name);

    const storage = new Storage(this, "Storage", {
      retained,
      ...(props.restoredTable === undefined ? {} : { restoredTable: props.restoredTable }),
      ...(props.packageDays === undefined ? {} : { packageDays: props.packageDays }),
    });
    const { secret } = new TokenSecret(this, "Tokens", { retained });
    const network = new Network(this, "Network", props.network);
    const shared = sharedDisk(this, network, props);
    const disk = shared?.disk ?? null;
    const wakeUps = new WorkQueue(this, "WakeUps", { timeout: TIMEOUTS.dispatch });
    const ends = new WorkQueue(this, "Ends", { timeout: TIMEOUTS.finish });
    const links = shared && new WorkQueue(this, "Links", { timeout: TIMEOUTS.store });
    const { storeDirectory, taskDiskDirectory, workDirectory } = values;
    const builds = new Builds(this, "Builds", {
      network,
      disk,
      bundle: bundle("build-task"),
      ...taskImage(props),
      size: values.taskSizes[0],
      storeDirectory,
      diskDirectory: taskDiskDirectory,
      workDirectory,
      variables: {
        table: storage.table.tableName,
        bucket: storage.bucket.bucketName,
        settings: values.settings,
        allowedPrivateHosts: values.allowedPrivateHosts,
        storeDirectory,
        maxAttemptMinutes: values.maxAttemptMinutes,
        channelSecrets,
        repodataMinutesMax: values.repodataMinutesMax,
        finishQueue: ends.queue.queueUrl,
        diskDirectory: taskDiskDirectory,
        workDirectory,
        ...values.tools,
      },
    });
    const parts = { storage, secret, wakeUps, ends, links, builds };
    const functions = addFunctions(this, {
      ...parts,
      ...{ props, values, bundle, network, shared, channelSecrets },
    });
    const { front, api, registry, dispatch, finish, store, sweep, prefetch, prefetchTask, solve, watch } =
      functions;

    new Monitoring(this, "Monitoring", {
      api: front.api,
      table: storage.table,
      fileSystem: disk?.fileSystem ?? null,
      queues: [wakeUps, ends, ...(links ? [links] : [])],
      functions: [api, registry, dispatch, finish, ...(store ? [store] : []), sweep, prefetch, solve, watch],
      apiFunction: api,
      sweep,
      ...(props.waitAlarmMinutes === undefined ? {} : { waitAlarmMinutes: props.waitAlarmMinutes }),
      ...(props.alarmTopicArn === undefined ? {} : { alarmTopicArn: props.alarmTopicArn }),
    });
    grantAll({
      ...parts,
      ...functions,
      channelSecrets,
      login: values.login,
      watchesDisk: values.watchesDisk,
    });
    acknowledgeFindings(this, { bucket: storage.bucket, builds, prefetchTask, channelSecrets });
    this.channelSecrets = channelSecrets;
    this.url = front.url;
    this.domainTarget = front.domainTarget;
    this.tokenSecret = secret;
    this.storage = storage;
    this.disk = disk;
    this.linkQueueUrl = links?.queue.queueUrl;
    this.builds = builds;
    this.prefetchTask = prefetchTask;
  }
}

/** By the stack's name, which no other has in its account and region, and by the construct's where a stack may hold several. */
function channelSecretsOf(scope: Construct): string {
  const { node } = scope;
  const within = node.scopes.slice(node.scopes.indexOf(Stack.of(scope)) + 1).map(({ node: { id } }) => id);
  const names = [Stack.of(scope).stackName, ...within.filter((id) => id !== "Default")];
  return `conda-store/${names.join("/")}/channels/`;
}

/** On one machine nothing is worth more than the folder that it lies in. */
const isRetained = (props: CondaStoreProps): boolean => props.keepData ?? props.local === undefined;

/** The disk with the group of the function that looks after it; null in a deployment without. */
function sharedDisk(scope: Construct, network: Network, props: CondaStoreProps): DiskAndGroup | null {
  const { sharedDisk: existing } = props;
  if (existing === "none") return null;
  const fault = faultOfDisk(existing, props.network);
  if (fault !== null) throw new Error(`sharedDisk ${fault}.`);
  const storeGroup = network.addStoreGroup();
  const disk = new SharedDisk(scope, "SharedDisk", {
    network,
    clients: [network.taskGroup, storeGroup],
    ...(existing && { existing }),
    retained: isRetained(props),
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
