/**
 * A store with something in it, made by the adapters' own writers: `team/demo` with a completed build and all its
 * artifacts and one that failed, `team/next` with one that waits, `secret/hidden` that nobody but an admin may see, and
 * `going`, which has been deleted and is not empty yet. `team/demo` and `secret/hidden` are kept as watched files.
 * @module
 */
import { askSolve, beginSolve, endSolve } from "#adapters/dynamodb/asked-solves.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { deleteNamespace } from "#adapters/dynamodb/delete-namespace.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { putPackages } from "#adapters/dynamodb/packages.ts";
import { giveRole } from "#adapters/dynamodb/roles.ts";
import { putWatchedFile } from "#adapters/dynamodb/watched-files.ts";
import { writeLogChunk } from "#adapters/s3/logs.ts";
import { putObject } from "#adapters/s3/objects.ts";
import type { LogLine } from "#core/build/log-line.ts";
import type { Artifact, ArtifactType } from "#core/build/status.ts";
import { archiveKey, exportKey, installerKey, lockKey, logKey, manifestKey } from "#core/layout.ts";
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { solvedBy } from "#core/solve/solve.ts";
import { readSolvable } from "#core/specification/posted.ts";
import { newWatchedFile } from "#core/watched/file.ts";
import { issueToken } from "#functions/api/issue-token.ts";
import type { Services } from "#functions/api/services.ts";
import { audited } from "#test/kit/audited.ts";
import { building, complete, completedResult, sha256Of, submitted } from "#test/kit/submissions.ts";

export interface World {
  readonly completed: number;
  readonly queued: number;
  readonly hidden: number;
  /** Of `team/demo` as well, and not its current build. */
  readonly failed: number;
  /** The id of an admin's token. */
  readonly token: string;
  /** Of `python` for nobody's environment, ended. */
  readonly solve: string;
}

const LOCK = sha256Of("lock");
const REUSE = sha256Of("reuse");

const installed = (name: string, version: string): InstalledPackage => ({
  manager: "conda",
  name,
  version,
  build: "h0_0",
  channel: "https://conda.anaconda.org/conda-forge",
  subdir: "linux-64",
  license: "BSD-3-Clause",
  summary: null,
  sha256: sha256Of(name),
  sizeBytes: 10,
});

export const line = (text: string): LogLine => ({
  at: "2026-03-04T05:06:07.890Z",
  step: "solve",
  stream: "stdout",
  text,
});

export async function makeWorld({
  db: plain,
  bucket,
  secret,
}: Pick<Services, "db" | "bucket" | "secret">): Promise<World> {
  const db = audited(plain);
  await putPackages(db, LOCK, [
    installed("zlib", "1.3"),
    installed("numpy", "2.1.0"),
    installed("python", "3.12.1"),
  ]);
  const completed = await completedBuild(db, { environment: "demo" }, (id) => [
    artifact("LOCKFILE", lockKey(LOCK)),
    artifact("YAML", exportKey(REUSE)),
    artifact("CONDA_PACK", archiveKey(REUSE)),
    artifact("CONSTRUCTOR_INSTALLER", installerKey(REUSE)),
    artifact("DOCKER_MANIFEST", manifestKey(REUSE)),
    artifact("LOGS", logKey(id, REUSE)),
    artifact("DIRECTORY", `/opt/conda-store/team/${id}`),
  ]);
  await putObject(bucket, lockKey(LOCK), '{"version": 1}', { contentType: "application/json" });
  await putObject(bucket, exportKey(REUSE), "name: demo\n", { contentType: "text/yaml" });
  await putObject(bucket, archiveKey(REUSE), "archive", { contentType: "application/gzip" });
  await putObject(bucket, installerKey(REUSE), "script", { contentType: "application/octet-stream" });
  await putObject(bucket, logKey(completed, REUSE), "whole log\n", { contentType: "text/plain" });
  await writeLogChunk(bucket, completed, 1, 0, [line("one"), line("two")]);
  const queued = await submitted(db, { environment: "next" });
  const hidden = await submitted(db, { namespace: "secret", environment: "hidden" });
  await giveRole(db, "team", "secret", "developer");
  await createNamespace(db, "going", new Date());
  await deleteNamespace(db, "going", new Date());
  const { id: failed, attempt } = await building(db, "task", { environment: "demo" });
  const fail = { name: "fail", by: "finish", at: new Date(), attempt, reason: "No.", artifacts: [] } as const;
  const outcome = await makeMove(db, failed, fail);
  if (!outcome.won) throw new Error(outcome.why);
  const { id: token } = await issueToken(
    { db, secret },
    {
      kind: "token",
      name: "of the admin",
      primaryNamespace: "alice",
      roleBindings: { "*/*": ["admin"] },
      expiresAt: new Date(Date.now() + 3_600_000),
      madeFrom: [],
    },
  );
  for (const [namespace, environment, buildId] of [
    ["team", "demo", completed],
    ["secret", "hidden", hidden],
  ] as const) {
    const place = { source: "bucket", namespace, path: `${namespace}/${environment}.yml` } as const;
    await putWatchedFile(db, { ...newWatchedFile(place, new Date()), mark: "1", environment, buildId });
  }
  return { completed, queued, hidden, failed, token, solve: await solvedPython(db) };
}

/** As `GET specification/?conda=python` asks, answered; fresh for as long as tests take. */
async function solvedPython(db: Db): Promise<string> {
  const { posted, complete: completed } = readSolvable(
    '{"name":"conda-store-solve","channels":[],"dependencies":["python"]}',
  );
  const settings = deploymentSettings({});
  const accepted = completed({ settings, allowPrivateHosts: [] });
  const { sha256, document, spec } = accepted;
  const by = solvedBy(settings);
  const asked = { namespace: "team", environment: "conda-store-solve", sha256, document, posted, spec, by };
  const { solve } = await askSolve(db, asked, new Date(Date.now() + 3_600_000));
  await beginSolve(db, solve.id);
  const url = "https://conda.anaconda.org/conda-forge/linux-64/python-3.12.1-h0_0.conda";
  const { name, version, build, channel, subdir, sha256: hash } = installed("python", "3.12.1");
  const row = { name, version, build, channel, subdir, url, sha256: hash, md5: null, buildNumber: 0 };
  const packages = [{ ...row, sizeBytes: 10, depends: [] }];
  const answer = { solver: "none", platform: "linux-64", packages, sources: [], pip: [] };
  await endSolve(db, solve.id, { lockDigest: LOCK, answer, now: new Date() });
  return solve.id;
}

const artifact = (type: ArtifactType, key: string): Artifact => ({ type, key, sizeBytes: 7 });

async function completedBuild(
  db: Db,
  changes: Parameters<typeof building>[2],
  artifacts: (id: number) => Artifact[],
): Promise<number> {
  const { id, attempt } = await building(db, "task", changes);
  const result = completedResult({ lockDigest: LOCK, artifacts: artifacts(id) });
  await complete(db, { id, attempt }, result);
  return id;
}
