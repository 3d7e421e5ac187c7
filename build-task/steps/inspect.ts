/**
 * inspect: the last look at the tree before anything is made of it. Everything of the builder has ended by now, so nobody can
 * change what is found.
 * @module
 */
import { BuildFailure } from "../failure.ts";
import { inspectTree } from "../read-files.ts";
import type { StepContext, Task } from "../task.ts";
import { judge, type Sealed, type SealInput } from "./seal.ts";

const NAMED_MAX = 10;

/** @throws BuildFailure naming what no environment may hold, and files that were changed after they were read */
export async function inspect(
  task: Task,
  step: StepContext,
  input: SealInput,
  { owned, files, seen }: Sealed,
): Promise<void> {
  const { user } = task.strangers.builder;
  const links = input.installed.flatMap(({ paths }) => paths.filter(({ kind }) => kind === "link"));
  const report = await inspectTree(
    {
      ...{ root: task.paths.prefix, files, seen, user },
      outwardLinks: links.map(({ path }) => path),
    },
    step.signal,
  );
  refuse(report.special, "is neither a directory, a file nor a link", "which no environment may hold");
  refuse(report.foreign, "is another name of somebody else's file", "which is no part of the environment");
  const { behind = [], links: made = [] } = Object.groupBy(report.outside, (path) =>
    owned.has(path) ? "behind" : "links",
  );
  refuse(made, "is a link that leads out of the environment", "where its users have something else");
  judge(step, input, owned, { ...report, outside: behind });
  if (report.tamed.length > 0) {
    step.line(
      `${report.tamed.length} files and directories lost the right to run as their owner, or to be written by others: ` +
        report.tamed.slice(0, NAMED_MAX).join(", "),
    );
  }
}

function refuse(paths: readonly string[], what: string, why: string): void {
  const [first] = paths;
  if (first === undefined) return;
  const more = paths.length > 1 ? ` (and ${paths.length - 1} more like it)` : "";
  throw new BuildFailure(`${first} ${what}${more}, ${why}: remove the package whose script makes it.`);
}
