/**
 * What a registered task definition and RunTask's overrides ask for.
 * @module
 */
import type { TaskDefinition, TaskOverride } from "@aws-sdk/client-ecs";
import { LocalError } from "../local-error.ts";

export interface TaskOrder {
  /** Name of the one container. */
  readonly container: string;
  readonly environment: Readonly<Record<string, string>>;
  /** Where the container sees which volume, by the volume's name. */
  readonly mountPoints: readonly { readonly volume: string; readonly path: string }[];
  readonly memoryBytes: number;
  /** File of the program that it runs in place of the image's own; null for that one. */
  readonly program: string | null;
}

/** Overrides win over the definition, variable by variable. */
export function orderOf(definition: TaskDefinition, overrides: TaskOverride = {}): TaskOrder {
  const [container] = definition.containerDefinitions ?? [];
  if (!container?.name) throw new LocalError("The task definition has no container.");
  const own = overrides.containerOverrides?.find(({ name }) => name === container.name);
  const variables = [...(container.environment ?? []), ...(own?.environment ?? [])];
  const memoryMiB = Number(overrides.memory ?? own?.memory ?? definition.memory ?? 4096);
  return {
    container: container.name,
    environment: Object.fromEntries(variables.map(({ name = "", value = "" }) => [name, value])),
    mountPoints: (container.mountPoints ?? []).map(({ sourceVolume = "", containerPath = "" }) => ({
      volume: sourceVolume,
      path: containerPath,
    })),
    memoryBytes: memoryMiB * 1024 * 1024,
    program: container.command?.at(-1)?.split("/").at(-1) ?? null,
  };
}
