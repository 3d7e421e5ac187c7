/**
 * Building what was solved before: the lock that was shown, and no other.
 * @module
 */
import { getAskedSolve } from "#adapters/dynamodb/asked-solves.ts";
import { getObject } from "#adapters/s3/objects.ts";
import { notAuthorized } from "#core/access/may.ts";
import { ofEnvironment } from "#core/access/pattern.ts";
import type { Body } from "#core/contract/route.ts";
import type { postSpecification } from "#core/contract/specifications.ts";
import { AppError } from "#core/errors.ts";
import { lockKey } from "#core/layout.ts";
import type { EnvironmentName } from "#core/names.ts";
import { checkLockfile } from "#core/specification/lockfile.ts";
import { environmentPosted, type Posted } from "#core/specification/posted.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";

type Can = Parameters<Tell<typeof postSpecification>>[0]["can"];

/** The table takes no longer ones as a key. */
const SOLVE_ID = /^[0-9a-f-]{36}$/;

/**
 * Reads a solve that is handed over. The settings as they are now are applied to what was posted and to the lock.
 * @param namespace into which the build goes: a solve is good for its own
 * @throws AppError permission_denied for what may not be read, whether it exists or not; solve_not_found; conflict while it
 *   has not ended well, and when settings have changed since
 */
export async function readSolved(
  { db, bucket }: Services,
  body: Body<typeof postSpecification>,
  namespace: string,
  can: Can,
): Promise<Posted> {
  const id = body.solve_id ?? "";
  const stored = SOLVE_ID.test(id) ? await getAskedSolve(db, id, new Date()) : null;
  const { solve, question } = stored ?? {};
  const target = ofEnvironment(solve?.namespace ?? namespace, solve?.environment ?? "-");
  if (!(await can("environment::solve", target))) throw notAuthorized();
  if (!solve || !question) {
    throw new AppError("solve_not_found", "There is no such solve, or its day is over: ask again.");
  }
  const refuse = (why: string): never => {
    throw new AppError("conflict", why);
  };
  if (solve.namespace !== namespace)
    refuse(`The solve is of the namespace ${solve.namespace}: build it there.`);
  if (solve.lockDigest === null) {
    return refuse(`The solve is ${solve.status}: ${solve.message ?? "wait until it is SOLVED"}`);
  }
  const frozenLock = lockKey(solve.lockDigest);
  const lockfile = await getObject(bucket, frozenLock);
  if (lockfile === null) return refuse("The solve's lock has been removed: solve again.");
  const posted = environmentPosted(question.posted);
  return {
    ...posted,
    name: solve.environment as EnvironmentName,
    frozenLock,
    complete: (policy) => {
      const accepted = posted.complete(policy);
      if (accepted.document !== solve.document) {
        refuse("The settings have changed since the solve, and would change what is built: solve again.");
      }
      checkLockfile(JSON.parse(lockfile.toString("utf8")), policy);
      return accepted;
    },
  };
}
