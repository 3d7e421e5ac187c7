/**
 * Counts what each line of docs/access-patterns.md costs, at two sizes of the store.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  askSolve,
  beginSolve,
  failSolve,
  getAskedSolve,
  keepForSolve,
} from "#adapters/dynamodb/asked-solves.ts";
import { beat, getAttempt, getAttempts, getTests } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild, getBuilds } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { deleteBuild } from "#adapters/dynamodb/delete-build.ts";
import { deleteEnvironment } from "#adapters/dynamodb/delete-environment.ts";
import { deleteNamespace } from "#adapters/dynamodb/delete-namespace.ts";
import { buildsOf, planOf } from "#adapters/dynamodb/deletion-plans.ts";
import { readDue, replaceDue } from "#adapters/dynamodb/due.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { condemn, getThings, giveBack, heldBy, holdThings } from "#adapters/dynamodb/holds.ts";
import {
  getBaseImage,
  getLayers,
  noteCopied,
  putBaseImage,
  putLayer,
  wasCopied,
} from "#adapters/dynamodb/image-layers.ts";
import { countShares, freeShare, freeSlot, readHeld, readTurns, slots } from "#adapters/dynamodb/line.ts";
import { listBuilds } from "#adapters/dynamodb/list-builds.ts";
import { listEnvironments } from "#adapters/dynamodb/list-environments.ts";
import {
  beginLogin,
  claimUserName,
  findUserNames,
  makeMissingNamespaces,
} from "#adapters/dynamodb/logins.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { getNamespaceDetails, updateNamespace } from "#adapters/dynamodb/namespace-details.ts";
import { getBuildCounts, getNamespace, listNamespaces } from "#adapters/dynamodb/namespaces.ts";
import { nextInLine, readPlace, waiting } from "#adapters/dynamodb/next-in-line.ts";
import { getPackages, putPackages } from "#adapters/dynamodb/packages.ts";
import { pinBuild } from "#adapters/dynamodb/pins.ts";
import { countRequest } from "#adapters/dynamodb/rates.ts";
import { readAudit } from "#adapters/dynamodb/read-audit.ts";
import { deleteRepodata, getRepodata, listRepodata, putRepodata } from "#adapters/dynamodb/repodata.ts";
import {
  dropRepositoryBlob,
  dropRepositoryTag,
  findRepositoryBlob,
  findTag,
  putRepositoryBlob,
  putRepositoryTag,
  readTags,
} from "#adapters/dynamodb/repositories.ts";
import { readSurplus } from "#adapters/dynamodb/retention.ts";
import { getGreenTests } from "#adapters/dynamodb/reuse.ts";
import { changeRole, getMappedGrants, giveRole, listGivenRoles } from "#adapters/dynamodb/roles.ts";
import { lastUses, serviceUsed } from "#adapters/dynamodb/service-use.ts";
import { getSettingsLayers, putSettings } from "#adapters/dynamodb/settings.ts";
import { getSolve } from "#adapters/dynamodb/solves.ts";
import { getSpecification } from "#adapters/dynamodb/specifications.ts";
import { submitSpecification } from "#adapters/dynamodb/submit.ts";
import { getTokens, listTokens, putToken, revokeToken } from "#adapters/dynamodb/tokens.ts";
import { readBuilding, readTotals } from "#adapters/dynamodb/totals.ts";
import { updateEnvironment } from "#adapters/dynamodb/update-environment.ts";
import { prepareUse, removeUse } from "#adapters/dynamodb/uses.ts";
import { listWatchedFiles, putWatchedFile, watchedFileItem } from "#adapters/dynamodb/watched-files.ts";
import { keepWatch, readWatches } from "#adapters/dynamodb/watches.ts";
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import { toIdentity } from "#core/login/identity.ts";
import { parsePackageQueries } from "#core/package/package-query.ts";
import { newState, type RepodataState, SUMMARIES } from "#core/repodata/state.ts";
import { readSolvable } from "#core/specification/posted.ts";
import { newTokenId, tokenName } from "#core/token/token-name.ts";
import { newWatchedFile, type WatchedFile } from "#core/watched/file.ts";
import { audited } from "#test/kit/audited.ts";
import { move } from "#test/kit/builds.ts";
import { type Meter, meter } from "#test/kit/meter.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import {
  building,
  completed,
  completedResult,
  dispatched,
  sha256Of,
  submission,
  submitted,
} from "#test/kit/submissions.ts";

useMiniStack();

const DOCUMENT = readFileSync(new URL("../../../docs/access-patterns.md", import.meta.url), "utf8");
const counted = new Set<number>();
const units = (bytes: number): number => Math.ceil(bytes / 4096);
const at = new Date("2026-05-01T00:00:00Z");

/** What a call costs and what it may: calls exactly, units at most `most` and more than a third of it. */
interface Pattern {
  readonly number: number;
  readonly ask: (db: AuditedDb) => Promise<unknown>;
  readonly calls: number;
  /** Left out for writes, whose calls alone are counted. */
  readonly most?: number;
}

