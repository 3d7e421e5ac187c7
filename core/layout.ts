/**
 * Names that infrastructure and code share: environment variables, key prefixes, object keys, paths.
 * Bundled everywhere and imported by infra/, so it must stay free of dependencies.
 * @module
 */

/** Environment variables of functions and of the build task. Each is set by infra/ and read by adapters/config.ts. */
export const VARIABLES = {
  table: "CONDA_STORE_TABLE",
  bucket: "CONDA_STORE_BUCKET",
  wakeUpQueue: "CONDA_STORE_WAKE_UP_QUEUE_URL",
  finishQueue: "CONDA_STORE_FINISH_QUEUE_URL",
  /** Empty without a shared disk, as diskDirectory is. */
  linkQueue: "CONDA_STORE_LINK_QUEUE_URL",
  secret: "CONDA_STORE_SECRET_ARN",
  solveFunction: "CONDA_STORE_SOLVE_FUNCTION_ARN",
  cluster: "CONDA_STORE_CLUSTER",
  taskDefinition: "CONDA_STORE_TASK_DEFINITION",
  subnets: "CONDA_STORE_SUBNETS",
  securityGroups: "CONDA_STORE_SECURITY_GROUPS",
  /** "true" where a task needs an address of its own to reach anything. */
  assignsPublicIp: "CONDA_STORE_ASSIGNS_PUBLIC_IP",
  slots: "CONDA_STORE_SLOTS",
  slotsPerNamespace: "CONDA_STORE_SLOTS_PER_NAMESPACE",
  /** JSON object: the deployment's values of the settings of core/settings (the lowest layer). */
  settings: "CONDA_STORE_SETTINGS",
  /** Path in front of every route but the registry's; "/" or "/conda-store". */
  urlPrefix: "CONDA_STORE_URL_PREFIX",
  /** "true" where a proxy in front takes that path away before it asks. */
  proxyStripsPrefix: "CONDA_STORE_PROXY_STRIPS_PREFIX",
  /** JSON object: how people log in, see core/login/backends.ts. It names secrets and holds none. */
  login: "CONDA_STORE_LOGIN",
  /** JSON array: services with tokens of their own, as core/token/services.ts reads them. */
  services: "CONDA_STORE_SERVICES",
  /** Most builds that one principal may ask for in a minute, and most tries to log in under one name from one address. */
  submissionsPerMinute: "CONDA_STORE_SUBMISSIONS_PER_MINUTE",
  loginsPerMinute: "CONDA_STORE_LOGINS_PER_MINUTE",
  /** Comma-separated host[:port] list that channel and package addresses may use though private or loopback. */
  allowedPrivateHosts: "CONDA_STORE_ALLOWED_PRIVATE_HOSTS",
  /** Where consumers mount the shared disk, and so the prefix that is baked into environments. */
  storeDirectory: "CONDA_STORE_STORE_DIRECTORY",
  /** Where the link of an environment lies below it, with {namespace} and {name}. */
  environmentLink: "CONDA_STORE_ENVIRONMENT_LINK",
  /** Where the build task and the store function see the shared disk. */
  diskDirectory: "CONDA_STORE_DISK_DIRECTORY",
  /** "true" where the store function watches files on it. */
  watchesDisk: "CONDA_STORE_WATCHES_DISK",
  /** The build task's own fast disk for package caches and temporary files. */
  workDirectory: "CONDA_STORE_WORK_DIRECTORY",
  /** Set by RunTask's overrides. */
  buildId: "CONDA_STORE_BUILD_ID",
  /** "mamba" or "rattler". */
  engine: "CONDA_STORE_ENGINE",
  /** Path of the engine's program: mamba or micromamba for "mamba", a Python with py-rattler for "rattler". */
  engineProgram: "CONDA_STORE_ENGINE_PROGRAM",
  /** A Python with conda-pack and isal. */
  packPython: "CONDA_STORE_PACK_PYTHON",
  /** File that counts the processes killed for memory, where it is not the kernel who limits it: set on one machine only. */
  memoryEvents: "CONDA_STORE_MEMORY_EVENTS",
  /** "required": a build task that cannot give packages' own code a user of its own builds nothing; or "possible". */
  isolation: "CONDA_STORE_ISOLATION",
  maxAttemptMinutes: "CONDA_STORE_MAX_ATTEMPT_MINUTES",
  maxQueueHours: "CONDA_STORE_MAX_QUEUE_HOURS",
  /** JSON array of { cpuUnits, memoryMiB }: the sizes of build tasks, smallest first. */
  taskSizes: "CONDA_STORE_TASK_SIZES",
  /** JSON object: how often a build is tried, by cause; what it leaves out is as in core/build/tries.ts. */
  maxTries: "CONDA_STORE_MAX_TRIES",
  removalGraceMinutes: "CONDA_STORE_REMOVAL_GRACE_MINUTES",
  auditDays: "CONDA_STORE_AUDIT_DAYS",
  /** JSON object: private channels whose index is kept, a list for each namespace (core/repodata/private-channels.ts). */
  privateIndexedChannels: "CONDA_STORE_PRIVATE_INDEXED_CHANNELS",
  /** A stored index is given to builds only if it was compared with the channel's within so many minutes. */
  repodataMinutesMax: "CONDA_STORE_REPODATA_MINUTES_MAX",
  /** JSON object: what the task that reads a channel was started for (core/repodata/order.ts). Set by RunTask's overrides. */
  repodataOrder: "CONDA_STORE_REPODATA_ORDER",
  /** ARN of the function that reads channels. */
  prefetchFunction: "CONDA_STORE_PREFETCH_FUNCTION_ARN",
  /** Names of the secrets with credentials of channels begin so. */
  channelSecrets: "CONDA_STORE_CHANNEL_SECRETS",
  logLevel: "CONDA_STORE_LOG_LEVEL",
} as const;

