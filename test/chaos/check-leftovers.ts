/**
 * Nothing is left over: every item of the table, object of the bucket and entry of the shared disk belongs to a build
 * that needs it, and nothing that a build needs is missing among what is counted.
 * @module
 */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import type { Db } from "#adapters/dynamodb/db.ts";
import type { Item } from "#adapters/dynamodb/item.ts";
import type { Build } from "#core/build/build.ts";
import { directoryThing, parseThing, thingOf, thingsOf } from "#core/build/thing.ts";
import type { Environment } from "#core/environment/environment.ts";
import { ENVIRONMENT_LINK, linkPath } from "#core/layout.ts";
import { openDocuments } from "#test/kit/documents.ts";

/** The whole table. */
export async function readTable(db: Db): Promise<Item[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const page = await openDocuments().send(
      new ScanCommand({
        TableName: db.table,
        ConsistentRead: true,
        ...(start ? { ExclusiveStartKey: start } : {}),
      }),
    );
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
}

/** Items of the table that nothing asks for any more, and things whose holders are not those that hold them. */
export function leftoverItems(items: readonly Item[], builds: readonly Build[]): string[] {
  const known = new Map<number, Build>(builds.map((build) => [build.id, build]));
  const holds = new Map<string, number[]>();
  const faults: string[] = [];
  const things = new Map<string, Item>();
  for (const item of items) {
    const [pk, sk] = [String(item["pk"]), String(item["sk"])];
    const [kind = "", rest = ""] = pk.split(/#(.*)/s);
    if (kind === "HOLD") {
      const build = known.get(Number(rest));
      holds.set(sk, [...(holds.get(sk) ?? []), Number(rest)]);
      if (!build) faults.push(`build ${rest} is gone and holds ${sk}`);
      else if (!thingsOf(build).includes(sk)) faults.push(`build ${rest} holds ${sk} and does not need it`);
    } else if (kind === "THING") things.set(rest, item);
    else if (kind === "ATTEMPT" && !known.has(Number(rest))) faults.push(`${pk} ${sk} is of no build`);
    else if (kind === "NS" && /^(?:BUILD|GONE)#/.test(sk)) faults.push(...faultsOfRow(pk, sk, known));
  }
  for (const [thing, { holders, condemned }] of things) {
    const count = holds.get(thing)?.length ?? 0;
    if (holders !== count) faults.push(`${thing} counts ${holders} holders and has ${count}`);
    if (count === 0) faults.push(`${thing} is held by nobody and still counted`);
    if (condemned) faults.push(`${thing} is condemned and still counted`);
  }
  for (const thing of holds.keys()) if (!things.has(thing)) faults.push(`${thing} is held and not counted`);
  for (const { pk } of items.filter(({ sk }) => sk === "PACKAGES")) {
    const thing = String(pk).replace("LOCK#", "list/");
    if (!things.has(thing)) faults.push(`${pk} is of no build`);
  }
  for (const build of builds) {
    for (const thing of thingsOf(build)) {
      if (!holds.get(thing)?.includes(build.id)) faults.push(`build ${build.id} needs ${thing}, not held`);
    }
  }
  return faults;
}

function faultsOfRow(pk: string, sk: string, known: ReadonlyMap<number, Build>): string[] {
  const [kind, name = "", last = ""] = sk.split("#");
  if (last.startsWith("!")) return [`${pk} ${name} has the mark of a deleted environment, and no job for it`];
  const build = known.get(Number(last));
  if (!build) return [`${pk} ${sk} is the row of no build`];
  const isShown = kind === "BUILD";
  return (build.deletedOn === null) === isShown ? [] : [`${pk} ${sk} is not as the build is`];
}

/** Objects that no build names, but for the logs of builds that are there. */
export function leftoverObjects(keys: readonly string[], builds: readonly Build[]): string[] {
  const named = new Set(builds.flatMap(({ artifacts }) => artifacts.map(({ key }) => key)));
  const ids = new Set<number>(builds.map(({ id }) => id));
  return keys
    .filter((key) => {
      const [, id] = /^logs\/(\d+)\//.exec(key) ?? [];
      return id === undefined ? !named.has(key) && parseThing(key) !== null : !ids.has(Number(id));
    })
    .map((key) => `${key} belongs to no build`);
}

/** Directories, copies and links of the shared disk that no build has and no environment wants. */
export async function leftoverEntries(
  store: string,
  builds: readonly Build[],
  environments: readonly Environment[],
): Promise<string[]> {
  const directories = new Set(builds.flatMap(({ artifacts }) => artifacts.map(thingOf)));
  const links = new Set(
    environments
      .filter(({ link }) => link.buildKey !== null)
      .map(({ namespace, name }) => linkPath(namespace.name, name, ENVIRONMENT_LINK)),
  );
  const [, linksDirectory = ""] = linkPath("", "", ENVIRONMENT_LINK).split("/");
  const faults: string[] = [];
  for (const namespace of await readdir(store)) {
    for (const entry of await readdir(join(store, namespace))) {
      if (entry === linksDirectory) {
        for (const link of await readdir(join(store, namespace, entry))) {
          const path = join(namespace, entry, link);
          if (!links.has(path)) faults.push(`${path} is a link that no environment wants`);
        }
      } else if (!directories.has(directoryThing(namespace, entry))) {
        faults.push(`${namespace}/${entry} belongs to no build`);
      }
    }
  }
  return faults;
}
