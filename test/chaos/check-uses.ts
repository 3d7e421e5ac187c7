/**
 * The index of what uses what equals a recount: a row for each package of each environment's current build, and no other.
 * @module
 */
import { getBuilds } from "#adapters/dynamodb/builds.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { readEnvironments } from "#adapters/dynamodb/environments.ts";
import { readNamespaces } from "#adapters/dynamodb/namespaces.ts";
import { getManyPackages } from "#adapters/dynamodb/packages.ts";
import { readTable } from "./check-leftovers.ts";

/** Looks when all has come to rest. */
export async function faultsOfUses(db: Db): Promise<string[]> {
  const kept = new Set<string>();
  const uses = new Set<string>();
  for (const { pk, sk, versions } of await readTable(db)) {
    const [kind, name] = String(pk).split(/#(.*)/s);
    if (kind === "USES") kept.add(`${name} ${String(sk)} ${[...(versions as string[])].sort().join(" ")}`);
    if (kind === "USE") uses.add(String(name));
  }
  const counted = new Set<string>();
  const faults: string[] = [];
  for (const namespace of await readNamespaces(db, "asc")) {
    const environments = await readEnvironments(db, namespace.name, "asc");
    const builds = await getBuilds(
      db,
      environments.map(({ currentBuildId }) => currentBuildId),
    );
    const digests = [...builds.values()].flatMap(({ lockDigest }) => lockDigest ?? []);
    const lists = await getManyPackages(db, digests);
    for (const { name, currentBuildId, use } of environments) {
      const lock = builds.get(currentBuildId)?.lockDigest ?? null;
      const list = lock === null ? undefined : lists.get(lock);
      const at = `${namespace.name}/${name}`;
      if (list && use?.lockDigest !== lock) faults.push(`${at} is not indexed by its current build`);
      if (!list && use) faults.push(`${at} is indexed and has no packages`);
      if (!use || !list) continue;
      if (!uses.delete(use.id)) faults.push(`${at} names a use that is not there`);
      const versions = Map.groupBy(list, (each) => each.name);
      for (const [packageName, of] of versions) {
        const all = of.map(({ version }) => version).sort();
        counted.add(`${packageName} ${namespace.name}#${name}#${use.id} ${all.join(" ")}`);
      }
    }
  }
  return [
    ...faults,
    ...[...uses].map((use) => `use ${use} is named by no environment`),
    ...[...kept].filter((row) => !counted.has(row)).map((row) => `left over: ${row}`),
    ...[...counted].filter((row) => !kept.has(row)).map((row) => `missing: ${row}`),
  ];
}
