/** What uses what: the index answers what a recount of all current builds would, whatever happened before. */

import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { DeleteCommand } from "#adapters/dynamodb/commands.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { deleteEnvironment } from "#adapters/dynamodb/delete-environment.ts";
import { dropDue, readDue } from "#adapters/dynamodb/due.ts";
import { getEnvironment, readEnvironments } from "#adapters/dynamodb/environments.ts";
import { listEnvironments } from "#adapters/dynamodb/list-environments.ts";
import { readNamespaces } from "#adapters/dynamodb/namespaces.ts";
import { getPackages, putPackages } from "#adapters/dynamodb/packages.ts";
import { transact } from "#adapters/dynamodb/transact.ts";
import { updateEnvironment } from "#adapters/dynamodb/update-environment.ts";
import { prepareUse, readUses, removeUse } from "#adapters/dynamodb/uses.ts";
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import { parsePackageQueries, parsePackageQuery } from "#core/package/package-query.ts";
import { faultsOfUses } from "#test/chaos/check-uses.ts";
import { audited } from "#test/kit/audited.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { completed, sha256Of } from "#test/kit/submissions.ts";

useMiniStack();

const installed = (name: string, version: string, manager: "conda" | "pip" = "conda"): InstalledPackage => ({
  ...{ manager, name, version, build: "0", channel: "https://example.com/c", subdir: "noarch" },
  ...{ license: null, summary: null, sha256: sha256Of(name + version), sizeBytes: 1 },
});
/** Locks by what they hold. */
const LOCKS: Readonly<Record<string, readonly InstalledPackage[]>> = {
  old: [installed("numpy", "1.9.3"), installed("openssl", "3.0.7")],
  new: [installed("numpy", "1.26.4"), installed("openssl", "3.0.8"), installed("pip", "24.0")],
  both: [installed("numpy", "1.26.4"), installed("numpy", "2.0.0", "pip")],
  many: Array.from({ length: 300 }, (_, i) => installed(`package-${i}`, `1.${i}`)),
};

let db: AuditedDb;

async function fresh(name: string): Promise<AuditedDb> {
  const made = audited(openDb({ table: await createTable(name) }));
  for (const [lock, packages] of Object.entries(LOCKS)) await putPackages(made, sha256Of(lock), packages);
  return made;
}

beforeAll(async () => {
  db = await fresh("uses");
});

const completes = (at: AuditedDb, namespace: string, environment: string, lock: string): Promise<number> =>
  completed(at, namespace, environment, { lockDigest: sha256Of(lock) });

async function whoHas(at: AuditedDb, ...asked: string[]): Promise<string[]> {
  const packages = parsePackageQueries(asked);
  const { items, count } = await listEnvironments(at, { visible: () => true, page: 1, size: 100, packages });
  expect(count).toBe(items.length);
  return items.map(({ namespace, name }) => `${namespace.name}/${name}`);
}

/** Does what is due, as sweep does, as if an hour had passed. */
async function sweepUses(at: AuditedDb): Promise<void> {
  for (const due of await readDue(at, new Date(Date.now() + 3_600_000), 1000)) {
    if (due.job.kind === "use" && (await removeUse(at, due.job.use))) await dropDue(at, due);
  }
}

test("an environment is found by what its current build holds, by name and by version, from when it becomes current", async () => {
  const first = await completes(db, "team", "demo", "old");
  expect(await whoHas(db, "openssl<3.0.8")).toEqual(["team/demo"]);
  await completes(db, "team", "other", "new");
  expect(await whoHas(db, "openssl")).toEqual(["team/demo", "team/other"]);
  expect(await whoHas(db, "openssl<3.0.8")).toEqual(["team/demo"]);

  await completes(db, "team", "demo", "new");
  expect(await whoHas(db, "openssl<3.0.8")).toEqual([]);
  expect(await whoHas(db, "openssl", "pip=24")).toEqual(["team/demo", "team/other"]);

  await updateEnvironment(db, "team", "demo", { buildId: first });
  expect(await whoHas(db, "openssl<3.0.8")).toEqual(["team/demo"]);
  expect(await whoHas(db, "openssl", "pip")).toEqual(["team/other"]);
  expect(await whoHas(db, "openssl<3.0.8|>=3.0.8,<4")).toEqual(["team/demo", "team/other"]);

  await deleteEnvironment(db, "team", "demo", new Date());
  expect(await whoHas(db, "openssl")).toEqual(["team/other"]);
});

test("of a package that conda and pip installed both versions count", async () => {
  await completes(db, "both", "demo", "both");
  expect(await whoHas(db, "numpy>=2")).toEqual(["both/demo"]);
  expect(await whoHas(db, "numpy=1.26")).toContain("both/demo");
});

test("a new build with the same lock writes no row again", async () => {
  await completes(db, "same", "demo", "many");
  const before = (await getEnvironment(db, "same", "demo"))?.use;
  await completes(db, "same", "demo", "many");
  expect(before).not.toBeNull();
  expect((await getEnvironment(db, "same", "demo"))?.use).toEqual(before);
  expect(await whoHas(db, "package-299=1.299")).toEqual(["same/demo"]);
});

