/**
 * A store of some size, made by the adapters' own writers: every environment has a completed build with its packages and
 * artifacts.
 * @module
 */
import { createHash } from "node:crypto";
import { type AuditedDb, onBehalf } from "#adapters/dynamodb/audit.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { nextId } from "#adapters/dynamodb/counters.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { putPackages } from "#adapters/dynamodb/packages.ts";
import { submitSpecification } from "#adapters/dynamodb/submit.ts";
import type { Artifact } from "#core/build/status.ts";
import { archiveKey, exportKey, lockKey, logKey } from "#core/layout.ts";
import type { InstalledPackage } from "#core/lock/installed-package.ts";

export const ENVIRONMENTS_PER_NAMESPACE = 1000;
export const PACKAGES = 60;
/** Of each specification. */
export const DEPENDENCIES: readonly string[] = Array.from({ length: 12 }, (_, n) => `package-${n}>=1`);

/** What the routes ask for. */
export interface World {
  readonly namespace: string;
  readonly environment: string;
  /** Completed. */
  readonly build: number;
}

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const at = new Date();

/** @param environments how many in all */
export async function seed(plain: Db, environments: number): Promise<World> {
  const namespaces = Math.ceil(environments / ENVIRONMENTS_PER_NAMESPACE);
  const lanes = Array.from({ length: namespaces }, (_, lane) => lane);
  const db = onBehalf(plain, { by: { kind: "user", name: "bench" }, requestId: null, address: null }, 365);
  await putPackages(db, sha256("lock"), packages());
  // A lane for each namespace: two posts into one namespace at once would conflict and be tried again.
  const [world] = await Promise.all(
    lanes.map(async (lane): Promise<World> => {
      const namespace = `namespace-${lane}`;
      const count = Math.min(ENVIRONMENTS_PER_NAMESPACE, environments - lane * ENVIRONMENTS_PER_NAMESPACE);
      let build = 0;
      for (let n = 0; n < count; n++) {
        build = await submit(db, namespace, `environment-${n}`);
        await complete(db, build, lane + 1);
      }
      return { namespace, environment: `environment-${count - 1}`, build };
    }),
  );
  if (!world) throw new Error("a store without environments");
  return world;
}

async function submit(db: AuditedDb, namespace: string, environment: string): Promise<number> {
  const spec = { name: environment, channels: ["conda-forge"], dependencies: DEPENDENCIES };
  const hash = sha256(JSON.stringify(spec));
  const specification = { sha256: hash, document: hash, name: environment, spec, isLockfile: false };
  const submission = { namespace, environment, description: "", specification, createNamespace: true, at };
  return (await submitSpecification(db, submission)).buildId;
}

async function complete(db: AuditedDb, build: number, slot: number): Promise<void> {
  const taking = { slot, share: 1, turn: await nextId(db, "turn") };
  won(await makeMove(db, build, { name: "dispatch", by: "dispatch", at, ...taking }));
  const claim = await claimBuild(db, build, "bench", at);
  if (!claim.won) throw new Error(claim.why);
  const artifact = (type: Artifact["type"], key: string): Artifact => ({ type, key, sizeBytes: 1_000_000 });
  const result = {
    outcome: "completed",
    sizeBytes: 500_000_000,
    lockDigest: sha256("lock"),
    packages: PACKAGES,
    artifacts: [
      artifact("LOCKFILE", lockKey(sha256("lock"))),
      artifact("YAML", exportKey(sha256("reuse"))),
      artifact("CONDA_PACK", archiveKey(sha256("reuse"))),
      artifact("LOGS", logKey(build, sha256("log"))),
      artifact("DIRECTORY", `/opt/conda-store/${build}`),
    ],
  } as const;
  won(await makeMove(db, build, { name: "complete", by: "finish", at, attempt: claim.attempt, result }));
}

function won(outcome: Awaited<ReturnType<typeof makeMove>>): void {
  if (!outcome.won) throw new Error(outcome.why);
}

const packages = (): InstalledPackage[] =>
  Array.from({ length: PACKAGES }, (_, n) => ({
    manager: "conda",
    name: `package-${n}`,
    version: `1.${n}.0`,
    build: "h0_0",
    channel: "https://conda.anaconda.org/conda-forge",
    subdir: "linux-64",
    license: "BSD-3-Clause",
    summary: "A package as long as packages are, with a sentence that says what it does.",
    sha256: sha256(`package-${n}`),
    sizeBytes: 1_000_000 + n,
  }));
