/**
 * The packages of a lock: one compressed item, shared by every build that has this lock.
 * @module
 */
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import { batchGet } from "./batch-get.ts";
import { GetCommand, PutCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { packJson, unpackJson, withVersion } from "./item.ts";
import { packagesKey } from "./keys.ts";

/**
 * Stores the list under the lock's digest. The digest fixes the list, so writing it twice changes nothing.
 * @throws AppError invalid_request when it does not fit into one item
 */
export async function putPackages(
  db: Db,
  lockDigest: string,
  packages: readonly InstalledPackage[],
): Promise<void> {
  const content = await packJson(packages, "The list of packages");
  await db.client.send(
    new PutCommand({
      TableName: db.table,
      Item: withVersion({ ...packagesKey(lockDigest), content, count: packages.length }),
    }),
  );
}

/** The list, or null if no build with this lock got so far. */
export async function getPackages(db: Db, lockDigest: string): Promise<readonly InstalledPackage[] | null> {
  const { Item } = await db.client.send(
    new GetCommand({ TableName: db.table, Key: packagesKey(lockDigest) }),
  );
  return Item ? await unpackJson<InstalledPackage[]>(Item["content"]) : null;
}

/** Several lists by lock digest; missing ones are absent. */
export async function getManyPackages(
  db: Db,
  lockDigests: readonly string[],
): Promise<Map<string, readonly InstalledPackage[]>> {
  const items = await batchGet(db, lockDigests.map(packagesKey));
  const lists = await Promise.all(
    items.map(async (item) => {
      const digest = String(item["pk"]).slice("LOCK#".length);
      return [digest, await unpackJson<InstalledPackage[]>(item["content"])] as const;
    }),
  );
  return new Map(lists);
}
