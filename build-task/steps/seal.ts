/**
 * seal: every file of a package has the bytes that its package says, before anything is made of the tree.
 * @module
 */
import { BuildFailure } from "../failure.ts";
import type { PrefixPackage } from "../prefix.ts";
import { type ReadOrder, type ReadReport, readFiles, type Seen } from "../read-files.ts";
import type { StepContext, Task } from "../task.ts";

/** What the reading leaves for the look afterwards. */
export interface Sealed {
  readonly owned: ReadonlyMap<string, Owned>;
  readonly files: ReadOrder["files"];
  readonly seen: Seen;
}

export interface SealInput {
  readonly installed: readonly PrefixPackage[];
  /** Packages whose own script ran, which may have changed their own files. */
  readonly scripted: readonly string[];
  /** pip may have replaced files of conda packages. */
  readonly hasPip: boolean;
}

const NAMED_MAX = 10;

export interface Owned {
  readonly owners: string[];
  /** Each owner's; a file that two packages ship is one of theirs. */
  readonly hashes: string[];
}

interface Difference {
  readonly path: string;
  readonly owners: readonly string[];
  readonly what: "is missing" | "has other bytes" | "lies behind a link to outside of the environment";
}

/**
 * May run beside the compiler, which is the packages' own code: `inspect` finds what that changes.
 * @throws BuildFailure naming files and packages that differ, where nobody had a right to change them
 */
export async function seal(task: Task, step: StepContext, input: SealInput): Promise<Sealed> {
  const { prefix } = task.paths;
  const owned = ownedFiles(input.installed);
  const shared = [...owned].filter(([, { owners }]) => owners.length > 1);
  for (const [path, { owners }] of shared.slice(0, NAMED_MAX)) {
    step.line(
      `warning: ${owners.join(" and ")} both have ${path}: the one linked last is in the environment`,
    );
  }
  const files = [...owned].map(([path, { hashes }]) => [path, hashes] as const);
  const report = await readFiles({ root: prefix, files }, step.signal);
  judge(step, input, owned, report);
  step.line(`${owned.size} files of ${input.installed.length} packages checked, ${report.bytes} bytes`);
  return { owned, files, seen: report.seen };
}

/** @throws BuildFailure as `seal` */
export function judge(
  step: StepContext,
  input: SealInput,
  owned: ReadonlyMap<string, Owned>,
  { missing, different, outside }: Pick<ReadReport, "missing" | "different" | "outside">,
): void {
  const differ = (paths: readonly string[], what: Difference["what"]): Difference[] =>
    paths.map((path) => ({ path, owners: owned.get(path)?.owners ?? [], what }));
  const differences = [...differ(missing, "is missing"), ...differ(different, "has other bytes")];
  const escaped = differ(outside, "lies behind a link to outside of the environment");
  if (escaped.length > 0) {
    throw new BuildFailure(
      `${escaped.slice(0, NAMED_MAX).map(describe).join("; ")}: remove one of these packages, or the one that has the link.`,
    );
  }
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
