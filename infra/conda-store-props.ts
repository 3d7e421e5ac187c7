import type { LoginInput } from "#core/login/backends.ts";
import type { PrivateChannels } from "#core/repodata/private-channels.ts";
import type { ServicesInput } from "#core/token/services.ts";
import type { DomainProps } from "./domain.ts";
import type { LocalDeployment } from "./local-deployment.ts";
import type { NetworkProps } from "./network.ts";
import type { ExistingDisk } from "./shared-disk.ts";
import type { TaskSize } from "./task-sizes.ts";

/** What a deployment may choose; docs/operations.md has the same as a table. */
export interface CondaStoreProps {
  /**
   * Directory with one bundle per function, filled by `npm run bundle`.
   * @default - `dist` in the project's folder
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
   * Image that images of environments are put on: a reference, a root file system as `https://…/root.tar.gz#sha256:…`, or `scratch`
   * for none. It is copied once for each build task's platform, and what a tag means is asked for once a day. Namespaces may name
   * another one, from where the setting `docker_allowed_base_images` allows.
   * @default "docker.io/library/debian:stable-slim"
   */
  readonly baseImage?: string;
  /**
   * Minutes from when nothing uses bytes any more to when they are removed: downloads that were begun, and kernels that
   * run in a deleted directory, have this long.
   * @default 60
   */
  readonly removalGraceMinutes?: number;
  /**
   * Days that entries of the audit are kept.
   * @default 365
   */
  readonly auditDays?: number;
  /**
   * Whether table, bucket, file system and the key of the tokens outlive the stack.
   * @default true
   */
  readonly keepData?: boolean;
  /**
   * Name of a table that was restored from a backup and takes the place of the stack's own, which stays as it is.
   * @default - the stack's own table
   */
  readonly restoredTable?: string;
  /**
   * Network of build tasks and of the shared disk.
   * @default - a VPC of its own with a public subnet in each of two zones, and no NAT
   */
  readonly network?: NetworkProps;
  /**
   * A file system of yours, which takes a network of yours; or "none": builds leave archives, lockfiles and logs, and no
   * directory that could be mounted.
   * @default - a file system of its own
   */
  readonly sharedDisk?: "none" | ExistingDisk;
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
   * A name of the team's own with its certificate; API Gateway's own name then answers no more.
   * @default - API Gateway's own name
   */
  readonly domain?: DomainProps;
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
   * Solves without a build at the same time, of all callers together: reserved of the account's concurrent executions, of which AWS
   * wants a rest to stay.
   * @default - as many as the account has
   */
  readonly solvesAtOnce?: number;
  /**
   * Tries to log in with a password in a minute, under one name from one address, and ten times as many from one address.
   * @default 10
   */
  readonly loginsPerMinute?: number;
  /**
   * Where people log in, and how their browsers reach the service (docs/login.md). Names secrets of Secrets Manager, holds none.
   * @default - nobody logs in: tokens only
   */
  readonly login?: LoginInput;
  /**
   * Services with tokens of their own, which `npm run token -- --service NAME` makes: name, the token's SHA-256, roles, and when it
   * ends, if it does.
   * @default []
   */
  readonly services?: ServicesInput;
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
   * Private channels whose index is kept for the builds of one namespace, with its credentials: a list for each namespace.
   * @default {}
   */
  readonly privateIndexedChannels?: PrivateChannels;
  /**
   * A stored index of a channel is given to builds only if it was compared with the channel's within so many minutes.
   * @default 60
   */
  readonly repodataMinutesMax?: number;
  /**
   * Memory of the function that reads channels, in MB, and with it its share of CPUs: a channel that is too large for it is
   * read by a task (docs/repodata.md). New accounts of AWS have 3,008 at most, others 10,240.
   * @default 1769
   */
  readonly prefetchMemoryMb?: number;
  /**
   * Whether files in the directory `%watched` of the shared disk are watched, too. Whoever may write there builds in every namespace
   * (docs/watched-files.md).
   * @default false
   */
  readonly watchesDisk?: boolean;
  /**
   * Minutes from one look at the files in which operators keep specifications to the next (docs/watched-files.md).
   * @default 5
   */
  readonly watchMinutes?: number;
  /**
   * Days that conda packages are kept for other builds after one has fetched them.
   * @default 90
   */
  readonly packageDays?: number;
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
   * Lambda's own traces, in X-Ray; paid for by the trace.
   * @default false
   */
  readonly tracing?: boolean;
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
