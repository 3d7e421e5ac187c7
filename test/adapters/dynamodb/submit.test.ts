import { beforeEach, expect, test } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { deleteNamespace } from "#adapters/dynamodb/delete-namespace.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { createNamespace, getBuildCounts, getNamespace } from "#adapters/dynamodb/namespaces.ts";
import { waiting } from "#adapters/dynamodb/next-in-line.ts";
import { getSpecification } from "#adapters/dynamodb/specifications.ts";
import { readSubmissionPlace } from "#adapters/dynamodb/submission-place.ts";
import { submitSpecification } from "#adapters/dynamodb/submit.ts";
import { NO_NEED } from "#core/build/task-size.ts";
import { NO_TRIES } from "#core/build/tries.ts";
import { auditTable } from "#test/kit/audit.ts";
import { audited } from "#test/kit/audited.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import {
  building,
  completedResult,
  dispatched,
  sha256Of,
  submission,
  submitted,
} from "#test/kit/submissions.ts";

useMiniStack();
let db: AuditedDb;
let tables = 0;
beforeEach(async () => {
  db = audited(openDb({ table: await createTable(`submit-${++tables}`) }));
});

test("a specification is accepted with its namespace, environment, build and place in the line at once", async () => {
  const given = submission({ description: "first" });

  const { buildId, environmentId, created } = await submitSpecification(db, given);

  expect(created).toEqual({ namespace: true, environment: true });
  expect(await getBuild(db, buildId)).toEqual({
    id: 1,
    namespace: "team",
    environment: "demo",
    environmentId,
    specificationSha256: given.specification.sha256,
    document: given.specification.document,
    buildKey: `${given.specification.sha256.slice(0, 8)}-1772600767-1-demo`,
    status: "QUEUED",
    statusInfo: "Waiting for a free slot.",
    scheduledOn: given.at,
    startedOn: null,
    endedOn: null,
    sizeBytes: 0,
    attempt: 0,
    dispatched: 0,
    lastAttempt: 0,
    waitingSince: given.at,
    memoryMiB: 0,
    tries: NO_TRIES,
    lastTrouble: null,
    slot: null,
    share: null,
    artifacts: [],
    lockDigest: null,
    frozenLock: null,
    artifactsWanted: null,
    baseImage: null,
    pinnedOn: null,
    requestId: null,
    deletedOn: null,
  });
  expect(await getEnvironment(db, "team", "demo")).toEqual({
    id: environmentId,
    namespace: { id: 1, name: "team" },
    name: "demo",
    description: "first",
    currentBuildId: buildId,
    currentAfter: 0,
    builds: 1,
    createdAt: given.at,
    need: NO_NEED,
    link: { version: 0, buildKey: null },
    use: null,
  });
  expect(await getNamespace(db, "team")).toEqual({
    id: 1,
    name: "team",
    createdAt: given.at,
    environments: 1,
    deletedOn: null,
    emptiedSince: null,
  });
  expect((await waiting(db, 10)).oldest).toEqual([{ build: buildId, namespace: "team", nextTryOn: null }]);
  expect(await getBuildCounts(db, "team")).toMatchObject({ builds: 1, active: 1, completed: 0 });
  const { sha256, document } = given.specification;
  expect(await getSpecification(db, sha256, document)).toEqual({
    ...given.specification,
    id: 1,
    createdAt: given.at,
  });
});

test("the same specification posted many times at once makes as many builds of one environment and loses nothing", async () => {
  const results = await Promise.all(Array.from({ length: 8 }, () => submitSpecification(db, submission())));

  expect(new Set(results.map(({ buildId }) => buildId)).size).toBe(8);
  expect(new Set(results.map(({ environmentId }) => environmentId)).size).toBe(1);
  expect(results.filter(({ created }) => created.environment)).toHaveLength(1);
  expect(results.filter(({ created }) => created.namespace)).toHaveLength(1);
  expect((await waiting(db, 100)).oldest).toHaveLength(8);
  expect(await auditTable(db)).toEqual([]);
});

test("a specification posted again, elsewhere and later, keeps the number and time of its first", async () => {
  const first = submission();
  await submitSpecification(db, first);
  await submitSpecification(
    db,
    submission({ namespace: "others", at: new Date(first.at.getTime() + 60_000) }),
  );

  const { sha256, document } = first.specification;
  expect(await getSpecification(db, sha256, document)).toMatchObject({ id: 1, createdAt: first.at });
});

