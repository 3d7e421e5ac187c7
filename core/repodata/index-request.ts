/**
 * What prefetch is asked for.
 * @module
 */
import * as v from "valibot";

const IndexRequest = v.object({
  /** Only this channel, by its address; all without it. */
  channel: v.exactOptional(v.string()),
  /** Whether it is time or not. */
  now: v.optional(v.boolean(), false),
  /** A channel that has lost most of its packages is believed. */
  believeLoss: v.optional(v.boolean(), false),
});
export type IndexRequest = Readonly<v.InferOutput<typeof IndexRequest>>;

/** EventBridge's own event asks for what is due. */
export function readIndexRequest(event: unknown): IndexRequest {
  const result = v.safeParse(IndexRequest, event);
  return result.success ? result.output : { now: false, believeLoss: false };
}
