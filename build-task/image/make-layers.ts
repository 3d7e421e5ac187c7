/**
 * Making layers: layers.py reads the packages as the stranger who unpacked them, and what it sends is kept in files that are
 * ours alone, hashed on the way: nobody else can change a blob between its name and its upload.
 * @module
 */
import { createHash } from "node:crypto";
import { mkdir, open, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import type { StepContext, Task } from "../task.ts";

/** Beside this file in the source, beside the program in the bundle. */
const LAYERS = fileURLToPath(new URL("./layers.py", import.meta.url));

export interface LayerJob {
  readonly id: number;
  readonly kind: "packages" | "rest";
  /** Names of the packages' records in `conda-meta`. */
  readonly records: readonly string[];
  /** Installed bytes: what takes longest is begun first. */
  readonly sizeBytes: number;
}

export interface LayersRequest {
  readonly jobs: readonly LayerJob[];
  /** Absolute, where the environment will be in the image. */
  readonly target: string;
  /** Below the prefix, such as `lib/python3.12/site-packages` and `bin/python3.12`; null without a python. */
  readonly sitePackages: string | null;
  readonly python: string | null;
  /** Whether something may have changed the packages' files after they were installed. */
  readonly compare: boolean;
  /** Further entries of the layer of the rest; without a text it is a directory. */
  readonly extra: readonly {
    readonly path: string;
    readonly mode: number;
    readonly owner: readonly [number, number];
    readonly text: string | null;
  }[];
}

/** A blob in a file of ours. */
export interface MadeLayer {
  readonly job: number;
  readonly file: string;
  readonly digest: string;
  readonly sizeBytes: number;
  readonly diffId: string;
}

const Trailer = v.object({
  job: v.pipe(v.number(), v.integer()),
  diffId: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/)),
});
/** Far more than a frame of layers.py. */
const FRAME_BYTES_MAX = 64 * 1024 * 1024;

/** Installed bytes that are worth another interpreter's start: where most layers are known, one does the rest. */
const WORKER_BYTES_MIN = 16 * 1024 * 1024;

/** @throws StreamedCommandError; Error when the program says what it should not */
export async function makeLayers(
  task: Task,
  step: StepContext,
  { jobs, ...request }: LayersRequest,
): Promise<MadeLayer[]> {
  const { prefix, work } = task.paths;
  const { builder } = task.strangers;
  const inbox = await builder.makeInbox(join(work, "image"));
  const home = await builder.makeHome(join(work, "image-home"));
  const own = join(work, "layers");
  await mkdir(own, { recursive: true, mode: 0o700 });
  const bytes = jobs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  const hands = Math.min(availableParallelism(), Math.max(1, Math.ceil(bytes / WORKER_BYTES_MIN)));
  const workers = inTurns(jobs, hands);
  const path = join(inbox, "request.json");
  await writeFile(path, JSON.stringify({ ...request, prefix, workers }), { mode: 0o644 });
  const running = workers.map(async (each, index) => {
    const { output } = builder.stream(
      {
        program: task.config.packPython,
        args: ["-E", "-s", "-B", LAYERS, path, String(index)],
        cwd: home,
        env: { PATH: "/usr/bin:/bin", HOME: home, TMPDIR: home, LANG: "C.UTF-8" },
      },
      step.signal,
      step.line,
    );
    return await keepLayers(output, own, new Set(each.map(({ id }) => id)));
  });
  await Promise.allSettled(running);
  return (await Promise.all(running)).flat();
}

/** The largest first, each to the worker that has least to do. */
export function inTurns<T extends { readonly sizeBytes: number }>(
  jobs: readonly T[],
  workers: number,
): T[][] {
  const hands = Array.from({ length: Math.min(workers, jobs.length) }, () => ({ bytes: 0, jobs: [] as T[] }));
  for (const job of jobs.toSorted((a, b) => b.sizeBytes - a.sizeBytes)) {
    const least = hands.reduce((a, b) => (b.bytes < a.bytes ? b : a));
    least.jobs.push(job);
    least.bytes += job.sizeBytes;
  }
  return hands.map((hand) => hand.jobs);
}

/** @param expected the jobs of this stream, each of which comes once */
async function keepLayers(
  output: AsyncIterable<Uint8Array>,
  directory: string,
  expected: Set<number>,
): Promise<MadeLayer[]> {
  const made: MadeLayer[] = [];
  const frames = readFrames(output);
  while (expected.size > 0) {
    const file = join(directory, crypto.randomUUID());
    const handle = await open(file, "wx", 0o600);
    try {
      const hash = createHash("sha256");
      let sizeBytes = 0;
      for (let data = await nextFrame(frames); data.byteLength > 0; data = await nextFrame(frames)) {
        hash.update(data);
        sizeBytes += data.byteLength;
        await handle.appendFile(data);
      }
      const { job, diffId } = v.parse(Trailer, JSON.parse((await nextFrame(frames)).toString("utf8")));
      if (!expected.delete(job)) throw new Error(`layers.py made the layer ${job} that nobody asked it for`);
      made.push({ job, file, digest: `sha256:${hash.digest("hex")}`, sizeBytes, diffId: `sha256:${diffId}` });
    } finally {
      await handle.close();
    }
  }
  const { done } = await frames.next();
  if (!done) throw new Error("layers.py sent more than it was asked for");
  return made;
}

async function nextFrame(frames: AsyncGenerator<Buffer>): Promise<Buffer> {
  const { value, done } = await frames.next();
  if (done) throw new Error("layers.py ended in the middle of a layer");
  return value;
}

/** Four bytes of length, then so many bytes. */
async function* readFrames(output: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let rest = Buffer.alloc(0);
  for await (const chunk of output) {
    rest = rest.byteLength === 0 ? Buffer.from(chunk) : Buffer.concat([rest, chunk]);
    while (rest.byteLength >= 4) {
      const length = rest.readUInt32BE(0);
      if (length > FRAME_BYTES_MAX) throw new Error(`layers.py announces a frame of ${length} bytes`);
      if (rest.byteLength < 4 + length) break;
      yield rest.subarray(4, 4 + length);
      rest = rest.subarray(4 + length);
    }
  }
  if (rest.byteLength > 0) throw new Error("layers.py ended in the middle of a frame");
}
