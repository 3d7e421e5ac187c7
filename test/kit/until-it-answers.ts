/**
 * Waiting for a real server that a test has started.
 * @module
 */
import type { ChildProcessByStdio } from "node:child_process";
import type { Readable } from "node:stream";
import { expect, vi } from "vitest";

/** @throws an assertion with all that the child said, when it ends or the address does not answer 200 in time */
export async function untilItAnswers(
  child: ChildProcessByStdio<null, Readable, Readable>,
  address: string,
  millisecondsMax: number,
): Promise<void> {
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => {
      output += text;
    });
  }
  await vi.waitFor(
    async () => {
      expect(child.exitCode, output).toBeNull();
      expect((await fetch(address)).status, output).toBe(200);
    },
    { timeout: millisecondsMax, interval: 200 },
  );
}
