/**
 * Building a specification again.
 * @module
 */
import { getSpecification } from "#adapters/dynamodb/specifications.ts";
import { submitSpecification } from "#adapters/dynamodb/submit.ts";
import type { rebuild } from "#core/contract/builds.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { accepted } from "./accepted.ts";
import { buildOf } from "./builds.ts";

/** The document that the build had, order and all; settings are not applied a second time. */
export const rebuilding =
  (services: Services): Tell<typeof rebuild> =>
  async (ask) => {
    const build = await buildOf(services, ask);
    const specification = await getSpecification(services.db, build.specificationSha256, build.document);
    if (!specification) throw new Error(`the specification of build ${build.id} is not there`);
    const { buildId } = await submitSpecification(services.db, {
      namespace: build.namespace,
      environment: build.environment,
      environmentId: build.environmentId,
      description: "",
      specification,
      createNamespace: false,
      at: new Date(),
    });
    await accepted(services, ask.c, buildId);
    return { status: "ok", data: { build_id: buildId }, message: "rebuild triggered" };
  };
