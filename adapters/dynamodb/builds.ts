/**
 * Builds: reading them. Writing is `submit.ts` and `moves.ts` alone.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import { NO_TRIES } from "#core/build/tries.ts";
import { batchGet } from "./batch-get.ts";
import { DeleteCommand, GetCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { type Item, toDate, toDateOrNull } from "./item.ts";
import { attemptKey, buildItemKey } from "./keys.ts";

/** The build, or null. Sees every write that was answered before. */
export async function getBuild(db: Db, id: number): Promise<Build | null> {
  return (await getBuildAndMover(db, id))?.build ?? null;
}

export interface MovedBuild {
  readonly build: Build;
  /** Token of the move that wrote it last. */
  readonly movedBy: string | null;
}

/** The build with who moved it last. */
export async function getBuildAndMover(db: Db, id: number): Promise<MovedBuild | null> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: buildItemKey(id), ConsistentRead: true }),
  );
  return Item ? { build: toBuild(Item), movedBy: (Item["movedBy"] as string | undefined) ?? null } : null;
}

/** Removes what is left in the table of a build of which nothing else is left. */
export async function forgetBuild(db: Db, { id, lastAttempt }: Build): Promise<void> {
  const keys = Array.from({ length: lastAttempt }, (_, i) => attemptKey(id, i + 1));
  // The build's own item last: without it nobody would look for the others.
  for (const Key of [...keys, buildItemKey(id)]) {
    await db.client.send(new DeleteCommand({ TableName: db.table, Key }));
  }
}

/** Builds by id; missing ones are absent from the map. */
export async function getBuilds(db: Db, ids: readonly number[]): Promise<Map<number, Build>> {
  const items = await batchGet(db, ids.map(buildItemKey));
  return new Map(items.map(toBuild).map((build) => [build.id, build]));
}

/** The attributes of a build's item, beside its key, version and mover. */
export function fromBuild(build: Partial<Build>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(build).map(([name, value]) => [name, value instanceof Date ? value.toISOString() : value]),
  );
}

function toBuild(item: Item): Build {
  return {
    id: item["id"] as Build["id"],
    namespace: item["namespace"] as Build["namespace"],
    environment: item["environment"] as Build["environment"],
    environmentId: item["environmentId"] as number,
    specificationSha256: item["specificationSha256"] as Build["specificationSha256"],
    document: item["document"] as Build["document"],
    buildKey: item["buildKey"] as string,
    status: item["status"] as Build["status"],
    statusInfo: item["statusInfo"] as string | null,
    scheduledOn: toDate(item["scheduledOn"]),
    waitingSince: toDate(item["waitingSince"] ?? item["scheduledOn"]),
    startedOn: toDateOrNull(item["startedOn"]),
    endedOn: toDateOrNull(item["endedOn"]),
    sizeBytes: item["sizeBytes"] as number,
    attempt: item["attempt"] as number,
    dispatched: item["dispatched"] as number,
    lastAttempt: item["lastAttempt"] as number,
    memoryMiB: (item["memoryMiB"] as number | undefined) ?? 0,
    tries: { ...NO_TRIES, ...(item["tries"] as Partial<Build["tries"]> | undefined) },
    lastTrouble: (item["lastTrouble"] as string | undefined) ?? null,
    slot: item["slot"] as number | null,
    share: item["share"] as number | null,
    artifacts: item["artifacts"] as Build["artifacts"],
    lockDigest: item["lockDigest"] as Build["lockDigest"],
    // Builds of before there were such things have none.
    requestId: (item["requestId"] as string | undefined) ?? null,
    frozenLock: (item["frozenLock"] as string | undefined) ?? null,
    pinnedOn: toDateOrNull(item["pinnedOn"] ?? null),
    deletedOn: toDateOrNull(item["deletedOn"] ?? null),
    baseImage: (item["baseImage"] as string | undefined) ?? null,
    artifactsWanted: (item["artifactsWanted"] as Build["artifactsWanted"] | undefined) ?? null,
  };
}