test("a build whose packages nobody knows holds none, and what the build before it held is not found any more", async () => {
  await completes(db, "unknown", "demo", "new");
  await completes(db, "unknown", "demo", "a lock without a list");
  expect(await whoHas(db, "pip")).not.toContain("unknown/demo");
});

test("who died after writing rows leaves none behind, and a use that is being removed can be named by nobody", async () => {
  const build = await completes(db, "died", "demo", "old");
  const environment = await getEnvironment(db, "died", "demo");
  if (!environment) throw new Error("no environment");
  await prepareUse(db, environment, sha256Of("many"), new Date());
  const written = (await readUses(db, parsePackageQuery("package-7"))).filter(
    ({ namespace }) => namespace === "died",
  );
  expect(written).toHaveLength(1);
  expect(await whoHas(db, "package-7")).not.toContain("died/demo");

  await sweepUses(db);
  expect(
    (await readUses(db, parsePackageQuery("package-7"))).filter(({ namespace }) => namespace === "died"),
  ).toEqual([]);
  expect(await whoHas(db, "openssl=3.0.7")).toContain("died/demo");
  expect((await getBuild(db, build))?.status).toBe("COMPLETED");

  const slow = await prepareUse(db, environment, sha256Of("new"), new Date());
  await sweepUses(db);
  expect(await transact(db, slow.items)).toEqual({ kind: "condition", failed: [0] });
  expect(await faultsOfUses(db)).toEqual([]);
});

test("rows that were half removed when the remover died are removed by the next", async () => {
  await completes(db, "half", "demo", "old");
  const use = (await getEnvironment(db, "half", "demo"))?.use;
  await completes(db, "half", "demo", "new");
  const rows = await readUses(db, parsePackageQuery("openssl"), ["half"]);
  const old = rows.find((row) => row.use === use?.id);
  expect(old).toBeDefined();
  const Key = { pk: "USES#openssl", sk: `half#demo#${old?.use}` };
  await db.client.send(new DeleteCommand({ TableName: db.table, Key }));
  await sweepUses(db);
  expect(await readUses(db, parsePackageQuery("numpy"), ["half"])).toHaveLength(1);
});

type Deed =
  | { readonly kind: "complete"; readonly environment: number; readonly lock: string }
  | { readonly kind: "choose"; readonly environment: number; readonly build: number }
  | { readonly kind: "delete"; readonly environment: number }
  | { readonly kind: "sweep" };

/** The environments whose current build holds it, by reading all of it. */
async function recount(at: AuditedDb, asked: string): Promise<string[]> {
  const { name, matches } = parsePackageQuery(asked);
  const found: string[] = [];
  for (const namespace of await readNamespaces(at, "asc")) {
    for (const environment of await readEnvironments(at, namespace.name, "asc")) {
      const build = await getBuild(at, environment.currentBuildId);
      const packages = build?.lockDigest ? await getPackages(at, build.lockDigest) : null;
      const has = packages?.some((each) => each.name === name && matches(each.version));
      if (has) found.push(`${namespace.name}/${environment.name}`);
    }
  }
  return found;
}

test("after any history, also of deeds at once, the index equals a recount and nothing is left over", async () => {
  const environment = fc.nat({ max: 2 });
  const deed: fc.Arbitrary<Deed> = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({
        kind: fc.constant("complete" as const),
        environment,
        lock: fc.constantFrom("old", "new", "both", "none"),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ kind: fc.constant("choose" as const), environment, build: fc.nat({ max: 5 }) }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant("delete" as const), environment }) },
    { weight: 2, arbitrary: fc.record({ kind: fc.constant("sweep" as const) }) },
  );
  const histories = fc.array(fc.array(deed, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 6 });
  let runs = 0;
  await fc.assert(
    fc.asyncProperty(histories, async (steps) => {
      const own = await fresh(`uses-history-${runs++}`);
      const builds: number[][] = [[], [], []];
      const act = async (each: Deed): Promise<void> => {
        if (each.kind === "sweep") return await sweepUses(own);
        const name = `environment-${each.environment}`;
        const of = builds[each.environment] ?? [];
        if (each.kind === "complete") of.push(await completes(own, "team", name, each.lock));
        else if (each.kind === "choose") {
          const buildId = of[each.build % Math.max(1, of.length)] ?? 999;
          await updateEnvironment(own, "team", name, { buildId }).catch(() => {});
        } else await deleteEnvironment(own, "team", name, new Date()).catch(() => {});
      };
      for (const step of steps) {
        // A claim takes the next free slot, so builds begin one after the other; all else happens at once.
        const [ending, others] = [
          step.filter(({ kind }) => kind === "complete"),
          step.filter(({ kind }) => kind !== "complete"),
        ];
        await Promise.all([
          ...others.map(act),
          ending.reduce(async (before, each) => {
            await before;
            await act(each);
          }, Promise.resolve()),
        ]);
        for (const asked of ["numpy", "openssl<3.0.8", "numpy>=2", "pip"]) {
          expect(await whoHas(own, asked)).toEqual(await recount(own, asked));
        }
      }
      await sweepUses(own);
      expect(await faultsOfUses(own)).toEqual([]);
    }),
    { numRuns: 8 },
  );
}, 240_000);
