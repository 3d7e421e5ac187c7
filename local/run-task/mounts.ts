/**
 * The task's picture of the disks, as the task definition's mount points ask for it: on AWS by the container, here by a
 * mount namespace of the task's own. Where a machine forbids that, the environment is built in place.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, realpathSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

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

/**
 * Mounts its arguments pair by pair up to a `--`; then up to the next one hides directories, each followed by what is to stay
 * of it and an empty argument; then becomes the command. What stays is held open while its way is covered.
 */
const SCRIPT = `set -e
while [ "$1" != -- ]; do mount --bind "$1" "$2"; shift 2; done
shift
while [ "$1" != -- ]; do
  hidden=$1; shift
  fd=3; stay=
  while [ -n "$1" ]; do eval "exec $fd< \\"\\$1\\""; eval "path$fd=\\$1"; stay="$stay $fd"; fd=$((fd + 1)); shift; done
  shift
  mount -t tmpfs -o mode=755,size=1m none "$hidden"
  for fd in $stay; do
    eval "path=\\$path$fd"
    mkdir -p "$path"
    mount --no-canonicalize --rbind "/proc/self/fd/$fd" "$path"
    eval "exec $fd<&-"
  done
done
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

/**
 * The command line that runs `command` with the mounts; they are made in order, and only it and its children see them.
 * @param open directories that every user is to find, though the way there may be root's alone: of what closes it, nothing
 * else is seen
 */
export function inNamespace(
  namespace: Namespace,
  mounts: readonly Mount[],
  command: readonly string[],
  open: readonly string[] = [],
): string[] {
  const pairs = mounts.flatMap(({ source, target }) => [source, target]);
  const hidden = Map.groupBy(new Set(open), closedOnTheWayTo);
  const openings = [...hidden].flatMap(([directory, paths]) =>
    directory === null ? [] : [directory, ...topmost(paths), ""],
  );
  return ["unshare", ...namespace, "sh", "-c", SCRIPT, "sh", ...pairs, "--", ...openings, "--", ...command];
}

/** Where a program and what belongs to it lie: `bin/..`, by its name and, where that is a link, in truth. */
export function placesOf(program: string): string[] {
  return [program, realpathSync(program)].map((path) => dirname(dirname(path)));
}

/**
 * The command line that runs `command` where every user finds its programs, if that takes anything and this machine allows it.
 * @param directory an existing directory for the trial
 */
export function withOpenPrograms(
  command: readonly string[],
  programs: readonly string[],
  directory: string,
): readonly string[] {
  const isRoot = process.getuid?.() === 0;
  if (!isRoot || programs.every((path) => closedOnTheWayTo(path) === null)) return command;
  const namespace = findNamespace(directory);
  return namespace === null ? command : inNamespace(namespace, [], command, programs);
}

/** @returns the first directory above that others than its owner may not enter; null when there is none */
function closedOnTheWayTo(path: string): string | null {
  const names = path.split("/").filter(Boolean);
  const above = names.map((_, index) => `/${names.slice(0, index).join("/")}`);
  return above.find((directory) => (statSync(directory).mode & 0o001) === 0) ?? null;
}

const topmost = (paths: readonly string[]): string[] =>
  paths.filter((path) => !paths.some((other) => other !== path && path.startsWith(`${other}/`)));
