/**
 * The task's picture of the disks, as the task definition's mount points ask for it: on AWS by the container, here by a
 * mount namespace of the task's own. Where a machine forbids that, the environment is built in place.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** `unshare` arguments that make a mount namespace on this machine. */
export type Namespace = readonly string[];

/** A directory as the host has it, and where the task sees it. */
export interface Mount {
  readonly source: string;
  readonly target: string;
}

/** Root needs no user namespace, and must keep the right to become other users. */
const CANDIDATES: readonly Namespace[] =
  process.getuid?.() === 0
    ? [["--mount"]]
    : [
        ["--user", "--map-current-user", "--keep-caps", "--mount"],
        ["--user", "--map-root-user", "--mount"],
      ];

/** Mounts its arguments pair by pair, then becomes the command after `--`. */
const SCRIPT = `set -e
while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done
shift
exec "$@"`;

/**
 * Tries what this machine allows, with real directories.
 * @param directory an existing directory for the trial
 * @returns null where mount namespaces are forbidden
 */
export function findNamespace(directory: string): Namespace | null {
  const trial = join(directory, "namespace-trial");
  const mount = { source: join(trial, "source"), target: join(trial, "target") };
  mkdirSync(mount.source, { recursive: true });
  mkdirSync(mount.target, { recursive: true });
  writeFileSync(join(mount.source, "seen"), "");
  try {
    return (
      CANDIDATES.find((candidate) => {
        const [program = "", ...args] = inNamespace(
          candidate,
          [mount],
          ["test", "-e", join(mount.target, "seen")],
        );
        return spawnSync(program, args, { stdio: "ignore" }).status === 0;
      }) ?? null
    );
  } finally {
    rmSync(trial, { recursive: true, force: true });
  }
}

/** The command line that runs `command` with the mounts; they are made in order, and only it and its children see them. */
export function inNamespace(
  namespace: Namespace,
  mounts: readonly Mount[],
  command: readonly string[],
): string[] {
  const pairs = mounts.flatMap(({ source, target }) => [source, target]);
  return ["unshare", ...namespace, "sh", "-c", SCRIPT, "sh", ...pairs, "--", ...command];
}
