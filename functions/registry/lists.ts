/**
 * Tags of a repository, and the repositories that the caller may read.
 * @module
 */
import { getBuilds } from "#adapters/dynamodb/builds.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { readTags } from "#adapters/dynamodb/repositories.ts";
import { visible } from "#core/access/may.ts";
import { LATEST, TAG_CHARS_MAX } from "#core/image/tags.ts";
import { RegistryError } from "./errors.ts";
import { CATALOGUE_SCOPE, type Caller, unauthorized, whole } from "./login.ts";
import { imageOf } from "./manifests.ts";
import {
  json,
  type RegistryReply,
  type RegistryRequest,
  type RepositoryName,
  type Services,
} from "./services.ts";

const PAGE_MAX = 100;

/** In the order of their bytes, as the specification wants it. */
export async function listTags(
  services: Services,
  request: RegistryRequest,
  repository: RepositoryName,
): Promise<RegistryReply> {
  const { db } = services;
  const { namespace, environment: name } = repository;
  const { limit, last: behind } = pageOf(request);
  // What is behind a text longer than any tag is behind its beginning.
  const last = behind?.slice(0, TAG_CHARS_MAX) ?? null;
  const environment = await getEnvironment(db, namespace, name);
  if (!environment) throw new RegistryError("NAME_UNKNOWN");
  // One more tells whether there is another page; none at all is asked for by n=0.
  const isBehindAll = last !== null && last >= LATEST;
  const rows = limit === 0 || isBehindAll ? [] : await readTags(db, repository, last, limit + 1);
  const page = rows.slice(0, limit);
  const builds = await getBuilds(db, [...page.map(({ build }) => build), environment.currentBuildId]);
  const has = (id: number): boolean => {
    const build = builds.get(id);
    return build?.status === "COMPLETED" && imageOf(build) !== undefined;
  };
  // What a task has tagged counts when its build is COMPLETED; a lock's tag is there once for each of its builds.
  const tags = new Set(page.filter(({ build }) => has(build)).map(({ tag }) => tag));
  // Digits and letters up to f come before it.
  const isEnd = rows.length <= limit;
  const endsWithLatest = isEnd && !isBehindAll && has(environment.currentBuildId);
  const fits = limit > tags.size;
  if (endsWithLatest && fits) tags.add(LATEST);
  const path = `/v2/${namespace}/${name}/tags/list`;
  const next = isEnd && (fits || !endsWithLatest) ? undefined : page.at(-1)?.tag;
  return json({ name: `${namespace}/${name}`, tags: [...tags] }, linkTo(path, next, limit));
}

/** @throws RegistryError UNAUTHORIZED for who is nobody, or shows a token for something else */
export async function listRepositories(
  services: Services,
  request: RegistryRequest,
  caller: Caller,
): Promise<RegistryReply> {
  const { limit, last } = pageOf(request);
  const entity =
    caller.kind === "grant" ? caller.grant.catalogue : caller.kind === "entity" ? caller.entity : null;
  if (entity === null) throw unauthorized(request, CATALOGUE_SCOPE);
  const sight = visible(await whole(services, entity));
  const { matchingEnvironments } = await import("#adapters/dynamodb/list-environments.ts");
  const found = await matchingEnvironments(services.db, {
    visible: sight.environment,
    coverage: sight.coverage,
    artifact: "DOCKER_MANIFEST",
    ...(sight.namespaces === null ? {} : { namespaces: sight.namespaces }),
  });
  const names = found.map(({ namespace, name }) => `${namespace.name}/${name}`).sort();
  const behind = last === null ? names : names.filter((name) => name > last);
  const repositories = behind.slice(0, limit);
  const next = behind.length > limit ? repositories.at(-1) : undefined;
  return json({ repositories }, linkTo("/v2/_catalog", next, limit));
}

/** @throws RegistryError PAGINATION_NUMBER_INVALID */
function pageOf({ query }: RegistryRequest): { limit: number; last: string | null } {
  const n = query.get("n");
  if (n !== null && !/^\d+$/.test(n)) throw new RegistryError("PAGINATION_NUMBER_INVALID");
  const limit = Math.min(n === null ? PAGE_MAX : Number(n), PAGE_MAX);
  return { limit, last: query.get("last") };
}

/** Relative, so that it is right behind every name that we are called by. */
function linkTo(path: string, last: string | undefined, limit: number): Record<string, string> {
  if (last === undefined) return {};
  return { link: `<${encodeURI(path)}?n=${limit}&last=${encodeURIComponent(last)}>; rel="next"` };
}
