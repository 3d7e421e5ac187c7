/**
 * The name of a specification's tests, whatever else the specification has.
 * @module
 */
import { createHash } from "node:crypto";
import type { SpecificationTests } from "./tests.ts";

/** @returns 64 hexadecimal digits; the order of tests counts, as it is the order they run in */
export function testsDigest({ imports, commands, notebooks }: SpecificationTests): string {
  return createHash("sha256")
    .update(JSON.stringify([imports, commands, notebooks]))
    .digest("hex");
}
