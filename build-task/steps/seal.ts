/**
 * seal: every file of a package has the bytes that its package says, before anything is made of the tree.
 * @module
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { lstat, readFile } from "node:fs/promises";
import { join } from "node:path";
import { eachOf } from "#adapters/disk/each-file.ts";
import { BuildFailure } from "../failure.ts";
import type { PrefixPackage } from "../prefix.ts";
import type { StepContext, Task } from "../task.ts";

export interface SealInput {
  readonly installed: readonly PrefixPackage[];
  /** Packages whose own script ran, which may have changed their own files. */
  readonly scripted: readonly string[];
  /** pip may have replaced files of conda packages. */
  readonly hasPip: boolean;
}

/** Files that are read whole; larger ones are streamed. */
const WHOLE_BYTES_MAX = 1024 * 1024;
const READERS = 16;
const NAMED_MAX = 10;

interface Owned {
  readonly owners: string[];
  /** Each owner's; a file that two packages ship is one of theirs. */
  readonly hashes: string[];
}

interface Difference {
  readonly path: string;
  readonly owners: readonly string[];
  readonly what: "is missing" | "has other bytes";
}

/** @throws BuildFailure naming files and packages that differ, where nobody had a right to change them */
export async function seal(task: Task, step: StepContext, input: SealInput): Promise<void> {
  const { prefix } = task.paths;
  const owned = ownedFiles(input.installed);
  const shared = [...owned].filter(([, { owners }]) => owners.length > 1);
  for (const [path, { owners }] of shared.slice(0, NAMED_MAX)) {
    step.line(
      `warning: ${owners.join(" and ")} both have ${path}: the one linked last is in the environment`,
    );
  }
  const differences: Difference[] = [];
  let bytes = 0;
  await eachOf([...owned], READERS, step.signal, async ([path, { owners, hashes }]) => {
    const found = await look(join(prefix, path), hashes.length > 0);
    bytes += found?.bytes ?? 0;
    if (found === null) differences.push({ path, owners, what: "is missing" });
    else if (hashes.length > 0 && !hashes.includes(found.sha256)) {
      differences.push({ path, owners, what: "has other bytes" });
    }
  });
  const mayChange = ({ owners }: Difference): boolean =>
    input.hasPip || owners.some((owner) => input.scripted.includes(owner));
  for (const difference of differences.filter(mayChange).slice(0, NAMED_MAX)) {
    step.line(`warning: ${describe(difference)} after ${input.hasPip ? "pip" : "its package's script"} ran`);
  }
  const forbidden = differences.filter((difference) => !mayChange(difference));
  if (forbidden.length > 0) {
    const named = forbidden.slice(0, NAMED_MAX).map(describe).join("; ");
    const more = forbidden.length > NAMED_MAX ? `; and ${forbidden.length - NAMED_MAX} more` : "";
    throw new BuildFailure(
      `Files of the environment are not those of its packages: ${named}${more}. ` +
        "A link script of another package may have changed them: remove that package, or build again.",
    );
  }
  step.line(`${owned.size} files of ${input.installed.length} packages checked, ${bytes} bytes`);
}

function describe({ path, owners, what }: Difference): string {
  return `${path} of ${owners.join(" and ")} ${what}`;
}

function ownedFiles(installed: readonly PrefixPackage[]): Map<string, Owned> {
  const owned = new Map<string, Owned>();
  for (const { name, paths } of installed) {
    for (const { path, kind, sha256 } of paths) {
      // Byte code may be made anew at any time, and what the installer made has no hash.
      if (kind === "made" || path.endsWith(".pyc")) continue;
      const entry = owned.get(path) ?? { owners: [], hashes: [] };
      entry.owners.push(name);
      if (kind === "file" && sha256 !== null) entry.hashes.push(sha256);
      owned.set(path, entry);
    }
  }
  return owned;
}

/** @returns null when there is nothing at the path; a link's own bytes are not looked at */
async function look(path: string, wanted: boolean): Promise<{ sha256: string; bytes: number } | null> {
  const status = await lstat(path).catch(() => null);
  if (status === null) return null;
  if (!wanted || !status.isFile()) return { sha256: "", bytes: 0 };
  const hash = createHash("sha256");
  if (status.size <= WHOLE_BYTES_MAX) hash.update(await readFile(path));
  else
    for await (const chunk of createReadStream(path, { highWaterMark: WHOLE_BYTES_MAX })) hash.update(chunk);
  return { sha256: hash.digest("hex"), bytes: status.size };
}
