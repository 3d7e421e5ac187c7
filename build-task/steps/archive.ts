/**
 * archive: the environment as a conda-pack archive, and as an installer, which is the same behind a script. Both are streamed to
 * S3 while it is packed; they never lie on a disk.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { uploadStream } from "#adapters/s3/multipart-upload.ts";
import type { Artifact } from "#core/build/status.ts";
import { installerScript } from "#core/installer.ts";
import { archiveKey, installerKey } from "#core/layout.ts";
import { describeBytes } from "../failure.ts";
import type { StepContext, Task } from "../task.ts";
import { after, tee } from "../tee.ts";

/** Beside this file in the source, beside the program in the bundle. */
export const PACK = fileURLToPath(new URL("./pack.py", import.meta.url));

export type Packed = "CONDA_PACK" | "CONSTRUCTOR_INSTALLER";

/**
 * Packs once, also when both are wanted. The package cache must still be there: conda-pack takes relocatable files from it.
 * @param wanted at least one
 */
export async function archive(
  task: Task,
  step: StepContext,
  reuseKey: string,
  wanted: readonly Packed[],
): Promise<Artifact[]> {
  const { prefix, work, packageCache } = task.paths;
  const { builder } = task.strangers;
  const home = await builder.makeHome(join(work, "archive"));
  // It reads what strangers wrote: as one of them it finds no more than they had.
  const packer = builder.stream(
    {
      program: task.config.packPython,
      args: ["-E", "-s", "-B", PACK, prefix, packageCache],
      cwd: home,
      env: { PATH: "/usr/bin:/bin", HOME: home, TMPDIR: home, LANG: "C.UTF-8" },
    },
    step.signal,
    step.line,
  );
  const outputs = tee(packer.output, wanted.length);
  const uploads = wanted.map((type, i) => upload(task, step, reuseKey, type, outputs[i] ?? packer.output));
  await Promise.allSettled(uploads);
  return await Promise.all(uploads);
}

async function upload(
  { bucket }: Task,
  { signal, line }: StepContext,
  reuseKey: string,
  type: Packed,
  output: AsyncIterable<Uint8Array>,
): Promise<Artifact> {
  const [key, contentType, stream] =
    type === "CONDA_PACK"
      ? ([archiveKey(reuseKey), "application/gzip", output] as const)
      : ([installerKey(reuseKey), "application/octet-stream", after(SCRIPT, output)] as const);
  const { sizeBytes, sha256 } = await uploadStream(bucket, key, stream, { contentType, signal });
  line(`${key}: ${describeBytes(sizeBytes)}, ${sha256 === null ? "there already" : `sha256 ${sha256}`}`);
  return { type, key, sizeBytes };
}

const SCRIPT = Buffer.from(installerScript());
