/**
 * Solving before anything is built: asked for here, done by the function solve.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import * as v from "valibot";
import { askSolve, getAskedSolve, type StoredSolve } from "#adapters/dynamodb/asked-solves.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { getPackages } from "#adapters/dynamodb/packages.ts";
import { readSubmissionPlace } from "#adapters/dynamodb/submission-place.ts";
import { notAuthorized } from "#core/access/may.ts";
import { ofEnvironment } from "#core/access/pattern.ts";
import { dataReply } from "#core/contract/shapes.ts";
import type { getSolve, postSolve, solveSpecification } from "#core/contract/solve.ts";
import { AppError } from "#core/errors.ts";
import { NewNamespaceName } from "#core/names.ts";
import { layerSettings } from "#core/settings/scope.ts";
import { asOfNow, changesBetween, type Solve, type SolvedPackage, solvedBy } from "#core/solve/solve.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { stableId } from "./build-packages.ts";
import { countSubmission } from "./count-request.ts";

/** As conda-store calls what it solves for its command line. */
const NAME = "conda-store-solve";
const LOOK_MS = 300;

type Ask = Parameters<Tell<typeof postSolve>>[0];
type Asking = Pick<Ask, "db" | "own" | "allow" | "c">;

/** Text, name, permission, settings; then the question is noted, and the solver told. */
async function ask(
  services: Services,
  { db, own, allow, c }: Asking,
  text: string,
  given: string | null | undefined,
): Promise<Solve> {
  await countSubmission(services, own, c);
  const { readSolvable } = await import("#core/specification/posted.ts");
  const namespace = v.safeParse(NewNamespaceName, given || own.primaryNamespace);
  if (!namespace.success) throw new AppError("invalid_name", namespace.issues[0].message);
  const { name, posted, complete } = readSolvable(text);
  await allow(ofEnvironment(namespace.output, name));
  const place = await readSubmissionPlace(db, namespace.output, name);
  const { settings, describe } = layerSettings(services.settings, place.settings);
  const { sha256, document, spec } = complete({
    settings,
    describe,
    allowPrivateHosts: services.allowPrivateHosts,
  });
  // The function solve has the deployment's settings, too.
  const by = solvedBy(services.settings);
  const asked = { namespace: namespace.output, environment: name, sha256, document, posted, spec, by };
  const { solve, isNew } = await askSolve(db, asked, new Date());
  if (isNew) await services.askForSolve(solve.id);
  return solve;
}

export const postingSolve =
  (services: Services): Tell<typeof postSolve> =>
  async (given) => {
    const { id, status } = await ask(services, given, given.body.specification, given.body.namespace);
    return dataReply({ solve_id: id, status });
  };

export const gettingSolve =
  ({ db }: Services): Tell<typeof getSolve> =>
  async ({ params, allow }) => {
    const stored = await getAskedSolve(db, params.solve, new Date());
    // Who may solve nothing learns no more than that he may not.
    await allow(stored ? ofEnvironment(stored.solve.namespace, stored.solve.environment) : NOWHERE);
    if (!stored)
      throw new AppError("solve_not_found", "There is no such solve, or its day is over: ask again.");
    return dataReply(await showSolve(db, stored));
  };

/** No pattern but that of everything matches it. */
const NOWHERE = ofEnvironment("-", "-");

/** Waits for it as long as API Gateway lets us. */
export const solving =
  (services: Services): Tell<typeof solveSpecification> =>
  async ({ query, own, ...others }) => {
    if (!own.authenticated || own.defaults === "anonymous") throw notAuthorized();
    const dependencies = [...query.conda, ...(query.pip.length > 0 ? [{ pip: query.pip }] : [])];
    const channels = [...new Set([...query.channel, ...query.channels])];
    const text = JSON.stringify({ name: NAME, channels, dependencies });
    const { id } = await ask(services, { ...others, own }, text, query.namespace);
    const until = performance.now() + services.solveWaitMs;
    for (;;) {
      const stored = await getAskedSolve(services.db, id, new Date());
      if (stored?.answer) return { solve: stored.answer.packages.map(showRow) };
      const solve = stored && asOfNow(stored.solve, new Date());
      if (solve?.status === "FAILED") {
        throw new AppError(
          solve.fault === "specification" ? "invalid_specification" : "try_again",
          solve.message ?? "The solve failed.",
        );
      }
      if (performance.now() + LOOK_MS > until) {
        throw new AppError(
          "try_again",
          `The solve takes longer than this request may: it goes on. Ask the same again, or GET /api/v1/solve/${id}/; POST /api/v1/solve/ asks without waiting.`,
        );
      }
      await pause(LOOK_MS);
    }
  };

const showRow = (each: SolvedPackage) => ({
  id: stableId(each.url),
  package_id: stableId(`${each.channel}\n${each.name}\n${each.version}`),
  channel_id: stableId(each.channel),
  name: each.name,
  version: each.version,
  build: each.build,
  build_number: each.buildNumber,
  constrains: null,
  depends: [...each.depends],
  md5: each.md5,
  sha256: each.sha256,
  size: each.sizeBytes,
  subdir: each.subdir,
  timestamp: null,
  url: each.url,
});

async function showSolve(db: Db, { solve: stored, answer }: StoredSolve) {
  const solve = asOfNow(stored, new Date());
  const packages = answer?.packages ?? [];
  return {
    id: solve.id,
    namespace: solve.namespace,
    environment: solve.environment,
    status: solve.status,
    asked_on: solve.askedOn.toISOString(),
    ended_on: solve.endedOn?.toISOString() ?? null,
    message: solve.message,
    fault: solve.fault,
    solver: answer?.solver ?? null,
    platform: answer?.platform ?? null,
    lock_digest: solve.lockDigest,
    packages: packages.map(showRow),
    pip: [...(answer?.pip ?? [])],
    size: packages.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    changes: answer && (await changesOf(db, solve, packages)),
    sources: [...(answer?.sources ?? [])],
  };
}

async function changesOf(db: Db, { namespace, environment }: Solve, packages: readonly SolvedPackage[]) {
  const current = await getEnvironment(db, namespace, environment);
  const build = current && (await getBuild(db, current.currentBuildId));
  const before = build?.lockDigest ? await getPackages(db, build.lockDigest) : null;
  const { added, removed, changed, unchanged, downloadBytes } = changesBetween(packages, before ?? []);
  return {
    current_build_id: before && build ? build.id : null,
    added: [...added],
    removed: [...removed],
    changed: [...changed],
    unchanged,
    download_size: downloadBytes,
  };
}
