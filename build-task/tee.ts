/**
 * One stream for several readers, none of whom may run ahead of the others by more than a little.
 * @module
 */
import { PassThrough } from "node:stream";

/** A reader that stops early ends the others with an error: what is behind is not there. */
export function tee(source: AsyncIterable<Uint8Array>, readers: number): AsyncIterable<Uint8Array>[] {
  const streams = Array.from({ length: readers }, () => new PassThrough());
  void (async () => {
    for await (const chunk of source) {
      for (const stream of streams) {
        if (stream.destroyed) throw new Error("another reader of the stream has stopped");
        if (!stream.write(chunk)) await drained(stream);
      }
    }
    for (const stream of streams) stream.end();
  })().catch((error: unknown) => {
    for (const stream of streams) stream.destroy(error as Error);
  });
  return streams;
}

async function drained(stream: PassThrough): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  stream.once("drain", resolve).once("close", resolve);
  await promise;
  stream.off("drain", resolve).off("close", resolve);
}

/** @returns `head`, then the stream */
export async function* after(
  head: Uint8Array,
  stream: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield head;
  yield* stream;
}