const all = (): boolean => true;
const pick = { visible: all, coverage: () => "all" as const, size: 10 };
const somePackages = (n: number): InstalledPackage[] =>
  Array.from({ length: n }, (_, i) => ({
    manager: "conda",
    name: `package-${i}`,
    version: `1.${i}`,
    build: "h0",
    channel: "https://conda.anaconda.org/conda-forge",
    subdir: "linux-64",
    license: "MIT",
    summary: null,
    sha256: sha256Of(`package ${i}`),
    sizeBytes: i,
  }));
const { posted } = readSolvable("{name: asked, dependencies: [python]}");
const QUESTION = {
  ...{ namespace: "team", environment: "asked", sha256: sha256Of("spec"), document: sha256Of("spec") },
  ...{ posted, spec: posted, by: {} },
};
const TOKEN = {
  primaryNamespace: "alice",
  name: "of a notebook",
  kind: "token",
  roleBindings: { "alice/*": ["developer"], "default/*": ["viewer"], "filesystem/*": ["viewer"] },
  createdOn: at,
  expiresAt: new Date(at.getTime() + 3_600_000),
} as const;
const lockDigest = sha256Of("lock");
const watchedFile = (path: string): WatchedFile => ({
  ...newWatchedFile({ source: "bucket", namespace: path.split("/")[0] ?? "", path }, at),
  ...{ mark: "0".repeat(32), digest: lockDigest, environment: "environment-0", specification: lockDigest },
});
/** A subdir with an index of twenty packs, in a table that knows it not. */
const stateOf = (subdir: string): RepodataState => ({
  ...newState({ owner: null, channel: "https://conda.anaconda.org/conda-forge", subdir }),
  checkedAt: at.toISOString(),
  live: {
    ...{ index: lockDigest, shards: lockDigest, file: "repodata_shards.msgpack.zst" },
    packs: Array.from({ length: 10 }, () => ({ digest: lockDigest, sizeBytes: 50_000_000 })),
    ...{ etag: '"etag"', lastModified: at.toUTCString(), names: 30_000, records: 500_000, skipped: 0 },
    ...{ filledAt: at.toISOString(), changedAt: at.toISOString() },
  },
});
const REPOSITORY = { namespace: "team-000", environment: "environment-0" };
const BLOB = { digest: `sha256:${lockDigest}`, mediaType: "application/octet-stream", sizeBytes: 1 };
const BEGUN = { backend: "company", nonce: "n", verifier: "v", browser: "b", next: null };
const somebody = () => toIdentity({ backend: "company", subject: "1", user: crypto.randomUUID() });
const portion = {
  since: null,
  until: null,
  order: "desc",
  after: null,
  wanted: all,
  bytesMax: 1_000_000,
  sizeOf: () => 1,
} as const;

