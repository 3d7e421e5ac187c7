/**
 * What every step gets: the build, where things lie, and the parts it may use.
 * @module
 */
import { realpathSync } from "node:fs";
import { join } from "node:path";
import type { AttemptOwner } from "#adapters/dynamodb/attempts.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import type { Build } from "#core/build/build.ts";
import { directoryName, prefixPath } from "#core/layout.ts";
import type { Engine, RunCommand, Stream } from "#core/ports.ts";
import type { Settings } from "#core/settings/settings.ts";
import type { LogWriter } from "./log-writer.ts";
import type { OomCounter } from "./memory.ts";
import type { Strangers } from "./strangers.ts";

/** The task's part of the environment. */
export interface TaskConfig {
  readonly storeDirectory: string;
  /** null: there is no shared disk. */
  readonly diskDirectory: string | null;
  readonly workDirectory: string;
  readonly allowedPrivateHosts: readonly string[];
  /** Names of the secrets with credentials of channels begin so. */
  readonly channelSecrets: string;
  /** Minutes after which a kept index that was not compared with its channel's is not used. */
  readonly repodataMinutesMax: number;
  readonly packPython: string;
  readonly maxAttemptMinutes: number;
}

/** An environment's copy on the shared disk, as the task sees it. */
export interface Copy {
  readonly published: string;
  /** While it is made. */
  readonly publishing: string;
  /** Where attempts up to this one may have left theirs. Those of attempts that followed are theirs: this may be given up. */
  readonly left: readonly string[];
}

/** Absolute directories of one attempt. */
export interface Paths {
  /** Name of the environment's directory, which no other attempt has. */
  readonly directory: string;
  /** Where the environment is installed, and where consumers will find it. */
  readonly prefix: string;
  /** The same environment on the shared disk, as the task sees it; null where it is not copied. */
  readonly copy: Copy | null;
  /** Consumers see the environment: copied to the shared disk, or built on it. */
  readonly isShared: boolean;
  /** Everything of this attempt that is not the environment. */
  readonly work: string;
  readonly packageCache: string;
}

export interface Task {
  readonly config: TaskConfig;
  readonly settings: Settings;
  readonly build: Build;
  readonly who: AttemptOwner;
  readonly paths: Paths;
  readonly db: Db;
  readonly bucket: Bucket;
  readonly engine: Promise<Engine>;
  readonly strangers: Strangers;
  readonly log: LogWriter;
  /** Memory of this task; null when that is not known. */
  readonly memoryMiB: number | null;
  readonly oomKills: OomCounter;
  /** Aborts when the task must stop: lease lost, SIGTERM, the attempt's own limit. */
  readonly signal: AbortSignal;
  /** To be called when a write was refused because the attempt is closed or another's. */
  readonly lost: () => void;
}

/** What one step gets on top. */
export interface StepContext {
  readonly name: string;
  /** Aborts with the task's signal and at the step's own limit. */
  readonly signal: AbortSignal;
  line(text: string, stream?: Stream): void;
  /** Runs a child as the builder; its output goes to the log unless the command has a sink of its own. */
  readonly run: RunCommand;
  /** The same as the tester. */
  readonly test: RunCommand;
}

/** The shared disk if it is another place than the store; null where the two are one, and where there is none. */
export const diskApart = ({
  storeDirectory,
  diskDirectory,
}: Pick<TaskConfig, "storeDirectory" | "diskDirectory">): string | null =>
  diskDirectory !== null && realpathSync(storeDirectory) !== realpathSync(diskDirectory)
    ? diskDirectory
    : null;

export function pathsOf(config: TaskConfig, build: Build, attempt: number): Paths {
  const { storeDirectory, diskDirectory, workDirectory } = config;
  const disk = diskApart(config);
  const directory = directoryName(build.buildKey, attempt);
  const place = prefixPath(build.namespace, directory);
  const work = join(workDirectory, `${build.id}-${attempt}`);
  return {
    directory,
    prefix: join(storeDirectory, place),
    copy: disk === null ? null : copyOn(disk, build, attempt),
    isShared: diskDirectory !== null,
    work,
    packageCache: join(work, "packages"),
  };
}

function copyOn(disk: string, { namespace, buildKey }: Build, attempt: number): Copy {
  // What is called so, a dot in front, goes when the directory is removed.
  const publishingAs = (number: number): string =>
    join(disk, namespace, `.${directoryName(buildKey, number)}.copy`);
  return {
    published: join(disk, prefixPath(namespace, directoryName(buildKey, attempt))),
    publishing: publishingAs(attempt),
    left: Array.from({ length: attempt }, (_, index) => publishingAs(index + 1)),
  };
}
