/**
 * Layers that were made before, by what they are made of; and base images as they were found last. What is noted here may have
 * gone since: look before using it.
 * @module
 */

import { batchGet } from "./batch-get.ts";
import { GetCommand, PutCommand } from "./commands.ts";
import type { Db } from "./db.ts";
import { type Item, packJson, toSeconds, unpackJson, withVersion } from "./item.ts";
import { baseImageKey, copiedImageKey, layerItemKey } from "./keys.ts";

export interface KnownLayer {
  /** `sha256:…` of the blob, and of what it is when unpacked. */
  readonly digest: string;
  readonly diffId: string;
  readonly sizeBytes: number;
}

/** A layer that no build asked for in so long is made anew. */
const LAYER_DAYS = 90;
const DAY_SECONDS = 86_400;
const isOver = (item: Item, at: Date): boolean => Number(item["expiresAt"]) <= toSeconds(at);

/** By layer key; unknown ones are absent. */
export async function getLayers(db: Db, keys: readonly string[], at: Date): Promise<Map<string, KnownLayer>> {
  const items = await batchGet(db, keys.map(layerItemKey));
  const layers = items
    .filter((item) => !isOver(item, at))
    .map((item) => {
      const layer = {
        digest: item["digest"] as string,
        diffId: item["diffId"] as string,
        sizeBytes: item["sizeBytes"] as number,
      };
      return [item["layerKey"] as string, layer] as const;
    });
  return new Map(layers);
}

/** Notes a layer, or that it was asked for again. */
export async function putLayer(db: Db, layerKey: string, layer: KnownLayer, at: Date): Promise<void> {
  const expiresAt = toSeconds(at) + LAYER_DAYS * DAY_SECONDS;
  const Item = withVersion({ ...layerItemKey(layerKey), layerKey, ...layer, expiresAt });
  await db.client.send(new PutCommand({ TableName: db.table, Item }));
}

/** A base image: its manifest and configuration, word for word. */
export interface KnownBase {
  readonly digest: string;
  readonly manifest: string;
  readonly config: string;
}

/** Registries count how often they are asked what a tag means. */
const BASE_SECONDS = DAY_SECONDS;

/** @returns what the reference meant within the last day, or null */
export async function getBaseImage(
  db: Db,
  reference: string,
  platform: string,
  at: Date,
): Promise<KnownBase | null> {
  const Key = baseImageKey(reference, platform);
  const { Item } = await db.client.send(new GetCommand({ TableName: db.table, Key }));
  return !Item || isOver(Item, at) ? null : await unpackJson<KnownBase>(Item["content"]);
}

export async function putBaseImage(
  db: Db,
  reference: string,
  platform: string,
  base: KnownBase,
  at: Date,
): Promise<void> {
  const content = await packJson(base, "The configuration of the base image");
  const Item = withVersion({
    ...baseImageKey(reference, platform),
    content,
    expiresAt: toSeconds(at) + BASE_SECONDS,
  });
  await db.client.send(new PutCommand({ TableName: db.table, Item }));
}

/**
 * Whether whoever gave us this manifest also gave us the bytes of all its layers: a manifest alone can name layers that its
 * author knows nothing of but their digests.
 */
export async function wasCopied(db: Db, digest: string, at: Date): Promise<boolean> {
  const { Item } = await db.client.send(new GetCommand({ TableName: db.table, Key: copiedImageKey(digest) }));
  return Item !== undefined && !isOver(Item, at);
}

export async function noteCopied(db: Db, digest: string, at: Date): Promise<void> {
  const expiresAt = toSeconds(at) + LAYER_DAYS * DAY_SECONDS;
  const Item = withVersion({ ...copiedImageKey(digest), expiresAt });
  await db.client.send(new PutCommand({ TableName: db.table, Item }));
}
