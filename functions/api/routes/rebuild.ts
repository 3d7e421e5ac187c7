/**
 * Building a specification again.
 * @module
 */
import type { CountedRequest } from "#adapters/dynamodb/rates.ts";
import { getSpecification } from "#adapters/dynamodb/specifications.ts";
import { submitSpecification } from "#adapters/dynamodb/submit.ts";
import type { Build } from "#core/build/build.ts";
import type { rebuild } from "#core/contract/builds.ts";
import { AppError } from "#core/errors.ts";
import { preparePlace } from "../../prepare-submission.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { accepted } from "./accepted.ts";
import { buildOf } from "./builds.ts";
import { countedSubmission } from "./count-request.ts";

/**
 * The document that the build had, order and all; settings are not applied to it a second time. Frozen, the new build has the
 * old one's lock instead of a new solve; a lockfile is its own lock either way.
 */
export const rebuilding =
  (services: Services): Tell<typeof rebuild> =>
  async (ask) => {
    const build = await buildOf(services, ask);
    const buildId = await countedSubmission(services, ask.own, ask.c, (counted) =>
      submitAgain(services, ask, build, counted),
    );
    await accepted(services, ask.c, buildId);
    return { status: "ok", data: { build_id: buildId }, message: "rebuild triggered" };
  };

async function submitAgain(
  services: Services,
  { db, query }: Parameters<Tell<typeof rebuild>>[0],
  build: Build,
  counted: CountedRequest,
): Promise<number> {
  const specification = await getSpecification(db, build.specificationSha256, build.document);
  if (!specification) throw new Error(`the specification of build ${build.id} is not there`);
  const { namespace, environment } = build;
  const { layered: _, ...prepared } = await preparePlace(
    { db, settings: services.settings },
    namespace,
    environment,
  );
  const frozenLock = query.frozen && !specification.isLockfile ? lockOf(build) : undefined;
  const { buildId } = await submitSpecification(db, {
    namespace,
    environment,
    environmentId: build.environmentId,
    description: "",
    specification,
    createNamespace: false,
    ...(frozenLock === undefined ? {} : { frozenLock }),
    ...prepared,
    counted,
    at: new Date(),
  });
  return buildId;
}

/**
 * The object key of a build's lockfile.
 * @throws AppError conflict (409) when it has none
 */
export function lockOf({ id, artifacts, status, statusInfo }: Build): string {
  const lock = artifacts.find(({ type }) => type === "LOCKFILE");
  if (lock) return lock.key;
  const why =
    status === "COMPLETED"
      ? "it was made without one (setting build_artifacts)"
      : `it is ${status}: ${statusInfo ?? "it made none"}`.replace(/\.$/, "");
  throw new AppError(
    "conflict",
    `Build ${id} has no lockfile to freeze to, since ${why}. Without frozen it is solved anew.`,
  );
}
