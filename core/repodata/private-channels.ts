/**
 * Private channels whose index is kept: each for the builds of one namespace, with its credentials.
 * @module
 */
import * as v from "valibot";
import { NewNamespaceName } from "#core/names.ts";

/** Channels by namespace. */
export const PrivateChannels = v.record(
  NewNamespaceName,
  v.array(
    v.pipe(v.string("must hold lists of channels"), v.nonEmpty("must not hold an empty channel")),
    "must hold lists of channels",
  ),
  "must be an object with a list of channels for each namespace",
);
export type PrivateChannels = Readonly<Record<string, readonly string[]>>;

/** @returns null for what is none */
export function readPrivateChannels(value: unknown): PrivateChannels | null {
  const result = v.safeParse(PrivateChannels, value);
  return result.success ? result.output : null;
}
