/**
 * When services used their tokens last. Their tokens have no record: the deployment names them.
 * @module
 */
import { batchGet } from "./batch-get.ts";
import type { Db } from "./db.ts";
import { serviceUseKey } from "./keys.ts";
import { noteUse, USED_AGAIN_SECONDS } from "./tokens.ts";

const NOTED = new WeakMap<Db["client"], Map<string, number>>();

/** Says that a service uses its token, once an hour. @param nowMs a clock that only goes forward */
export async function serviceUsed(db: Db, name: string, nowMs: number = performance.now()): Promise<void> {
  const noted = NOTED.get(db.client) ?? new Map<string, number>();
  NOTED.set(db.client, noted);
  const at = noted.get(name);
  if (at !== undefined && nowMs - at < USED_AGAIN_SECONDS * 1000) return;
  noted.set(name, nowMs);
  // A request is worth more than the time of its token's last use; another function writes it, or this one in an hour.
  await noteUse(db, serviceUseKey(name), new Date()).catch(() => {});
}

/** To the hour, by the services' names; those that are not there have not been used. */
export async function lastUses(db: Db, names: readonly string[]): Promise<Map<string, Date>> {
  const items = await batchGet(db, names.map(serviceUseKey));
  return new Map(items.map((item) => [String(item["sk"]), new Date((item["lastUsed"] as number) * 1000)]));
}
