/**
 * Tasks that stand still until they have been given up, and go on: a real SIGSTOP at the worst instants, while the next attempt
 * completes the build.
 */
import { lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { openLog } from "#adapters/log.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { directoryOf } from "#core/build/artifact-place.ts";
import type { Build } from "#core/build/build.ts";
import { type FinishContext, taskStopped } from "#functions/finish/finish.ts";
import { useWorkshop, type Workshop } from "#test/kit/build-task.ts";
import { POLICY } from "#test/kit/builds.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { readLogText } from "#test/kit/logs.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { dispatched } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const parts = { aws, python: demo.python, channel: demo.url };
const apart = useWorkshop(parts);
const inPlace = useWorkshop({ ...parts, inPlace: true });

/** Loaded in front of the task: it stops itself where this says, as a host that is frozen would. */
const preload = (code: string): { NODE_OPTIONS: string } => ({
  NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(
    `import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module";
    let stopped = false;
    const stop = () => { if (!stopped) { stopped = true; process.kill(process.pid, "SIGSTOP"); } };
    ${code}
    syncBuiltinESMExports();`,
  )}`,
});
const BEFORE_RENAME = preload(`const { rename } = fs.promises;
  fs.promises.rename = (from, to) => { if (from.endsWith(".copy")) stop(); return rename(from, to); };`);
/** The name is taken; what follows is not done yet. */
const AFTER_RENAME = preload(`const { rename } = fs.promises;
  fs.promises.rename = async (from, to) => { await rename(from, to); if (from.endsWith(".copy")) stop(); };`);
/** The tree is installed, and much is to be done to it. */
const BEFORE_COMPILE = preload(`const { open } = fs.promises;
  fs.promises.open = (path, ...more) => { if (String(path).includes("conda-meta")) stop(); return open(path, ...more); };`);

const finish = ({ db, bucket }: Workshop): FinishContext => ({
  ...{ db, bucket, ...POLICY, clock: () => new Date() },
  ...{ wakeUps: openQueue(aws.wakeUpQueue), links: openQueue(aws.linkQueue) },
  log: openLog({ write: () => {} }),
});

function stateOf(pid: number): string {
  return /^State:\s+(\S)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? "";
}

/** Everything below a directory that a write would change. */
function describeAll(root: string): Record<string, string> {
  const names = ["", ...readdirSync(root, { recursive: true, encoding: "utf8" })];
  return Object.fromEntries(
    names.map((name) => {
      const { ino, mode, size, uid, mtimeMs, ctimeMs } = lstatSync(join(root, name));
      return [name, [ino, mode, size, uid, mtimeMs, ctimeMs].join(" ")];
    }),
  );
}

const treeOf = ({ disk }: Workshop, { namespace, artifacts }: Build): string =>
  join(disk, namespace, directoryOf(artifacts) ?? "none");

describe("a task that stands still and goes on when the next attempt has completed the build", () => {
  it.each([
    ["before its copy gets its name", apart, BEFORE_RENAME],
    ["after its copy got its name", apart, AFTER_RENAME],
    ["at work in the tree, which is built where it is used", inPlace, BEFORE_COMPILE],
  ] as const)(
    "%s changes nothing of it",
    async (what, workshop, env) => {
      const name = `stalled-${what.length}`;
      const specification = { name, dependencies: ["python", "demo-choice", "demo-post-link"] };
      const id = await workshop.order(JSON.stringify(specification), name);
      const { child, ended } = workshop.start(id, env);
      const { pid = 0 } = child;
      await expect.poll(() => stateOf(pid), { timeout: 90_000 }).toBe("T");

      const stopped = { stopCode: "EssentialContainerExited", stoppedReason: null, containerReason: null };
      await taskStopped(finish(workshop), { build: id, attempt: 1, task: "none", exitCode: 137, ...stopped });
      expect(await dispatched(workshop.db, id)).toBe(2);
      const next = await workshop.build(id);
      await workshop.settle(next);
      const build = await getBuild(workshop.db, id);
      if (build?.status !== "COMPLETED") throw new Error(next.log);
      const tree = describeAll(treeOf(workshop, build));
      const log = await readLogText(workshop.bucket, build.artifacts);
      expect(log).toMatch(/This is attempt 2\.\n/);

      process.kill(pid, "SIGCONT");
      const { output } = await ended;

      expect(output).toContain("another one took its place");
      expect(describeAll(treeOf(workshop, build))).toEqual(tree);
      expect(await getBuild(workshop.db, id)).toEqual(build);
      expect(await readLogText(workshop.bucket, build.artifacts)).toBe(log);
    },
    240_000,
  );
});
