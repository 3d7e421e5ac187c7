/**
 * The name under which a task owns an attempt.
 * @module
 */
import * as v from "valibot";
import { readTaskMetadataAddress } from "#adapters/config.ts";

const Metadata = v.object({ TaskARN: v.pipe(v.string(), v.startsWith("arn:")) });
const ANSWER_MILLISECONDS_MAX = 2000;

/**
 * The task's ARN, by which `finish` knows the owner's end from that of a task which came too late; where there is no
 * metadata to be had, a name that no other task has.
 */
export async function taskOwner(address: string | undefined = readTaskMetadataAddress()): Promise<string> {
  if (address !== undefined) {
    try {
      const response = await fetch(`${address}/task`, {
        signal: AbortSignal.timeout(ANSWER_MILLISECONDS_MAX),
      });
      return v.parse(Metadata, await response.json()).TaskARN;
    } catch {
      // ECS's own word is better, but a build need not fail for want of it.
    }
  }
  return crypto.randomUUID();
}