describe.each([
  { namespaces: 2, each: 10 },
  { namespaces: 10, each: 50 },
])("with $namespaces namespaces of $each environments", ({ namespaces, each }) => {
  let db: AuditedDb;
  let spent: Meter;
  const count = namespaces * each;
  const name = (i: number): string => `team-${String(i).padStart(3, "0")}`;

  beforeAll(async () => {
    db = audited(openDb({ table: await createTable(`patterns-${count}`) }));
    spent = meter(db);
    const names = Array.from({ length: count }, (_, i) => i);
    for (let lane = 0; lane < count; lane += 10) {
      await Promise.all(
        names
          .slice(lane, lane + 10)
          .map((i) =>
            submitSpecification(
              db,
              submission({ namespace: name(i % namespaces), environment: `environment-${i}`, at }),
            ),
          ),
      );
    }
    await putPackages(db, lockDigest, somePackages(40));
    await completed(db, name(0), "environment-0", { lockDigest });
  });

  const { sha256, document } = submission({ environment: "environment-0" }).specification;
  const last = count / 10;
  const patterns: Pattern[] = [
    { number: 1, ask: (db) => getNamespace(db, name(0)), calls: 1, most: 1 },
    {
      number: 2,
      ask: (db) => listNamespaces(db, { visible: all, page: 1, size: 10 }),
      calls: 1,
      most: units(130 * namespaces),
    },
    { number: 3, ask: (db) => getEnvironment(db, name(0), "environment-0"), calls: 1, most: 1 },
    {
      number: 4,
      ask: (db) => listEnvironments(db, { ...pick, namespaces: [name(0)], page: 1 }),
      calls: 2,
      most: 1 + units(350 * 10),
    },
    {
      number: 5,
      ask: (db) => listEnvironments(db, { ...pick, page: last }),
      // What comes before the page in its namespace is counted by a call of its own.
      calls: (pick.size * (last - 1)) % each === 0 ? 2 : 3,
      most: units(130 * namespaces) + units(350 * (10 + each)),
    },
    {
      number: 6,
      ask: (db) => listEnvironments(db, { visible: all, page: 1, size: 10, search: "environment" }),
      calls: 1 + namespaces,
      most: units(130 * namespaces) + namespaces * units(350 * each),
    },
    {
      number: 7,
      ask: (db) => listEnvironments(db, { visible: all, page: 1, size: 10, status: "QUEUED" }),
      calls: 1 + namespaces + Math.ceil(count / 100),
      most: units(130 * namespaces) + namespaces * units(350 * each) + count,
    },
    {
      number: 8,
      ask: async (db) => {
        const packages = parsePackageQueries(["package-1=1.1"]);
        const { count: found } = await listEnvironments(db, { visible: all, page: 1, size: 10, packages });
        expect(found).toBe(1);
      },
      // One environment of one namespace has it.
      calls: 1 + 1 + 1,
      most: units(170) + 1 + units(350 * each),
    },
    {
      number: 110,
      ask: async (db) => {
        const environment = await getEnvironment(db, name(1), "environment-1");
        if (!environment) throw new Error("no environment");
        spent.reset();
        await prepareUse(db, environment, lockDigest, at);
      },
      calls: 1 + 1 + Math.ceil(40 / 25),
    },
    {
      number: 111,
      ask: async (db) => {
        const environment = await getEnvironment(db, name(1), "environment-1");
        if (!environment) throw new Error("no environment");
        const { set } = await prepareUse(db, environment, lockDigest, at);
        spent.reset();
        await removeUse(db, String(set["useId"]));
      },
      calls: 2 + 1 + Math.ceil(40 / 25) + 1,
    },
    {
      number: 112,
      ask: async (db) => {
        const { solve } = await askSolve(db, { ...QUESTION, environment: "asked" }, at);
        spent.reset();
        await getAskedSolve(db, solve.id, at);
      },
      calls: 1,
      most: 1,
    },
    {
      number: 113,
      ask: (db) => askSolve(db, { ...QUESTION, environment: crypto.randomUUID() }, at),
      calls: 2,
    },
    {
      number: 114,
      ask: async (db) => {
        const { solve } = await askSolve(db, { ...QUESTION, environment: crypto.randomUUID() }, at);
        spent.reset();
        await beginSolve(db, solve.id);
        await failSolve(db, solve.id, { message: "No.", fault: "service", now: at });
      },
      calls: 2,
    },
    { number: 115, ask: (db) => keepForSolve(db, "locks/of-a-solve", at), calls: 1 },
    { number: 9, ask: (db) => getBuild(db, 1), calls: 1, most: 1 },
    {
      number: 10,
      ask: async (db) => {
        for (let n = 0; n < 2; n++) expect(await getSpecification(db, sha256, document)).not.toBeNull();
      },
      calls: 1,
      most: 1,
    },
    // The meter counts strong consistency; this read needs none and costs half.
    { number: 11, ask: (db) => getPackages(db, lockDigest), calls: 1, most: 1 },
    { number: 12, ask: (db) => getAttempt(db, 1, 1), calls: 1, most: 1 },
    {
      number: 13,
      ask: async (db) => nextInLine(db, await readTurns(db), at, { slots: 5, room: () => 5 }),
      calls: 1 + Math.min(5, namespaces),
      most: units(100 * namespaces) + Math.min(5, namespaces) * units(120 * (5 + 8)),
    },
    {
      number: 50,
      ask: async (db) => {
        await readPlace(db, { namespace: name(0), id: count });
        await countShares(db, name(0));
      },
      calls: 3,
      most: units(100 * namespaces) + units(120 * each) + 1,
    },
    { number: 14, ask: (db) => slots(db), calls: 1, most: 1 },
    { number: 15, ask: (db) => getBuildCounts(db, name(0)), calls: 1, most: 1 },
    {
      number: 23,
      ask: (db) =>
        listBuilds(db, { ...pick, namespaces: [name(0)], name: "environment-0", page: 1, order: "desc" }),
      calls: 3,
      // One environment has one or two builds here.
      most: 1 + units(150 * 10) + 2,
    },
    {
      number: 24,
      ask: (db) => listBuilds(db, { ...pick, page: 2 }),
      calls: 1 + namespaces + 1,
      most: units(130 * namespaces) + namespaces * units(150 * each) + 10,
    },
    {
      number: 25,
      ask: (db) => listBuilds(db, { ...pick, page: 1, status: "QUEUED" }),
      // One environment has two builds.
      calls: 1 + namespaces + Math.ceil((count + 1) / 100),
      most: units(130 * namespaces) + namespaces * units(150 * each) + count + 1,
    },
    {
      number: 26,
      ask: (db) => updateEnvironment(db, name(0), "environment-0", { description: "described" }),
      calls: 2,
    },
    {
      number: 28,
      ask: (db) =>
        putSettings(db, { kind: "namespace", namespace: name(0) }, { conda_default_packages: ["python"] }),
      calls: 1,
    },
    {
      number: 27,
      ask: (db) =>
        getSettingsLayers(db, { kind: "environment", namespace: name(0), environment: "environment-0" }),
      calls: 1,
      most: 3,
    },
    { number: 32, ask: (db) => updateNamespace(db, name(0), { metadata: { owner: "us" } }), calls: 1 },
    { number: 33, ask: (db) => giveRole(db, name(0), name(1), "viewer"), calls: 4 },
    { number: 29, ask: (db) => getMappedGrants(db, name(1)), calls: 1, most: 1 },
    { number: 30, ask: (db) => getNamespaceDetails(db, name(0)), calls: 1, most: 3 },
    { number: 31, ask: (db) => listGivenRoles(db, name(0)), calls: 1, most: 1 },
    { number: 34, ask: (db) => changeRole(db, name(0), name(1), "admin"), calls: 1 },
    {
      number: 41,
      ask: (db) => readTotals(db, all),
      calls: 2,
      most: units(130 * namespaces) + namespaces,
    },
    {
      number: 90,
      ask: (db) => readAudit(db, { ...portion, part: { kind: "namespace", namespace: name(0) }, most: 30 }),
      calls: 1,
      most: units(500 * Math.min(each + 5, 32)),
    },
    {
      number: 91,
      ask: (db) => readAudit(db, { ...portion, part: { kind: "actor", actor: db.origin.by }, most: 30 }),
      calls: 1,
      most: units(500 * 32) / 2,
    },
    {
      number: 92,
      ask: (db) => readAudit(db, { ...portion, part: { kind: "store" }, most: 30 }),
      calls: 1,
      most: units(500 * 32) / 2,
    },
    { number: 35, ask: (db) => readWatches(db), calls: 1, most: 1 },
    { number: 36, ask: (db) => getAttempts(db, [{ build: 1, attempt: 1 }]), calls: 1 },
    {
      number: 37,
      ask: async (db) => {
        const { oldest: head } = await waiting(db, 50);
        await getBuilds(
          db,
          head.map(({ build }) => build),
        );
      },
      calls: 2 + namespaces,
      most:
        units(100 * namespaces) +
        namespaces * units((120 * Math.min(50, count)) / namespaces) +
        Math.min(50, count),
    },
    {
      number: 38,
      ask: (db) =>
        keepWatch(db, {
          ...{ slot: 1, build: 1, attempt: 1, beat: 0 },
          ...{ beatSinceMs: 0, claimedSinceMs: null, missingSinceMs: null },
        }),
      calls: 1,
    },
    { number: 95, ask: (db) => findRepositoryBlob(db, REPOSITORY, `sha256:${lockDigest}`), calls: 1 },
    { number: 96, ask: (db) => findTag(db, REPOSITORY, "no such tag"), calls: 1 },
    {
      number: 97,
      ask: async (db) => {
        const tags = await readTags(db, REPOSITORY, null, 10);
        await getBuilds(db, [1, ...tags.map(({ build }) => build)]);
      },
      calls: 2,
    },
    { number: 98, ask: (db) => getLayers(db, [lockDigest], at), calls: 1 },
    {
      number: 120,
      ask: async (db) => {
        for (const subdir of ["linux-64", "noarch", SUMMARIES]) await putRepodata(db, stateOf(subdir));
        spent.reset();
        await listRepodata(db);
      },
      calls: 1,
      most: units(1500 * 3),
    },
    {
      number: 121,
      ask: (db) => getRepodata(db, [stateOf("noarch"), { ...stateOf("noarch"), owner: "team" }]),
      calls: 1,
      most: 1,
    },
    {
      number: 122,
      ask: async (db) => {
        const begun = await putRepodata(db, stateOf("osx-64"));
        await putRepodata(db, begun ?? stateOf("osx-64"));
      },
      calls: 2,
    },
    {
      number: 123,
      ask: async (db) => {
        const state = await putRepodata(db, stateOf("win-64"));
        spent.reset();
        await deleteRepodata(db, state ?? stateOf("win-64"));
      },
      calls: 1,
    },
    {
      number: 130,
      ask: async (db) => {
        for (const path of ["team/a.yml", "team/b.yml"]) await putWatchedFile(db, watchedFile(path));
        spent.reset();
        await listWatchedFiles(db, "team");
      },
      calls: 1,
      most: units(700 * 2),
    },
    {
      number: 131,
      ask: (db) =>
        submitted(db, {
          ...{ namespace: name(0), environment: "environment-0" },
          note: (buildId) => watchedFileItem(db, { ...watchedFile(`${name(0)}/built.yml`), buildId }),
        }),
      // As without the file.
      calls: 3,
    },
    { number: 132, ask: (db) => putWatchedFile(db, watchedFile("team/refused.yml")), calls: 1 },
    { number: 99, ask: (db) => getBaseImage(db, "debian", "linux-64", at), calls: 1 },
    { number: 102, ask: (db) => wasCopied(db, BLOB.digest, at), calls: 1 },
    {
      number: 103,
      ask: async (db) => {
        await noteCopied(db, BLOB.digest, at);
        await putBaseImage(db, "debian", "linux-64", { digest: BLOB.digest, manifest: "", config: "" }, at);
      },
      calls: 2,
    },
    {
      number: 100,
      ask: async (db) => {
        await putRepositoryBlob(db, { ...REPOSITORY, id: 1 }, BLOB);
        await putRepositoryTag(db, { ...REPOSITORY, id: 1 }, "tag");
        await putLayer(db, lockDigest, { ...BLOB, diffId: BLOB.digest }, at);
      },
      calls: 3,
    },
    {
      number: 101,
      ask: async (db) => {
        await dropRepositoryTag(db, { ...REPOSITORY, id: 1 }, "tag");
        await dropRepositoryBlob(db, { ...REPOSITORY, id: 1 }, BLOB.digest);
      },
      calls: 2,
    },
    { number: 42, ask: (db) => readBuilding(db), calls: 1, most: 1 },
    { number: 43, ask: (db) => getSolve(db, "no such request"), calls: 1 },
    { number: 44, ask: (db) => getTests(db, 1, 1), calls: 1 },
    { number: 45, ask: (db) => getGreenTests(db, "no such environment"), calls: 1 },
    {
      number: 70,
      ask: (db) => putToken(db, { ...TOKEN, id: newTokenId(at) }),
      calls: 1,
    },
    {
      number: 71,
      ask: async (db) => {
        for (let made = 0; made < 20; made++) await putToken(db, { ...TOKEN, id: newTokenId(at) });
        spent.reset();
        await listTokens(db, { primaryNamespace: "alice", limit: 20, after: null, now: at });
      },
      calls: 1,
      most: units(300 * 20),
    },
    { number: 74, ask: (db) => serviceUsed(db, "hub"), calls: 1 },
    { number: 75, ask: (db) => lastUses(db, ["hub"]), calls: 1 },
    { number: 72, ask: (db) => getTokens(db, [tokenName("alice", newTokenId(at))]), calls: 1 },
    {
      number: 73,
      ask: async (db) => {
        const id = newTokenId(at);
        await putToken(db, { ...TOKEN, id });
        spent.reset();
        await revokeToken(db, "alice", id, at);
      },
      calls: 1,
    },
    { number: 80, ask: (db) => findUserNames(db, ["alice", "bob"]), calls: 1 },
    {
      number: 81,
      ask: (db) => beginLogin(db, crypto.randomUUID(), BEGUN, new Date(at.getTime() + 60_000)),
      calls: 1,
    },
    {
      number: 82,
      ask: (db) => claimUserName(db, { identity: somebody(), at, makeNamespace: true, adopt: false }),
      calls: 3,
    },
    { number: 83, ask: (db) => makeMissingNamespaces(db, [crypto.randomUUID()], at), calls: 3 },
    { number: 51, ask: (db) => countRequest(db, { party: "me", bounds: { all: 9 }, at }), calls: 1 },
    {
      number: 16,
      ask: (db) => submitted(db, { namespace: name(0), environment: "environment-0" }),
      // One read, one id with its turn, the transaction.
      calls: 3,
    },
  ];

  test.each(patterns)(
    "question $number costs what the document says",
    async ({ number, ask, calls: wanted, most }) => {
      counted.add(number);
      spent.reset();

      await ask(db);

      expect(spent.commands).toHaveLength(wanted);
      if (most !== undefined) {
        expect(spent.readUnits).toBeLessThanOrEqual(most);
        expect(spent.readUnits).toBeGreaterThanOrEqual(most / 3);
      }
    },
  );

  test("a build's whole life takes the calls that the document says", async () => {
    const id = await submitted(db, { namespace: name(1), environment: "life" });
    const cost = async (
      number: number,
      ask: () => Promise<{ won: boolean } | boolean>,
    ): Promise<[number, number]> => {
      counted.add(number);
      spent.reset();
      const outcome = await ask();
      expect(typeof outcome === "boolean" ? outcome : outcome.won).toBe(true);
      return [number, spent.commands.length];
    };
    const me = { build: id, attempt: 3, owner: "me" };
    const dispatch = { name: "dispatch", by: "dispatch", at, slot: 1, share: 1, turn: 9 } as const;
    const back = { name: "putBack", by: "dispatch", at, attempt: 1, because: "No.", nextTryOn: at } as const;
    const retry = move("retry", 2);
    const complete = { name: "complete", by: "finish", at, attempt: 3, result: completedResult() } as const;

    const costs = [
      await cost(17, () => makeMove(db, id, dispatch)),
      await cost(18, () => makeMove(db, id, back)),
      (await dispatched(db, id)) && (await cost(18, () => makeMove(db, id, retry))),
      (await dispatched(db, id)) && (await cost(19, () => claimBuild(db, id, "me", at))),
      await cost(22, () => beat(db, me, 1)),
      await cost(20, () => makeMove(db, id, complete)),
    ];
    const other = await submitted(db, { namespace: name(1), environment: "life" });
    const fail = { name: "fail", by: "finish", at, attempt: 0, reason: "No.", artifacts: [] } as const;
    costs.push(await cost(21, () => makeMove(db, other, fail)));
    const unwanted = await submitted(db, { namespace: name(1), environment: "life" });
    costs.push(await cost(40, () => makeMove(db, unwanted, { name: "cancel", by: "api", at })));
    await dispatched(db, await submitted(db, { namespace: name(1), environment: "life" }));
    const { slots, shares } = await readHeld(db);
    const [slot] = slots;
    const [share] = shares;
    costs.push(
      await cost(39, async () => slot !== undefined && (await freeSlot(db, slot))),
      await cost(39, async () => share !== undefined && (await freeShare(db, share))),
    );

    // Reads before the transaction, and the transaction.
    expect(costs).toEqual([
      [17, 2],
      [18, 2],
      [18, 2],
      [19, 2],
      [22, 1],
      // With the list of its packages, the use and two calls for 40 rows.
      [20, 7],
      [21, 2],
      // The route has read the build before.
      [40, 2],
      [39, 1],
      [39, 1],
    ]);
  });

  test("deleting takes the calls that the document says", async () => {
    const place = { namespace: name(1), environment: "doomed" };
    const cost = async (number: number, ask: () => Promise<unknown>): Promise<[number, number]> => {
      counted.add(number);
      spent.reset();
      await ask();
      return [number, spent.commands.length];
    };
    const old = await building(db, "me", place);
    const who = { build: old.id, attempt: old.attempt };
    const thing = "locks/thing";
    const costs = [await cost(56, () => holdThings(db, who, [thing, "locks/other"]))];
    const result = completedResult();
    await makeMove(db, old.id, { name: "complete", by: "finish", at, attempt: old.attempt, result });
    const current = await building(db, "me", place);
    await makeMove(db, current.id, { name: "complete", by: "finish", at, attempt: current.attempt, result });
    const environment = await getEnvironment(db, place.namespace, place.environment);
    if (!environment) throw new Error("no environment");
    const job = { due: at, job: { kind: "thing", thing } } as const;

    costs.push(
      await cost(52, () => heldBy(db, old.id)),
      await cost(57, () => giveBack(db, old.id, thing, { at, due: at })),
    );
    const seen = (await getThings(db, [thing])).get(thing);
    costs.push(
      await cost(53, () => getThings(db, [thing, "locks/other"])),
      await cost(58, async () => seen && (await condemn(db, seen, "me", at))),
      await cost(64, () => readDue(db, new Date(at.getTime() + 3_600_000), 100)),
      await cost(63, () => replaceDue(db, job, job)),
      await cost(54, async () => planOf(db, await buildsOf(db, [environment]), [])),
      await cost(55, () => readSurplus(db, environment, 1, 10)),
      await cost(62, () => pinBuild(db, old.id, at)),
    );
    await pinBuild(db, old.id, null);
    costs.push(
      await cost(59, () => deleteBuild(db, old.id, [], at)),
      await cost(60, () => deleteEnvironment(db, place.namespace, place.environment, at)),
      await cost(61, () => deleteNamespace(db, name(1), at)),
    );

    expect(costs).toEqual([
      [56, 2],
      [52, 1],
      [57, 1],
      [53, 1],
      [58, 1],
      [64, 1],
      [63, 1],
      // Without the environment, which was read; and these builds hold nothing that is an artifact.
      [54, 3],
      [55, 2],
      [62, 2],
      [59, 3],
      [60, 2],
      [61, 2],
    ]);
  });
});

afterAll(() => {
  const listed = [...DOCUMENT.matchAll(/^\| (\d+) +\|/gm)]
    .map(([, number]) => Number(number))
    .sort((a, b) => a - b);
  expect(
    [...counted].sort((a, b) => a - b),
    "each line of the document is counted",
  ).toEqual(listed);
});
