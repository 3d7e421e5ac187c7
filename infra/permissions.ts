/**
 * Who may do what: every grant of the deployment but those that CDK makes for event sources, logs and networks.
 * Bound to key prefixes of objects and partition keys of items, so that a fault in one part cannot reach the rest.
 * @module
 */
import { ArnFormat, Stack } from "aws-cdk-lib";
import { type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { PREFIXES, WATCHED_ERRORS } from "#core/layout.ts";
import type { LoginInput } from "#core/login/backends.ts";
import type { Builds } from "./builds.ts";
import type { Functions } from "./functions.ts";
import {
  API_ITEMS,
  AUDIT,
  DISPATCH_ITEMS,
  FINISH_ITEMS,
  PREFETCH_ITEMS,
  PREFETCH_TASK_ITEMS,
  REGISTRY_ITEMS,
  SOLVE_ITEMS,
  STORE_ITEMS,
  SWEEP_ITEMS,
  TASK_ITEMS,
  WATCH_ITEMS,
} from "./item-permissions.ts";
import { clientSecretsOf, hooksOf } from "./login.ts";
import type { WorkQueue } from "./queues.ts";
import type { Storage } from "./storage.ts";

export interface Parts extends Omit<Functions, "front"> {
  readonly storage: Storage;
  readonly secret: ISecret;
  /** Names of the secrets with credentials of channels begin so. */
  readonly channelSecrets: string;
  readonly login: LoginInput;
  readonly wakeUps: WorkQueue;
  readonly ends: WorkQueue;
  /** Without a shared disk there is nothing to be told, and nobody to tell. */
  readonly links: WorkQueue | null;
  readonly builds: Builds;
  /** Whether files on the shared disk are watched. */
  readonly watchesDisk: boolean;
}

/** What a build writes once and content-addressed. */
const PRODUCTS = [PREFIXES.locks, PREFIXES.archives, PREFIXES.exports];
/** Of images, likewise. */
const IMAGES = [PREFIXES.blobs, PREFIXES.manifests];
/** What is kept of channels. */
const INDEXES = [PREFIXES.repodata, PREFIXES.index];

export function grantAll(parts: Parts): void {
  grantApi(parts);
  grantRegistry(parts);
  grantDispatch(parts);
  grantFinish(parts);
  grantStore(parts);
  grantSweep(parts);
  grantPrefetch(parts);
  grantTask(parts);
  grantSolve(parts);
  grantWatch(parts);
}

/** Reads and submits; it signs addresses of products and reads logs, and writes no object at all. */
function grantApi({ api, storage, secret, login, wakeUps, links, prefetch }: Parts): void {
  storage.grantItems(api, API_ITEMS);
  storage.grantIndexes(api, [AUDIT]);
  storage.grantGet(api, [...PRODUCTS, PREFIXES.logs, ...INDEXES]);
  allow(api, "lambda:InvokeFunction", prefetch.functionArn);
  storage.grantList(api, [PREFIXES.logs]);
  allow(api, "secretsmanager:GetSecretValue", secret.secretArn);
  for (const arn of clientSecretsOf(login)) allow(api, "secretsmanager:GetSecretValue", arn);
  for (const arn of hooksOf(login)) allow(api, "lambda:InvokeFunction", arn);
  send(wakeUps, api);
  if (links) send(links, api);
}

/** Says which blobs belong to what a caller may read, and signs their addresses. */
function grantRegistry({ registry, storage, secret }: Parts): void {
  storage.grantItems(registry, REGISTRY_ITEMS);
  storage.grantGet(registry, IMAGES);
  storage.grantList(registry, [PREFIXES.manifests]);
  allow(registry, "secretsmanager:GetSecretValue", secret.secretArn);
}

/** Slots and builds; what it may do with ECS stands in builds.ts. */
function grantDispatch({ dispatch, storage, wakeUps }: Parts): void {
  storage.grantItems(dispatch, DISPATCH_ITEMS);
  send(wakeUps, dispatch);
}

/** The only one that completes builds; it puts back into the line what is tried again, and ends the log of a task that died. */
function grantFinish({ finish, storage, wakeUps, links }: Parts): void {
  storage.grantItems(finish, FINISH_ITEMS);
  storage.grantGet(finish, [...PRODUCTS, PREFIXES.manifests, PREFIXES.logs]);
  storage.grantList(finish, [...PRODUCTS, PREFIXES.manifests, PREFIXES.logs]);
  storage.grantPut(finish, [PREFIXES.logs]);
  send(wakeUps, finish);
  if (links) send(links, finish);
}

/** Ends builds whose task is gone, and their logs; it reads no product, and is the only one that removes any. What it may do with ECS stands in builds.ts. */
function grantSweep({ sweep, storage, wakeUps, ends, links }: Parts): void {
  storage.grantItems(sweep, SWEEP_ITEMS);
  storage.grantGet(sweep, [PREFIXES.logs]);
  storage.grantList(sweep, [PREFIXES.logs]);
  storage.grantPut(sweep, [PREFIXES.logs]);
  storage.grantDelete(sweep, [...PRODUCTS, ...IMAGES, PREFIXES.logs]);
  send(wakeUps, sweep);
  send(ends, sweep);
  if (links) send(links, sweep);
}

/** Reads which build is current and what is condemned; it changes the disk. Where files on it are watched, it submits. */
function grantStore({ store, storage, watchesDisk }: Parts): void {
  if (!store) return;
  storage.grantItems(store, STORE_ITEMS);
  if (watchesDisk) storage.grantItems(store, WATCH_ITEMS);
}

/** Function and task read channels, private ones with their namespaces' credentials, and keep what they have; they see nothing of builds. */
function grantPrefetch({ prefetch, prefetchTask, storage, channelSecrets }: Parts): void {
  storage.grantItems(prefetch, PREFETCH_ITEMS);
  storage.grantItems(prefetchTask.taskRole, PREFETCH_TASK_ITEMS);
  for (const reader of [prefetch, prefetchTask.taskRole]) {
    storage.grantGet(reader, INDEXES);
    storage.grantList(reader, INDEXES);
    storage.grantPut(reader, INDEXES);
    storage.grantAbort(reader, [PREFIXES.repodata]);
    storage.grantDelete(reader, INDEXES);
    grantChannelSecrets(reader, Stack.of(prefetch), channelSecrets);
  }
}

/** Its build, its attempt, its lock and what others may borrow; products and logs are created, never removed. */
function grantTask({ builds, storage, ends, channelSecrets }: Parts): void {
  const { taskRole } = builds.taskDefinition;
  storage.grantItems(taskRole, TASK_ITEMS);
  storage.grantGet(taskRole, [...PRODUCTS, ...IMAGES, PREFIXES.logs, PREFIXES.packages, ...INDEXES]);
  storage.grantList(taskRole, [
    ...[PREFIXES.locks, PREFIXES.archives, ...IMAGES, PREFIXES.logs],
    PREFIXES.packages,
  ]);
  storage.grantPut(taskRole, [...PRODUCTS, ...IMAGES, PREFIXES.logs, PREFIXES.packages]);
  storage.grantAbort(taskRole, [PREFIXES.archives, PREFIXES.blobs, PREFIXES.packages]);
  grantChannelSecrets(taskRole, Stack.of(builds), channelSecrets);
  send(ends, taskRole);
}

/** Reads what was asked and writes the lock; what channels want of a namespace it may read as the task may. */
function grantSolve({ solve, api, builds, storage, channelSecrets }: Parts): void {
  storage.grantItems(solve, SOLVE_ITEMS);
  storage.grantGet(solve, INDEXES);
  storage.grantList(solve, INDEXES);
  storage.grantPut(solve, [PREFIXES.locks]);
  grantChannelSecrets(solve, Stack.of(builds), channelSecrets);
  allow(api, "lambda:InvokeFunction", solve.functionArn);
}

/** Submits as the API does, in nobody's name. Of files it writes what is wrong with them, and never one that it would read. */
function grantWatch({ watch, storage, wakeUps }: Parts): void {
  storage.grantItems(watch, WATCH_ITEMS);
  storage.grantGet(watch, [PREFIXES.watched]);
  storage.grantList(watch, [PREFIXES.watched]);
  storage.grantPut(watch, [WATCHED_ERRORS]);
  storage.grantDelete(watch, [WATCHED_ERRORS]);
  send(wakeUps, watch);
}

function grantChannelSecrets(grantee: IGrantable, stack: Stack, prefix: string): void {
  const secrets = { service: "secretsmanager", resource: "secret", resourceName: `${prefix}*` };
  const arn = stack.formatArn({ ...secrets, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
  allow(grantee, "secretsmanager:GetSecretValue", arn);
}

/** CDK's own grants add reading the queue's or the secret's properties, which nobody here does. */
function send({ queue }: WorkQueue, grantee: IGrantable): void {
  allow(grantee, "sqs:SendMessage", queue.queueArn);
}

function allow(grantee: IGrantable, action: string, resource: string): void {
  grantee.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({ actions: [action], resources: [resource] }),
  );
}
