/**
 * What an environment keeps of its builds.
 * @module
 */
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { readSurplus } from "#adapters/dynamodb/retention.ts";
import { getSettingsLayers } from "#adapters/dynamodb/settings.ts";
import type { getRetention } from "#core/contract/deletion.ts";
import { dataReply } from "#core/contract/shapes.ts";
import { AppError } from "#core/errors.ts";
import { layerSettings } from "#core/settings/scope.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { tellPlan } from "./deletion.ts";

/** The same that sweep would delete, and a look at another number before it is set. */
export const tellingRetention =
  (services: Services): Tell<typeof getRetention> =>
  async ({ params: { namespace, environment: name }, query }) => {
    const { db, settings: deployment } = services;
    const environment = await getEnvironment(db, namespace, name);
    if (!environment) throw new AppError("environment_not_found", "environment does not exist");
    const scope = { kind: "environment", namespace, environment: name } as const;
    const { settings } = layerSettings(deployment, await getSettingsLayers(db, scope));
    const surplus = await readSurplus(db, environment, query.keep ?? settings.builds_kept, PLAN_BUILDS_MAX);
    return dataReply(await tellPlan(services, surplus, settings.build_artifacts_kept_on_deletion));
  };

/** A second look shows what the first left out: these would be gone by then. */
const PLAN_BUILDS_MAX = 1_000;
