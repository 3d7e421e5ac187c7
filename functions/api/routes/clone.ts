/**
 * A new environment from the specification that another one has now.
 * @module
 */
import * as v from "valibot";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { getSpecification } from "#adapters/dynamodb/specifications.ts";
import { getObject } from "#adapters/s3/objects.ts";
import { notAuthorized } from "#core/access/may.ts";
import { ofEnvironment } from "#core/access/pattern.ts";
import type { Body } from "#core/contract/route.ts";
import type { postSpecification } from "#core/contract/specifications.ts";
import { AppError } from "#core/errors.ts";
import { type EnvironmentName, NewEnvironmentName } from "#core/names.ts";
import type { EnvironmentDocument } from "#core/specification/environment.ts";
import { checkLockfile, type LockfileDocument } from "#core/specification/lockfile.ts";
import { environmentPosted, lockfilePosted, type Posted } from "#core/specification/posted.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { lockOf } from "./rebuild.ts";

type Can = Parameters<Tell<typeof postSpecification>>[0]["can"];

/**
 * Reads what is cloned: the specification of the build that the environment shows; frozen, its lock too. The settings of
 * the new environment's namespace will be applied to both.
 * @throws AppError permission_denied for what may not be read, whether it exists or not; environment_not_found;
 *   conflict for a build without a lock
 */
export async function readClone(
  { db, bucket }: Services,
  body: Body<typeof postSpecification>,
  can: Can,
): Promise<Posted> {
  const name = newName(body.environment_name ?? "");
  const [namespace, environment] = sourceName(body.clone_from ?? "");
  if (!(await can("environment::read", ofEnvironment(namespace, environment)))) throw notAuthorized();
  const source = await getEnvironment(db, namespace, environment);
  const build = source && (await getBuild(db, source.currentBuildId));
  const stored = build && (await getSpecification(db, build.specificationSha256, build.document));
  if (!stored) throw new AppError("environment_not_found", "environment does not exist");
  const description = body.environment_description ? { description: body.environment_description } : {};
  if (stored.isLockfile)
    return lockfilePosted({ ...(stored.spec as LockfileDocument), name, ...description });
  const posted = environmentPosted({ ...(stored.spec as EnvironmentDocument), name, ...description });
  if (!body.frozen) return posted;
  const frozenLock = lockOf(build);
  const lockfile = await getObject(bucket, frozenLock);
  if (lockfile === null)
    throw new AppError(
      "conflict",
      `The lockfile of build ${build.id} has been deleted: clone without frozen.`,
    );
  return {
    ...posted,
    frozenLock,
    complete: (policy) => {
      checkLockfile(JSON.parse(lockfile.toString("utf8")), policy);
      return posted.complete(policy);
    },
  };
}

function newName(text: string): EnvironmentName {
  const result = v.safeParse(NewEnvironmentName, text);
  if (result.success) return result.output;
  const hint = text === "" ? "; a clone needs a name of its own: give environment_name" : "";
  throw new AppError("invalid_name", `${result.issues[0].message}${hint}`);
}

function sourceName(text: string): [namespace: string, environment: string] {
  const [namespace = "", environment = "", ...more] = text.split("/");
  if (namespace === "" || environment === "" || more.length > 0)
    throw new AppError("invalid_name", "clone_from must be namespace/name of an environment.");
  return [namespace, environment];
}
