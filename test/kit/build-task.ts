/**
 * The real build task as a child process, with a build to work on.
 * @module
 */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { getAttempt } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { type Submission, submitSpecification } from "#adapters/dynamodb/submit.ts";
import { SETPRIV } from "#adapters/process/as-user.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import type { AttemptResult } from "#core/build/attempt.ts";
import type { Build } from "#core/build/build.ts";
import { BUILD_TASK_FLAGS, VARIABLES } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { completeSpecification, readSpecification } from "#core/specification/parse.ts";
import { placesOf, withOpenPrograms } from "#local/run-task/mounts.ts";
import { bundleBuildTask } from "#scripts/bundle.ts";
import { audited } from "#test/kit/audited.ts";
import { readLogText } from "./logs.ts";
import type { LocalAws } from "./ministack.ts";
import { dispatched } from "./submissions.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const MAIN = join(ROOT, "build-task", "main.ts");

/** Names of the secrets with credentials of channels begin so. */
export const CHANNEL_SECRETS = "workshop/channels/";

type Ordered = Pick<Submission, "frozenLock" | "artifactsWanted" | "baseImage">;

export interface Workshop {
  readonly db: AuditedDb;
  readonly bucket: Bucket;
  /** Where consumers see environments. */
  readonly store: string;
  readonly disk: string;
  readonly work: string;
  /**
   * Stores a specification with its build and takes a slot for it.
   * @param more what the API would find out: the lockfile to build from, the artifacts that settings want
   * @returns the build's id
   */
  order(yaml: string, namespace?: string, more?: Ordered): Promise<number>;
  /** The same for a lockfile. */
  orderLockfile(name: string, lockfile: object, namespace?: string): Promise<number>;
  /** The task's program with its arguments. */
  command(): readonly string[];
  /** What the task reads of its environment, but for the build's id. */
  environment(): Record<string, string>;
  /** Starts the task; its end is in `ended`. */
  start(buildId: number, env?: Readonly<Record<string, string>>): RunningTask;
  /** Runs the task to its end and gives what it reported. */
  build(buildId: number, env?: Readonly<Record<string, string>>): Promise<Ended>;
  /** Makes the final move that `finish` makes, so that the slot is free again. */
  settle(ended: Ended): Promise<void>;
}

export interface RunningTask {
  readonly child: ChildProcess;
  readonly ended: Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly output: string;
  }>;
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly build: Build;
  readonly attempt: number;
  readonly result: AttemptResult | null;
  /** The joined log. */
  readonly log: string;
}

export interface WorkshopOptions {
  readonly aws: LocalAws;
  /** A Python with py-rattler, conda-pack and isal. */
  readonly python: () => string;
  /** Channel for specifications that name none. */
  readonly channel: () => string;
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Private hosts that specifications may name beside the channel's. */
  readonly privateHosts?: () => readonly string[];
  /** Image that images of environments are put on. @default none */
  readonly baseImage?: () => string;
  /** Run the bundle, as the container does, and not the source. @default false */
  readonly bundled?: boolean;
  /** Store and disk are one directory. @default false */
  readonly inPlace?: boolean;
  /** All that root may in the task, such as `chown`. @default everything */
  readonly capabilities?: readonly string[];
  /** Program and arguments that start the task, whose own follow. @default none */
  readonly launcher?: (directories: { root: string }) => readonly string[];
}

