/**
 * Who may do what: every grant of the deployment but those that CDK makes for event sources, logs and networks.
 * Bound to key prefixes of objects and partition keys of items, so that a fault in one part cannot reach the rest.
 * @module
 */
import type { IGrantable } from "aws-cdk-lib/aws-iam";
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager";
import { PREFIXES } from "#core/layout.ts";
import type { Builds } from "./builds.ts";
import type { CondaStoreFunction } from "./function.ts";
import type { WorkQueue } from "./queues.ts";
import type { Storage } from "./storage.ts";

export interface Parts {
  readonly storage: Storage;
  readonly secret: ISecret;
  readonly wakeUps: WorkQueue;
  readonly ends: WorkQueue;
  readonly links: WorkQueue;
  readonly api: CondaStoreFunction;
  readonly dispatch: CondaStoreFunction;
  readonly finish: CondaStoreFunction;
  readonly store: CondaStoreFunction;
  readonly builds: Builds;
}

/** Partition keys that a build task reads, as the adapter makes them. */
export const TASK_READS = ["BUILD#*", "ATTEMPT#*", "SPEC#*", "LOCK#*", "REUSE#*"];
/** Partition keys that a build task writes: no namespace, no environment, no slot, no line. */
export const TASK_WRITES = ["BUILD#*", "ATTEMPT#*", "LOCK#*", "REUSE#*"];

/** What a build writes once and content-addressed. */
const PRODUCTS = [PREFIXES.locks, PREFIXES.archives, PREFIXES.exports];

export function grantAll(parts: Parts): void {
  grantApi(parts);
  grantDispatch(parts);
  grantFinish(parts);
  grantStore(parts);
  grantTask(parts);
}

/** Reads and submits; it signs addresses of products and reads logs, and writes no object at all. */
function grantApi({ api, storage, secret, wakeUps, links }: Parts): void {
  storage.grantTable(api, { read: true, write: true });
  storage.grantGet(api, [...PRODUCTS, PREFIXES.logs]);
  storage.grantList(api, [PREFIXES.logs]);
  secret.grantRead(api);
  send(wakeUps, api);
  send(links, api);
}

/** Slots and builds; what it may do with ECS stands in builds.ts. */
function grantDispatch({ dispatch, storage, wakeUps }: Parts): void {
  storage.grantTable(dispatch, { read: true, write: true });
  send(wakeUps, dispatch);
}

/** The only one that ends builds; it joins the live log chunks and removes them. */
function grantFinish({ finish, storage, wakeUps, links }: Parts): void {
  storage.grantTable(finish, { read: true, write: true });
  storage.grantGet(finish, [...PRODUCTS, PREFIXES.logs]);
  storage.grantList(finish, [PREFIXES.logs]);
  storage.grantCreate(finish, [PREFIXES.logs]);
  storage.grantDelete(finish, [PREFIXES.logs]);
  send(wakeUps, finish);
  send(links, finish);
}

/** Reads which build is current; it changes the disk, and no item but its own notes. */
function grantStore({ store, storage }: Parts): void {
  storage.grantTable(store, { read: true });
}

/** Its build, its attempt, its lock and what others may borrow; products and logs are created, never removed. */
function grantTask({ builds, storage, ends }: Parts): void {
  const { taskRole } = builds.taskDefinition;
  storage.grantTable(taskRole, { read: true, keys: TASK_READS });
  storage.grantTable(taskRole, { write: true, keys: TASK_WRITES });
  storage.grantGet(taskRole, [...PRODUCTS, PREFIXES.logs]);
  storage.grantList(taskRole, [...PRODUCTS, PREFIXES.logs]);
  storage.grantCreate(taskRole, [...PRODUCTS, PREFIXES.logs]);
  send(ends, taskRole);
}

function send({ queue }: WorkQueue, grantee: IGrantable): void {
  queue.grantSendMessages(grantee);
}
