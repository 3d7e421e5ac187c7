/**
 * The indexes mamba has read.
 * @module
 */
import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import type { ChannelAddress } from "#core/ports.ts";
import { brokenIndexError } from "../failure.ts";

const TAIL_BYTES = 64;

/**
 * mamba reads an index that ends too early as one with fewer packages, without a word.
 * @param directory need not be there.
 * @throws EngineError channel_broken if an index there does not end as a JSON object does.
 */
export async function checkIndexes(directory: string, channels: readonly ChannelAddress[]): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  for (const name of names.filter((one) => one.endsWith(".json"))) {
    const tail = await readTail(join(directory, name));
    if (!tail.trimEnd().endsWith("}")) throw brokenIndexError("it ends in the middle", channels);
  }
}

async function readTail(path: string): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { size } = await file.stat();
    const length = Math.min(size, TAIL_BYTES);
    const { buffer } = await file.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString("latin1");
  } finally {
    await file.close();
  }
}
