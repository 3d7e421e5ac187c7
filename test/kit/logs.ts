/**
 * The text of an ended build's log.
 * @module
 */
import type { Bucket } from "#adapters/s3/bucket.ts";
import { getObject } from "#adapters/s3/objects.ts";
import type { Artifact } from "#core/build/status.ts";

/** @returns an empty text when no artifact is a log */
export async function readLogText(bucket: Bucket, artifacts: readonly Artifact[]): Promise<string> {
  const { key = null } = artifacts.find(({ type }) => type === "LOGS") ?? {};
  return key === null ? "" : ((await getObject(bucket, key))?.toString("utf8") ?? "");
}
