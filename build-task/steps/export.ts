/**
 * export: the environment as YAML.
 * @module
 */
import { createHash } from "node:crypto";
import { putObject } from "#adapters/s3/objects.ts";
import type { Artifact } from "#core/build/status.ts";
import { exportKey } from "#core/layout.ts";
import type { Lock } from "#core/lock/lock.ts";
import { renderYamlExport } from "#core/lock/yaml-export.ts";
import { hold } from "../hold.ts";
import type { StepContext, Task } from "../task.ts";

/** The text holds the environment's name and is not for others of the same lock, so its own hash is its key. */
export async function storeExport(task: Task, step: StepContext, lock: Lock): Promise<Artifact> {
  const text = renderYamlExport(lock, task.build.environment, task.settings.conda_channel_alias);
  const key = exportKey(createHash("sha256").update(text).digest("hex"));
  await hold(task, step, [key]);
  const created = await putObject(task.bucket, key, text, {
    contentType: "application/yaml",
    onlyIfAbsent: true,
  });
  step.line(`${key}${created ? "" : ": there already"}`);
  return { type: "YAML", key, sizeBytes: Buffer.byteLength(text) };
}