test("new environments posted at once into a new namespace are all counted", async () => {
  const names = Array.from({ length: 6 }, (_, i) => `env-${i}`);

  await Promise.all(names.map((environment) => submitSpecification(db, submission({ environment }))));

  expect((await getNamespace(db, "team"))?.environments).toBe(6);
  expect(await auditTable(db)).toEqual([]);
});

test("what was read before and has changed meanwhile is read again", async () => {
  const before = await readSubmissionPlace(db, "team", "demo");
  const first = await submitSpecification(db, submission({ place: before }));
  const second = await submitSpecification(db, submission({ place: before }));
  expect(second).toMatchObject({
    environmentId: first.environmentId,
    created: { namespace: false, environment: false },
  });

  const undeleted = await readSubmissionPlace(db, "team", "demo");
  await deleteNamespace(db, "team", new Date());
  const late = submitSpecification(db, submission({ place: undeleted }));
  await expect(late).rejects.toMatchObject({ code: "conflict" });
  expect((await getBuildCounts(db, "team")).builds).toBe(2);
});

test("a missing namespace is refused to those who may not make one, and nothing is written", async () => {
  const refused = submitSpecification(db, submission({ createNamespace: false }));

  await expect(refused).rejects.toMatchObject({
    code: "namespace_not_found",
    message: "namespace does not exist",
  });
  expect(await getNamespace(db, "team")).toBeNull();
  expect(await getEnvironment(db, "team", "demo")).toBeNull();
  expect((await waiting(db, 10)).oldest).toEqual([]);
});

test("the description changes when one is given and stays when none is; the current build stays", async () => {
  await createNamespace(db, "team", new Date());
  const first = await submitSpecification(db, submission({ description: "one", createNamespace: false }));
  await submitSpecification(db, submission({ description: "" }));
  expect(await getEnvironment(db, "team", "demo")).toMatchObject({ description: "one" });
  await submitSpecification(db, submission({ description: "two" }));

  expect(await getEnvironment(db, "team", "demo")).toMatchObject({
    description: "two",
    currentBuildId: first.buildId,
  });
});

test("documents that differ only in the order of their channels share the hash and are both kept", async () => {
  const { specification } = submission();
  const other = { ...specification, document: sha256Of("other"), spec: { channels: ["b", "a"] } };

  await submitSpecification(db, submission());
  await submitSpecification(db, submission({ specification: other }));

  const { sha256 } = specification;
  expect((await getSpecification(db, sha256, specification.document))?.spec).toEqual(specification.spec);
  expect((await getSpecification(db, sha256, other.document))?.spec).toEqual({ channels: ["b", "a"] });
});

test("a specification that does not fit is refused in a sentence and leaves nothing behind", async () => {
  const noise = Array.from({ length: 15_000 }, (_, i) => sha256Of(String(i)));
  const large = { ...submission().specification, spec: { dependencies: noise } };

  const refused = submitSpecification(db, submission({ specification: large }));

  await expect(refused).rejects.toMatchObject({ code: "invalid_request" });
  await expect(refused).rejects.toThrow(/specification is too large/);
  expect(await getNamespace(db, "team")).toBeNull();
});

test("a namespace is made once, and the second maker is told so", async () => {
  const both = await Promise.allSettled([
    createNamespace(db, "team", new Date()),
    createNamespace(db, "team", new Date()),
  ]);

  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  await expect(createNamespace(db, "team", new Date())).rejects.toMatchObject({
    code: "namespace_exists",
    message: "namespace already exists",
  });
});

test("a build begins with the memory that its environment's last one needed, for a month", async () => {
  const { id, attempt } = await building(db, "me");
  const at = new Date("2026-03-05T00:00:00Z");
  const more = { cause: "memory", what: "No.", statusInfo: "No.", nextTryOn: at, memoryMiB: 8192 } as const;
  expect((await makeMove(db, id, { name: "retry", by: "finish", at, attempt, ...more })).won).toBe(true);
  await dispatched(db, id);
  await claimBuild(db, id, "me", at);
  const result = completedResult();
  expect((await makeMove(db, id, { name: "complete", by: "finish", at, attempt: 2, result })).won).toBe(true);

  const memory = async (posted: string): Promise<number | undefined> =>
    (await getBuild(db, await submitted(db, { at: new Date(posted) })))?.memoryMiB;

  expect(await memory("2026-04-03T23:59:59Z")).toBe(8192);
  expect(await memory("2026-04-04T00:00:00Z")).toBe(0);
});
