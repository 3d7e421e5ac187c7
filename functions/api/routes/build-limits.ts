/**
 * What a build has tried and what bounds it.
 * @module
 */
import type { Build } from "#core/build/build.ts";
import { sizeFor } from "#core/build/task-size.ts";
import type { Services } from "../services.ts";

/** Lists do without: it is the deployment's, the same for all. */
export function showLimits({ limits }: Services, { lastAttempt, tries, memoryMiB }: Build) {
  const { maxQueueHours, maxAttemptMinutes, maxTries, taskSizes } = limits;
  return {
    attempts: {
      begun: lastAttempt,
      died: tries.died,
      not_started: tries.notStarted,
      interrupted: tries.interrupted,
      out_of_memory: tries.memory,
      task_memory_mib: sizeFor(taskSizes, memoryMiB).memoryMiB,
    },
    limits: {
      max_queue_hours: maxQueueHours,
      max_attempt_minutes: maxAttemptMinutes,
      max_tries: {
        died: maxTries.died,
        not_started: maxTries.notStarted,
        interrupted: maxTries.interrupted,
      },
      task_memory_mib: taskSizes.map((size) => size.memoryMiB),
    },
  };
}
