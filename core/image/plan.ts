/**
 * Which packages share a layer of an image. Where a package goes follows from itself alone as long as no more than
 * `OWN_MAX` are large: a package that is added or taken away changes its own layer and no other. A large one has a layer
 * of its own, which all environments share; small ones lie in buckets by their names, so that the layers stay few. Of more
 * large ones than that, the smallest go into the buckets: then one that is added moves one other.
 * @module
 */
import { createHash } from "node:crypto";
import { compareText } from "#core/lock/order.ts";

/** Images have at most 127 layers, and people put theirs on top. */
export const LAYERS_MAX = 90;
/** For what belongs to no package. */
const REST = 1;
export const OWN_MAX = 60;
export const BUCKETS = LAYERS_MAX - REST - OWN_MAX;
/** Installed bytes from which a package is large: about a quarter of it is what travels. */
export const OWN_BYTES_MIN = 1024 * 1024;

export interface PlannedPackage {
  readonly name: string;
  /** Of its files as they are installed. */
  readonly sizeBytes: number;
}

/** @returns groups of packages in the order of their names, none empty, large packages first; at most `LAYERS_MAX` - 1 */
export function planLayers<T extends PlannedPackage>(packages: readonly T[]): T[][] {
  const bySize = packages
    .filter(({ sizeBytes }) => sizeBytes >= OWN_BYTES_MIN)
    .sort((a, b) => b.sizeBytes - a.sizeBytes || compareText(a.name, b.name));
  const own = new Set(bySize.slice(0, OWN_MAX));
  const sorted = packages.toSorted((a, b) => compareText(a.name, b.name));
  const buckets = Map.groupBy(
    sorted.filter((each) => !own.has(each)),
    ({ name }) => bucketOf(name),
  );
  return [
    ...sorted.filter((each) => own.has(each)).map((each) => [each]),
    ...[...buckets].sort(([a], [b]) => a - b).map(([, bucket]) => bucket),
  ];
}

const bucketOf = (name: string): number =>
  createHash("sha256").update(name).digest().readUInt32BE(0) % BUCKETS;
