/**
 * Memory groups of tasks whose keepers were killed: they hold nothing, and go with the next task's keeper.
 * @module
 */
import { globSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";

/**
 * Looks for those of these tasks, and removes them: the next run's tasks would only do so after a minute.
 * @param owners names of tasks: the last part of their ARNs
 * @returns how many there were, and which of them hold processes
 */
export function removeLeftGroups(owners: ReadonlySet<string>): { left: number; faults: string[] } {
  const groups = globSync("/sys/fs/cgroup/**/conda-store-*").filter((path) =>
    owners.has(path.split("/conda-store-").at(-1) ?? ""),
  );
  const faults: string[] = [];
  for (const group of groups) {
    const pids = readFileSync(join(group, "cgroup.procs"), "utf8").trim();
    if (pids === "") rmdirSync(group);
    else faults.push(`${group} holds the processes ${pids.replaceAll("\n", ", ")}`);
  }
  return { left: groups.length, faults };
}
