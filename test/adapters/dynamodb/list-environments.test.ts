import fc from "fast-check";
import { beforeAll, expect, test } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { type EnvironmentQuery, listEnvironments } from "#adapters/dynamodb/list-environments.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { createNamespace, listNamespaces } from "#adapters/dynamodb/namespaces.ts";
import { getPackages, putPackages } from "#adapters/dynamodb/packages.ts";
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import { parsePackageQueries } from "#core/package/package-query.ts";
import { audited } from "#test/kit/audited.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { completedResult, dispatched, sha256Of, submitted } from "#test/kit/submissions.ts";

useMiniStack();
let db: AuditedDb;

/** Every pair, in the order of the list's default. */
const ALL = ["a/one", "a/three", "a/two", "b/one", "b/zwei", "c/X", "c/one", "c/x"];
const NAMESPACES = ["a", "b", "c", "empty"];
const lockDigest = sha256Of("lock of b/one");
const numpy = { name: "numpy", version: "1.0" } as InstalledPackage;
const pip = { name: "pip", version: "24.0" } as InstalledPackage;

beforeAll(async () => {
  db = audited(openDb({ table: await createTable("lists") }));
  await createNamespace(db, "empty", new Date());
  await putPackages(db, lockDigest, [numpy, pip]);
  for (const pair of ALL.toReversed()) {
    const [namespace = "", environment = ""] = pair.split("/");
    const id = await submitted(db, { namespace, environment });
    if (pair !== "b/one") continue;
    await dispatched(db, id);
    await claimBuild(db, id, "me", new Date());
    const artifacts = [{ type: "CONDA_PACK" as const, key: "archives/x.tar.gz", sizeBytes: 1 }];
    const result = completedResult({ lockDigest, artifacts });
    await makeMove(db, id, { name: "complete", by: "finish", at: new Date(), attempt: 1, result });
  }
});

async function list(query: Partial<EnvironmentQuery>): Promise<string[]> {
  const { items } = await listEnvironments(db, { visible: () => true, page: 1, size: 100, ...query });
  return items.map(({ namespace, name }) => `${namespace.name}/${name}`);
}

test.each<[string, Partial<EnvironmentQuery>, string[]]>([
  ["everything, by namespace and name", {}, ALL],
  ["everything backwards", { order: "desc" }, ALL.toReversed()],
  [
    "by name first",
    { sortBy: ["name"] },
    ["c/X", "a/one", "b/one", "c/one", "a/three", "a/two", "c/x", "b/zwei"],
  ],
  ["one namespace", { namespaces: ["b"] }, ["b/one", "b/zwei"]],
  [
    "namespaces that exist or not, named twice",
    { namespaces: ["c", "nope", "a", "c"] },
    ["a/one", "a/three", "a/two", "c/X", "c/one", "c/x"],
  ],
  ["a name", { name: "one" }, ["a/one", "b/one", "c/one"]],
  ["a part of a name", { search: "w" }, ["a/two", "b/zwei"]],
  ["a part of a namespace's name", { search: "b" }, ["b/one", "b/zwei"]],
  ["a status of the current build", { status: "COMPLETED" }, ["b/one"]],
  ["another status", { status: "QUEUED" }, ALL.filter((pair) => pair !== "b/one")],
  ["an artifact of the current build", { artifact: "CONDA_PACK" }, ["b/one"]],
  ["packages of the current build", { packages: parsePackageQueries(["pip", "numpy"]) }, ["b/one"]],
  ["a package nobody has", { packages: parsePackageQueries(["pip", "scipy"]) }, []],
  ["what the caller sees of each", { visible: (_ns, name) => name === "one" }, ["a/one", "b/one", "c/one"]],
  [
    "no namespace the caller does not see",
    { coverage: (ns) => (ns === "c" ? "none" : "all") },
    ALL.slice(0, 5),
  ],
])("lists %s", async (_what, query, wanted) => {
  expect(await list(query)).toEqual(wanted);
});

test("any page of any list is that part of the whole list, and the count is the whole list's", async () => {
  const query = fc.record({
    page: fc.integer({ min: 1, max: 9 }),
    size: fc.integer({ min: 1, max: 9 }),
    order: fc.constantFrom("asc" as const, "desc" as const),
    /** For each namespace how much the caller sees; "some" hides names with an "o". */
    coverage: fc.array(fc.constantFrom("all" as const, "some" as const, "none" as const), {
      minLength: 4,
      maxLength: 4,
    }),
  });
  await fc.assert(
    fc.asyncProperty(query, async ({ page, size, order, coverage }) => {
      const covers = (namespace: string) => coverage[NAMESPACES.indexOf(namespace)] ?? "none";
      const visible = (namespace: string, name: string): boolean =>
        covers(namespace) === "all" || (covers(namespace) === "some" && !name.includes("o"));
      const whole = ALL.filter((pair) => {
        const [namespace = "", name = ""] = pair.split("/");
        return visible(namespace, name);
      });
      if (order === "desc") whole.reverse();

      const { items, count } = await listEnvironments(db, { visible, coverage: covers, page, size, order });

      expect(count).toBe(whole.length);
      expect(items.map(({ namespace, name }) => `${namespace.name}/${name}`)).toEqual(
        whole.slice((page - 1) * size, page * size),
      );
    }),
    { numRuns: 60 },
  );
});

test("namespaces are listed by name, by page, as far as the caller sees them", async () => {
  const page = async (changes: object) => {
    const { items, count } = await listNamespaces(db, { visible: () => true, page: 1, size: 10, ...changes });
    return [items.map(({ name }) => name).join(" "), count];
  };

  expect(await page({})).toEqual(["a b c empty", 4]);
  expect(await page({ order: "desc", size: 2 })).toEqual(["empty c", 4]);
  expect(await page({ page: 2, size: 3 })).toEqual(["empty", 4]);
  expect(await page({ page: 9 })).toEqual(["", 4]);
  expect(await page({ visible: (name: string) => name !== "b" })).toEqual(["a c empty", 3]);
});

test("packages are kept under their lock, and a lock that nobody built has none", async () => {
  expect(await getPackages(db, lockDigest)).toEqual([numpy, pip]);
  expect(await getPackages(db, sha256Of("unknown"))).toBeNull();
});
