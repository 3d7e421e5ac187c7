/**
 * Deleting builds, environments and namespaces; pins. What is deleted is gone for its users when this is answered; its
 * bytes are sweep's to remove.
 * @module
 */
import * as builds from "#adapters/dynamodb/delete-build.ts";
import * as environments from "#adapters/dynamodb/delete-environment.ts";
import * as namespaces from "#adapters/dynamodb/delete-namespace.ts";
import { buildsOf, planOf } from "#adapters/dynamodb/deletion-plans.ts";
import { getEnvironment, readEnvironments } from "#adapters/dynamodb/environments.ts";
import { getNamespace } from "#adapters/dynamodb/namespaces.ts";
import * as pins from "#adapters/dynamodb/pins.ts";
import type { Build } from "#core/build/build.ts";
import { whyKept } from "#core/build/deletion.ts";
import type { ArtifactType } from "#core/build/status.ts";
import {
  type deleteBuild,
  type deleteEnvironment,
  type deleteNamespace,
  PLAN_ROWS_MAX,
  type pinBuild,
  type unpinBuild,
} from "#core/contract/deletion.ts";
import type { Environment } from "#core/environment/environment.ts";
import { AppError } from "#core/errors.ts";
import type { ApiContext } from "../context.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { buildOf } from "./builds.ts";

/** Builds that are canceled and deleted before the answer; what is more than a few is sweep's. */
const AT_ONCE = 25;

export async function tellPlan(
  { db }: Services,
  found: readonly Build[],
  keep: readonly ArtifactType[],
  ofEnvironments = 0,
) {
  const plan = await planOf(db, found, keep);
  return {
    environments: ofEnvironments,
    builds: plan.builds.length,
    build_ids: plan.builds.slice(0, PLAN_ROWS_MAX),
    active: plan.active,
    artifacts: plan.artifacts,
    bytes: plan.sizeBytes,
    kept: plan.kept
      .slice(0, PLAN_ROWS_MAX)
      .map(({ type, key, sizeBytes, because }) => ({ artifact_type: type, key, bytes: sizeBytes, because })),
  };
}

const dry = <T>(plan: T) => ({ status: "ok" as const, data: plan, message: "Nothing was deleted." });
const DONE = { status: "ok", message: null } as const;

export const deletingBuild =
  (services: Services): Tell<typeof deleteBuild> =>
  async (ask) => {
    const { db, settings } = services;
    const keep = settings.build_artifacts_kept_on_deletion;
    const build = await buildOf(services, ask);
    if (ask.query.dry_run) {
      const environment = await getEnvironment(db, build.namespace, build.environment);
      if (environment?.id !== build.environmentId) {
        throw new AppError("build_not_found", "build id does not exist");
      }
      const refusal = build.deletedOn === null ? whyKept(build, environment) : null;
      if (refusal) throw refusal;
      return dry(await tellPlan(services, build.deletedOn === null ? [build] : [], keep));
    }
    await builds.deleteBuild(ask.db, build.id, keep, new Date());
    return DONE;
  };

export const deletingEnvironment =
  (services: Services): Tell<typeof deleteEnvironment> =>
  async ({ db, params: { namespace, environment: name }, query, c }) => {
    if (query.dry_run) {
      const environment = await getEnvironment(db, namespace, name);
      if (!environment) throw new AppError("environment_not_found", "environment does not exist");
      return dry(await tellPlan(services, await buildsOf(db, [environment]), [], 1));
    }
    const at = new Date();
    const { id } = await environments.deleteEnvironment(db, namespace, name, at);
    await beginning(services, c, async () => {
      await services.askForLink({ namespace, environment: name });
      await environments.emptyEnvironment(db, { namespace, name, id }, { by: "api", at, most: AT_ONCE });
    });
    await services.wakeUp(`environment ${namespace}/${name} was deleted`).catch(() => {});
    return DONE;
  };

export const deletingNamespace =
  (services: Services): Tell<typeof deleteNamespace> =>
  async ({ db, params: { namespace: name }, query, c }) => {
    if (query.dry_run) {
      if (!(await getNamespace(db, name))) {
        throw new AppError("namespace_not_found", "namespace does not exist");
      }
      const all: Environment[] = await readEnvironments(db, name, "asc");
      return dry(await tellPlan(services, await buildsOf(db, all), [], all.length));
    }
    const at = new Date();
    const { id } = await namespaces.deleteNamespace(db, name, at);
    await beginning(services, c, async () => {
      const unlink = (environment: string) => services.askForLink({ namespace: name, environment });
      await namespaces.emptyNamespace(db, { name, id }, { by: "api", at, most: AT_ONCE, unlink });
    });
    await services.wakeUp(`namespace ${name} was deleted`).catch(() => {});
    return DONE;
  };

/** The mark is made and sweep will do all the rest: what fails here is only later. */
async function beginning({ log }: Services, c: ApiContext, work: () => Promise<void>): Promise<void> {
  await work().catch((error: unknown) => {
    log.warn("left to sweep", { request_id: c.get("requestId"), error });
  });
}

const pinning =
  (services: Services, when: () => Date | null): Tell<typeof pinBuild | typeof unpinBuild> =>
  async (ask) => {
    const { id } = await buildOf(services, ask);
    await pins.pinBuild(ask.db, id, when());
    return DONE;
  };

export const pinningBuild = (services: Services): Tell<typeof pinBuild> =>
  pinning(services, () => new Date());
export const unpinningBuild = (services: Services): Tell<typeof unpinBuild> => pinning(services, () => null);
