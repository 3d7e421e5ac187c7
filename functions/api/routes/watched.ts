/**
 * Files that specifications are kept in.
 * @module
 */
import { listWatchedFiles } from "#adapters/dynamodb/watched-files.ts";
import type { Visibility } from "#core/access/may.ts";
import { dataReply, timestamp } from "#core/contract/shapes.ts";
import type { listWatchedFiles as listRoute } from "#core/contract/watched.ts";
import { shownUntil, type WatchedFile } from "#core/watched/file.ts";
import type { Tell } from "../serve.ts";
import { stableId } from "./build-packages.ts";
import { fewNames } from "./namespaces.ts";

export const listing =
  (): Tell<typeof listRoute> =>
  async ({ db, query: { namespace, page, size, order }, sight: see }) => {
    const sight = await see();
    const names = namespace === undefined ? fewNames(sight) : [namespace].filter(sight.namespace);
    const found = names
      ? (await Promise.all(names.map((name) => listWatchedFiles(db, name)))).flat()
      : await listWatchedFiles(db);
    const now = new Date();
    const files = found.filter((file) => (shownUntil(file) ?? now) >= now && shows(sight, file));
    if (order === "desc") files.reverse();
    const rows = files.slice((page - 1) * size, page * size).map(show);
    return { ...dataReply(rows), page, size, count: files.length };
  };

/** Of whose text nobody knows an environment, who reads all of the namespace may know. */
function shows(sight: Visibility, { namespace, environment }: WatchedFile): boolean {
  if (sight.everything) return true;
  return environment === null
    ? sight.coverage(namespace) === "all"
    : sight.environment(namespace, environment);
}

function show({ namespace, source, path, error, environment, buildId, seenAt, removedAt }: WatchedFile) {
  const settled = error === null ? "built" : "refused";
  return {
    ...{ id: stableId(`${namespace}/${source}/${path}`), namespace, source, path },
    status: removedAt === null ? settled : "removed",
    ...{ error, environment, build_id: buildId, seen: timestamp(new Date(seenAt)) },
  } as const;
}
