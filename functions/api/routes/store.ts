/**
 * The store as a whole.
 * @module
 */
import { readBuilding, readTotals } from "#adapters/dynamodb/totals.ts";
import { dataReply } from "#core/contract/shapes.ts";
import type { getCelery, getMetrics, getUsage } from "#core/contract/store.ts";
import type { BuildCounts } from "#core/namespace/namespace.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";

/** Who may read only parts of a namespace is not told what the rest adds up to. */
export const tellingUsage =
  ({ db }: Services): Tell<typeof getUsage> =>
  async ({ sight: see }) => {
    const sight = await see();
    const totals = await readTotals(db, (namespace) => sight.coverage(namespace) === "all");
    return dataReply(
      Object.fromEntries(
        totals.map(({ namespace, counts }) => [
          namespace.name,
          {
            num_environments: namespace.environments,
            num_builds: counts.builds,
            storage: counts.sizeBytes,
          },
        ]),
      ),
    );
  };

export const tellingMetrics =
  ({ db }: Services): Tell<typeof getMetrics> =>
  async ({ c }) => {
    const [totals, building] = await Promise.all([readTotals(db, () => true), readBuilding(db)]);
    const sum = (key: keyof BuildCounts): number =>
      totals.reduce((total, { counts }) => total + counts[key], 0);
    const values = {
      build_queued: Math.max(0, sum("active") - building.length),
      build_building: building.length,
      build_completed: sum("completed"),
      build_failed: sum("failed"),
      build_canceled: sum("canceled"),
      environments: totals.reduce((total, { namespace }) => total + namespace.environments, 0),
      disk_usage: sum("sizeBytes"),
    };
    const lines = Object.entries(values).map(([name, value]) => `conda_store_${name} ${value}\n`);
    return c.text(lines.join(""));
  };

/** There are no workers that wait for work: a slot is all that can be told, while it builds. */
export const tellingCelery =
  ({ db }: Services): Tell<typeof getCelery> =>
  async () => {
    const building = await readBuilding(db);
    const tasks = building.map(({ slot, build }) => [
      `slot-${slot}`,
      [{ id: `build-${build}-environment`, name: "task_build_conda_environment", args: [build] }],
    ]);
    return {
      availability: null,
      stats: null,
      registered_tasks: null,
      active_tasks: tasks.length === 0 ? null : Object.fromEntries(tasks),
      scheduled_tasks: null,
    };
  };