export type VariableValues = { readonly [K in keyof typeof VARIABLES]?: string };

/** `{ table: "x" }` becomes `{ CONDA_STORE_TABLE: "x" }`, so that nobody spells one. */
export function variables(values: VariableValues): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [VARIABLES[name as keyof typeof VARIABLES], value]),
  );
}

/** Where CloudWatch files the metrics; those of a deployment are told apart by its table's name. */
export const METRIC_NAMESPACE = "CondaStore";
export const METRIC_DIMENSION = "table";
/** What functions count, with CloudWatch's units. Alarms and the dashboard read them. */
export const METRICS = {
  BuildsCompleted: "Count",
  BuildsFailed: "Count",
  /** Builds that sweep had to end: nobody else did. */
  BuildsLost: "Count",
  /** Builds in the waiting line; counted up to the number that a pass looks at. */
  BuildsWaiting: "Count",
  /** Subdirs of channels whose index a run of prefetch put in force, or could not read. */
  IndexesChanged: "Count",
  IndexesFailed: "Count",
  /** Of the stored index that was longest not found to be as its channel has it. */
  OldestIndex: "Seconds",
  OldestWait: "Seconds",
  SlotsTaken: "Count",
  /** Tasks that ECS did not start when asked. */
  TasksNotStarted: "Count",
} as const;
export type MetricName = keyof typeof METRICS;

/** Names of the containers in the tasks' definitions; RunTask's overrides name them. */
export const BUILD_CONTAINER = "build";
export const PREFETCH_CONTAINER = "prefetch";

/** Object key prefixes; roles are granted by them. */
export const PREFIXES = {
  locks: "locks/",
  archives: "archives/",
  exports: "exports/",
  logs: "logs/",
  blobs: "blobs/",
  manifests: "manifests/",
  packages: "packages/",
  repodata: "repodata/",
  index: "index/",
  watched: "watched/",
} as const;

/** A lockfile (conda-lock v1, as JSON text: clients of conda-store parse it as JSON) by its lock digest. */
export const lockKey = (digest: string): string => `${PREFIXES.locks}sha256/${digest}.json`;
/** A conda-pack archive by its reuse key. */
export const archiveKey = (reuseKey: string): string => `${PREFIXES.archives}${reuseKey}.tar.gz`;
/** The same behind a script that unpacks it. */
export const installerKey = (reuseKey: string): string => `${PREFIXES.archives}${reuseKey}.sh`;
/** The YAML export of an environment by its reuse key. */
export const exportKey = (reuseKey: string): string => `${PREFIXES.exports}${reuseKey}.yml`;
/** A layer or configuration of images by the hexadecimal digits of its sha256. */
export const blobKey = (hex: string): string => `${PREFIXES.blobs}sha256/${hex}`;
/** A manifest of an image, likewise. */
export const manifestKey = (hex: string): string => `${PREFIXES.manifests}sha256/${hex}`;
/** A pack of shards of one subdir of a channel, by the digest of its bytes. */
export const packKey = (channelKey: string, subdir: string, digest: string): string =>
  `${PREFIXES.repodata}${channelKey}/${subdir}/packs/${digest}`;
/** A channel's own index of shards, as it was read. */
export const shardIndexKey = (channelKey: string, subdir: string, digest: string): string =>
  `${PREFIXES.repodata}${channelKey}/${subdir}/shards/${digest}.msgpack.zst`;
