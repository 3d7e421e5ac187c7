import fc from "fast-check";
import { expect, test } from "vitest";
import { mayLieThere } from "#core/build/artifact-place.ts";
import { parseAttemptResult } from "#core/build/attempt.ts";
import { parseFinishMessage, parseStoreMessage } from "#core/build/messages.ts";
import { nextTrySeconds } from "#core/build/next-try.ts";
import { parseTaskName, taskNameOf } from "#core/build/task-name.ts";
import { archiveKey, exportKey, installerKey, lockKey, logKey } from "#core/layout.ts";
import type { NamespaceName } from "#core/names.ts";

test("a task's name gives back its build and attempt", () => {
  const ids = fc.record({
    build: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    attempt: fc.integer({ min: 1, max: 999_999 }),
  });
  fc.assert(
    fc.property(ids, ({ build, attempt }) => {
      expect(parseTaskName(taskNameOf(build, attempt))).toEqual({ build, attempt });
    }),
  );
});

test.each(["", "b0-a1", "b1-a0", "b1", "b1-a1 ", "xb1-a1", "b1-a1-2", "b9999999999999999-a1"])(
  "the name %j is none of ours",
  (name) => expect(parseTaskName(name)).toBeNull(),
);

test("a message that is none is told from one that is", () => {
  expect(parseFinishMessage('{"buildId":3,"attempt":1}')).toEqual({ buildId: 3, attempt: 1 });
  expect(parseStoreMessage('{"namespace":"a","environment":"b"}')).toEqual({
    namespace: "a",
    environment: "b",
  });
  for (const body of ["", "{", "null", "[]", '{"buildId":"3","attempt":1}', '{"buildId":0,"attempt":1}']) {
    expect(parseFinishMessage(body)).toBeNull();
    expect(parseStoreMessage(body)).toBeNull();
  }
});

test("the time to the next try grows to at most 14 minutes and is never nothing", () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 1000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (n, random) => {
        const seconds = nextTrySeconds(n, random);
        expect(seconds).toBeGreaterThanOrEqual(11);
        expect(seconds).toBeLessThanOrEqual(840);
        expect(nextTrySeconds(n + 1, random)).toBeGreaterThanOrEqual(seconds);
      },
    ),
  );
});

const build = { id: 7 as never, namespace: "team" as NamespaceName };
const sha256 = "a".repeat(64);

test.each([
  ["LOCKFILE", lockKey(sha256), true],
  ["CONDA_PACK", archiveKey(sha256), true],
  ["CONSTRUCTOR_INSTALLER", installerKey(sha256), true],
  ["CONSTRUCTOR_INSTALLER", logKey(7, sha256), false],
  ["YAML", exportKey(sha256), true],
  ["LOGS", logKey(7, sha256), true],
  ["LOGS", logKey(8, sha256), false],
  ["LOGS", logKey(77, sha256), false],
  ["CONDA_PACK", logKey(8, sha256), false],
  ["CONDA_PACK", "archives/../logs/8/log.txt", false],
  ["CONDA_PACK", "archives/", false],
  ["DOCKER_MANIFEST", "logs/8/log.txt", false],
  ["DIRECTORY", "/opt/conda-store/team/abc-1-7-x", true],
  ["DIRECTORY", "/opt/conda-store/other/abc-1-7-x", false],
  ["DIRECTORY", "/opt/conda-store/team/..", false],
  ["DIRECTORY", "team/abc-1-7-x", false],
] as const)("an artifact %s at %s: allowed %s", (type, key, allowed) => {
  expect(mayLieThere(build, { type, key, sizeBytes: 1 })).toBe(allowed);
});

test("a result is read as it was written, and what is none reads as none", () => {
  const failed = { outcome: "failed", reason: "No.", step: "solve" } as const;
  const completed = {
    outcome: "completed",
    sizeBytes: 5,
    lockDigest: sha256,
    artifacts: [{ type: "LOCKFILE", key: "locks/x", sizeBytes: 2 }],
    packages: 1,
  } as const;

  expect(parseAttemptResult(failed)).toEqual(failed);
  expect(parseAttemptResult({ ...failed, artifacts: completed.artifacts })).toEqual({
    ...failed,
    artifacts: completed.artifacts,
  });
  expect(parseAttemptResult(completed)).toEqual(completed);
  for (const none of [
    null,
    {},
    { outcome: "done" },
    { ...completed, sizeBytes: -1 },
    { ...completed, sizeBytes: 1.5 },
    { ...completed, lockDigest: "x" },
    { ...completed, artifacts: [{ type: "ELSE", key: "x", sizeBytes: 1 }] },
    { ...failed, reason: "" },
  ]) {
    expect(parseAttemptResult(none)).toBeNull();
  }
});
