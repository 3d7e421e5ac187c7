/**
 * link scripts: the packages' post-link scripts, run by us in install order with nothing but their documented variables.
 * @module
 */
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { readPlainFile } from "#adapters/disk/read-plain-file.ts";
import type { LockedPackage } from "#core/lock/lock.ts";
import { BuildFailure } from "../failure.ts";
import type { PrefixPackage } from "../prefix.ts";
import type { StepContext, Task } from "../task.ts";

const OUTPUT_LINES_MAX = 20;

/** Post-link scripts may write here what the user should read; conda shows it and removes the file. */
const MESSAGES = ".messages.txt";
const MESSAGES_BYTES_MAX = 64 * 1024;

/**
 * @returns the names of the packages whose script ran
 * @throws BuildFailure naming the package, with the last lines it said
 */
export async function runLinkScripts(
  task: Task,
  step: StepContext,
  order: readonly LockedPackage[],
  installed: readonly PrefixPackage[],
): Promise<string[]> {
  const { prefix, work } = task.paths;
  const byName = new Map(installed.map((item) => [item.name, item]));
  const scripted = order
    .flatMap(({ name }) => byName.get(name) ?? [])
    .map((item) => ({ item, script: join(prefix, "bin", `.${item.name}-post-link.sh`) }))
    .filter(({ script }) => existsSync(script));
  if (scripted.length === 0) return [];

  const home = await task.strangers.builder.makeHome(join(work, "link-scripts"));
  // conda takes bash; the few scripts that need it say so nowhere.
  const shell = existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";
  for (const { item, script } of scripted) {
    step.line(`running the post-link script of ${item.name} ${item.version}`);
    const result = await step.run(
      {
        program: shell,
        args: [script],
        cwd: prefix,
        env: {
          PREFIX: prefix,
          PKG_NAME: item.name,
          PKG_VERSION: item.version,
          PKG_BUILDNUM: String(item.buildNumber),
          PATH: `${join(prefix, "bin")}:/usr/local/bin:/usr/bin:/bin`,
          HOME: home,
          TMPDIR: home,
          LANG: "C.UTF-8",
        },
      },
      step.signal,
    );
    await showMessages(prefix, step);
    if (result.code === 0) continue;
    const output = lastLines(`${result.stdout}\n${result.stderr}`);
    throw new BuildFailure(
      `The post-link script of the package ${item.name} ${item.version} ` +
        `${result.code === null ? `was ended by ${result.signal}` : `failed with exit code ${result.code}`}: ` +
        `ask for another version of ${item.name}, or report it to the package's makers.` +
        (output === "" ? "" : `\nIts last output:\n${output}`),
    );
  }
  return scripted.map(({ item }) => item.name);
}

async function showMessages(prefix: string, step: StepContext): Promise<void> {
  const path = join(prefix, MESSAGES);
  const text = (await readPlainFile(path, MESSAGES_BYTES_MAX)) ?? "";
  for (const line of text.split("\n").filter((each) => each.trim() !== "")) step.line(line);
  await rm(path, { force: true, recursive: true });
}

function lastLines(text: string): string {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-OUTPUT_LINES_MAX)
    .join("\n");
}