/** The index of names of one subdir of a channel, or its summaries, by the digest of its bytes. */
export const nameIndexKey = (channelKey: string, subdir: string, digest: string): string =>
  `${PREFIXES.index}${channelKey}/${subdir}/${digest}.zst`;
/** A conda package by the channel that it came from and its sha256: what one channel has is never another's. */
export const packageKey = (channelKey: string, sha256: string): string =>
  `${PREFIXES.packages}${channelKey}/sha256/${sha256}`;
/** A watched file, or what is said about one, by its path. */
export const watchedKey = (path: string): string => `${PREFIXES.watched}${path}`;
/** What is said about watched files; no specification is called so. */
export const WATCHED_ERROR_ENDING = ".error.txt";
export const WATCHED_ERRORS = `${PREFIXES.watched}*${WATCHED_ERROR_ENDING}`;
/** Where watched files lie on the shared disk, below the store directory; with a sign that no namespace has, whose directories lie beside. */
export const WATCHED_DIRECTORY = "%watched";
/** Everything of a build's log. */
export const logsPrefix = (buildId: number): string => `${PREFIXES.logs}${buildId}/`;
/** All live log chunks of an attempt. */
export const logChunkPrefix = (buildId: number, attempt: number): string =>
  `${PREFIXES.logs}${buildId}/${attempt}/`;
/** One live log chunk; zero-padded so that listing gives the order. */
export const logChunkKey = (buildId: number, attempt: number, chunk: number): string =>
  `${logChunkPrefix(buildId, attempt)}${String(chunk).padStart(6, "0")}.jsonl`;
/**
 * The whole log of an ended build, by the sha256 of its text: an attempt that wakes up late writes beside the one that counts,
 * never over it.
 */
export const logKey = (buildId: number, sha256: string): string => `${logsPrefix(buildId)}${sha256}.txt`;

/**
 * How Node runs the build task. A small young generation makes Node collect what streams leave behind soon enough that
 * the process stays below 200 MB; the Dockerfile says the same.
 */
export const BUILD_TASK_FLAGS = ["--max-semi-space-size=2"] as const;

/**
 * Name of the directory that an attempt makes: the build key, from the second attempt on with its number. Each has its own, so that
 * one which stood still and goes on can neither write into the directory that counts nor take it away.
 */
export const directoryName = (buildKey: string, attempt: number): string =>
  attempt === 1 ? buildKey : `${buildKey}.${attempt}`;
/** An environment's directory, below the store directory. */
export const prefixPath = (namespace: string, directory: string): string => `${namespace}/${directory}`;
/** Where the link of an environment lies unless the deployment says otherwise: conda-store's place. */
export const ENVIRONMENT_LINK = "{namespace}/envs/{name}";
/** Each namespace is mounted by itself, so the link stays in its directory, and out of the way of the builds' own. */
export const ENVIRONMENT_LINK_FORM = /^\{namespace\}\/[\w-]+\/(?:[\w.-]|\{namespace\})*\{name\}[\w.-]*$/;
/** The atomically replaced link to the current build's directory, below the store directory. */
export const linkPath = (namespace: string, environment: string, pattern: string): string =>
  pattern.replace(/\{(namespace|name)\}/g, (_, key) => (key === "name" ? environment : namespace));

/** At 255 bytes mamba corrupts binaries without a word; at 254 it does not. */
export const PREFIX_BYTES_MAX = 254;
/** conda-store's own sentence, which its clients' tests compare. */
export const PREFIX_TOO_LONG = "build_path too long: must be <= 255 characters";

/**
 * Name of the secret with a namespace's credentials of channels. Secrets Manager takes fewer characters than namespaces do:
 * the others, and the sign that marks them, are written as their codes.
 * @param prefix ends with a slash
 */
export const channelSecretName = (prefix: string, namespace: string): string =>
  prefix + namespace.replace(/[^A-Za-z0-9_+.@-]/g, (sign) => `=${sign.charCodeAt(0).toString(16)}`);

/** Name of the secret with credentials of the registries that base images come from: no namespace has it, whose signs have codes. */
export const registrySecretName = (prefix: string): string => `${prefix}=registries`;

/** The table's key attributes; both are strings. */
export const TABLE_KEYS = { partition: "pk", sort: "sk" } as const;
/** Its indexes and the attribute that each is partitioned by; sorted as the table is. Only entries of the audit have these attributes. */
export const TABLE_INDEXES = { auditByActor: "auditBy", auditByTime: "auditAll" } as const;
/** Its time-to-live attribute: seconds since the epoch. */
export const TABLE_TTL = "expiresAt";

/** Name of the task definition's volume that is the shared disk; the other volumes are the task's own. */
export const SHARED_DISK_VOLUME = "shared-disk";
