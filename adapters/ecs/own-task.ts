/**
 * What a task is told about itself.
 * @module
 */
import * as v from "valibot";
import { readTaskMetadataAddress } from "#adapters/config.ts";

const Metadata = v.object({
  TaskARN: v.pipe(v.string(), v.startsWith("arn:")),
  Limits: v.optional(v.object({ Memory: v.optional(v.number()) })),
});
const ANSWER_MILLISECONDS_MAX = 2000;

export interface OwnTask {
  /**
   * The name under which it owns an attempt: its ARN, by which `finish` knows the owner's end from that of a task which
   * came too late; where there is no metadata to be had, a name that no other task has.
   */
  readonly owner: string;
  /** Null when nobody says. */
  readonly memoryMiB: number | null;
}

export async function ownTask(address: string | undefined = readTaskMetadataAddress()): Promise<OwnTask> {
  if (address !== undefined) {
    try {
      const response = await fetch(`${address}/task`, {
        signal: AbortSignal.timeout(ANSWER_MILLISECONDS_MAX),
      });
      const { TaskARN, Limits } = v.parse(Metadata, await response.json());
      return { owner: TaskARN, memoryMiB: Limits?.Memory ?? null };
    } catch {
      // ECS's own word is better, but a build need not fail for want of it.
    }
  }
  return { owner: crypto.randomUUID(), memoryMiB: null };
}
