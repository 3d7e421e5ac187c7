/**
 * What a task that reads a channel is started for.
 * @module
 */
import * as v from "valibot";
import type { RepodataPlace } from "./state.ts";

const Order = v.object({
  channel: v.string(),
  subdir: v.string(),
  owner: v.nullable(v.string()),
  /** Of the state that the task was started by: where another is stored, it has come too late. */
  version: v.number(),
  /** Of the same: a channel that is configured anew begins its versions anew, and ECS remembers tokens for a day. */
  knownSince: v.nullable(v.string()),
  believeLoss: v.boolean(),
});
export type RepodataOrder = RepodataPlace & Readonly<v.InferOutput<typeof Order>>;

/** @returns null for anything else */
export function readRepodataOrder(value: unknown): RepodataOrder | null {
  const result = v.safeParse(Order, value);
  return result.success ? result.output : null;
}
