/**
 * Starting the task that reads a channel in the function's place.
 * @module
 */
import { createHash } from "node:crypto";
import { type StartOutcome, startTask, type Tasks } from "#adapters/ecs/start-task.ts";
import { PREFETCH_CONTAINER } from "#core/layout.ts";
import type { RepodataOrder } from "#core/repodata/order.ts";

/** What ECS shows as the one who started it. */
const NAME = "prefetch";

export function taskStarter(tasks: Tasks): (order: RepodataOrder) => Promise<StartOutcome> {
  return async (order) => {
    const text = JSON.stringify(order);
    const digest = createHash("sha256").update(text).digest("hex");
    return await startTask(tasks, {
      name: NAME,
      token: `${NAME}-${digest.slice(0, 40)}`,
      container: PREFETCH_CONTAINER,
      variables: { repodataOrder: text },
    });
  };
}