/** Call at the top of a test file; directories are made at once and removed at the end. */
export function useWorkshop(options: WorkshopOptions): Workshop {
  const root = mkdtempSync(join(tmpdir(), "workshop-"));
  const store = join(root, "store");
  // As in the container: strangers find their way to the store and to nothing else.
  const closed = join(root, "closed");
  const disk = options.inPlace ? store : join(closed, "disk");
  const work = join(root, "work");
  mkdirSync(closed, { mode: 0o700 });
  for (const directory of [store, disk, work]) mkdirSync(directory, { recursive: true });
  chmodSync(root, 0o711);
  const running = new Set<ChildProcess>();
  const bundle = join(root, "bundle");
  if (options.bundled) beforeAll(() => bundleBuildTask(ROOT, bundle));
  afterAll(() => {
    for (const child of running) child.kill("SIGKILL");
    rmSync(root, { recursive: true, force: true });
  });
  let opened: AuditedDb | undefined;
  const db = (): AuditedDb => {
    opened ??= audited(openDb({ table: options.aws.table }));
    return opened;
  };
  const bucket = (): Bucket => openBucket(options.aws.bucket, db().client);
  const allowed = (): string[] => [new URL(options.channel()).host, ...(options.privateHosts?.() ?? [])];
  const settingsOf = (): Record<string, unknown> => ({
    conda_default_channels: [options.channel()],
    // The demo channel's python is this machine's own.
    conda_virtual_packages: { __glibc: glibc() },
    default_docker_base_image: options.baseImage?.() ?? "scratch",
    ...options.settings,
  });

  const submit = async (
    namespace: string,
    name: string,
    spec: object,
    sha256: string,
    document: string,
    more: Ordered = {},
  ) => {
    const { buildId } = await submitSpecification(db(), {
      namespace,
      environment: name,
      description: "",
      specification: { sha256, document, name, spec, isLockfile: "lockfile" in spec },
      createNamespace: true,
      ...more,
      at: new Date(),
    });
    await dispatched(db(), buildId);
    return buildId;
  };

  const command = (): readonly string[] =>
    withOpenPrograms(
      [
        ...(options.capabilities === undefined ? [] : limitedTo(options.capabilities)),
        ...[process.execPath, ...BUILD_TASK_FLAGS, options.bundled ? join(bundle, "main.mjs") : MAIN],
      ],
      [ROOT, ...[process.execPath, options.python()].flatMap(placesOf)],
      root,
    );
  const environment = (): Record<string, string> => ({
    PATH: process.env["PATH"] ?? "",
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    AWS_ENDPOINT_URL: options.aws.endpoint,
    [VARIABLES.table]: options.aws.table,
    [VARIABLES.bucket]: options.aws.bucket,
    [VARIABLES.finishQueue]: options.aws.finishQueue,
    [VARIABLES.settings]: JSON.stringify(settingsOf()),
    [VARIABLES.storeDirectory]: store,
    [VARIABLES.diskDirectory]: disk,
    [VARIABLES.workDirectory]: work,
    [VARIABLES.allowedPrivateHosts]: allowed().join(","),
    [VARIABLES.channelSecrets]: CHANNEL_SECRETS,
    [VARIABLES.repodataMinutesMax]: "60",
    [VARIABLES.packPython]: options.python(),
    [VARIABLES.isolation]: "possible",
    [VARIABLES.maxAttemptMinutes]: "10",
    [VARIABLES.engine]: "rattler",
    [VARIABLES.engineProgram]: options.python(),
  });

  const start: Workshop["start"] = (buildId, env = {}) => {
    const [program = "", ...args] = [...(options.launcher?.({ root }) ?? []), ...command()];
    const child = spawn(program, args, {
      env: { ...environment(), [VARIABLES.buildId]: String(buildId), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    running.add(child);
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data: Buffer) => {
        output += data;
      });
    }
    const ended = new Promise<Awaited<RunningTask["ended"]>>((resolve) => {
      child.once("close", (code, signal) => {
        running.delete(child);
        resolve({ code, signal, output });
      });
    });
    return { child, ended };
  };

  return {
    get db() {
      return db();
    },
    get bucket() {
      return bucket();
    },
    store,
    disk,
    work,
    async order(yaml, namespace = "team", more) {
      const { name, spec, sha256, document } = completeSpecification(readSpecification(yaml).document, {
        settings: deploymentSettings(settingsOf()),
        allowPrivateHosts: allowed(),
      });
      return await submit(namespace, name, spec, sha256, document, more);
    },
    async orderLockfile(name, lockfile, namespace = "team") {
      const document = { name, description: "", lockfile };
      const { createHash } = await import("node:crypto");
      const sha256 = createHash("sha256").update(JSON.stringify(document)).digest("hex");
      return await submit(namespace, name, document, sha256, sha256);
    },
    command,
    environment,
    start,
    async build(buildId, env) {
      const { code, output } = await start(buildId, env).ended;
      const build = await getBuild(db(), buildId);
      if (build === null) throw new Error(`build ${buildId} has gone`);
      const attempt = build.lastAttempt;
      const result = (await getAttempt(db(), buildId, attempt))?.result ?? null;
      const log = await readLogText(
        bucket(),
        result && "artifacts" in result ? (result.artifacts ?? []) : [],
      );
      return { code, output, build, attempt, result, log };
    },
    async settle({ build, attempt, result }) {
      const at = new Date();
      if (result === null) throw new Error("the task reported nothing");
      if (result.outcome === "undecided") throw new Error(result.what);
      const outcome = await makeMove(
        db(),
        build.id,
        result.outcome === "completed"
          ? { name: "complete", by: "finish", at, attempt, result }
          : {
              name: "fail",
              by: "finish",
              at,
              attempt,
              reason: result.reason,
              artifacts: result.artifacts ?? [],
            },
      );
      if (!outcome.won) throw new Error(outcome.why);
    },
  };
}

/** As a container runtime starts root with these capabilities alone, in the words of setpriv. */
const limitedTo = (capabilities: readonly string[]): string[] => {
  const kept = ["-all", ...capabilities.map((each) => `+${each}`)].join(",");
  return [SETPRIV, `--bounding-set=${kept}`, "--inh-caps=-all", "--"];
};

/** Process ids whose command or environment names a directory: children of a task that worked there. */
export function processesOf(directory: string): number[] {
  const names = (pid: string): boolean =>
    ["cmdline", "environ"].some((file) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, "utf8").includes(`${directory}/`);
      } catch {
        // It has ended in between, or is not ours.
        return false;
      }
    });
  return readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid) && names(pid))
    .map(Number);
}

/** The machine's own C library, which the demo channel's packages were made with. */
function glibc(): string {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime ?? "2.28";
}
