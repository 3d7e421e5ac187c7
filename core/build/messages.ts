/**
 * What travels through the queues. Every message is only a wake-up: what is true stands in the table.
 * @module
 */
import * as v from "valibot";

/** To `dispatch`: the line or the slots changed. `reason` is for the log. */
export interface WakeUp {
  readonly reason: string;
}

const number = v.pipe(v.number(), v.safeInteger(), v.minValue(1));

/** To `finish`, by a build task that has written its result. */
const FinishMessage = v.object({ buildId: number, attempt: number });
export type FinishMessage = v.InferOutput<typeof FinishMessage>;

/** To `store`: the link of this environment may have to be re-pointed. */
const LinkMessage = v.object({ namespace: v.string(), environment: v.string() });
export type LinkMessage = v.InferOutput<typeof LinkMessage>;

/** To `store`: this directory is condemned, and is to be removed from the shared disk. */
const RemovalMessage = v.object({ namespace: v.string(), directory: v.string() });
export type RemovalMessage = v.InferOutput<typeof RemovalMessage>;

/** @returns null for a body that is no such message */
export const parseFinishMessage = (body: string): FinishMessage | null => parse(FinishMessage, body);

/** @returns null for a body that is no such message */
export const parseStoreMessage = (body: string): LinkMessage | RemovalMessage | null =>
  parse(v.union([LinkMessage, RemovalMessage]), body);

function parse<T>(schema: v.GenericSchema<unknown, T>, body: string): T | null {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return null;
  }
  const result = v.safeParse(schema, value);
  return result.success ? result.output : null;
}
