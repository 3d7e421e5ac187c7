/**
 * archive: the environment as a conda-pack archive, streamed to S3 while it is packed; it never lies on a disk.
 * @module
 */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { uploadStream } from "#adapters/s3/multipart-upload.ts";
import type { Artifact } from "#core/build/status.ts";
import { archiveKey } from "#core/layout.ts";
import { describeBytes } from "../failure.ts";
import type { StepContext, Task } from "../task.ts";

/** Beside this file in the source, beside the program in the bundle. */
const PACK = fileURLToPath(new URL("./pack.py", import.meta.url));

/** The package cache must still be there: conda-pack takes relocatable files from it. */
export async function archive(task: Task, step: StepContext, reuseKey: string): Promise<Artifact> {
  const { prefix, work, packageCache } = task.paths;
  const { builder } = task.strangers;
  const home = await builder.makeHome(join(work, "archive"));
  const key = archiveKey(reuseKey);
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
  const { sizeBytes, sha256 } = await uploadStream(task.bucket, key, packer.output, {
    contentType: "application/gzip",
    signal: step.signal,
  });
  step.line(`${key}: ${describeBytes(sizeBytes)}, ${sha256 === null ? "there already" : `sha256 ${sha256}`}`);
  return { type: "CONDA_PACK", key, sizeBytes };
}
