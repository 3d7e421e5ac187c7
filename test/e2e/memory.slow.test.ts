import { spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import type { Build } from "#core/build/build.ts";
import { useBuildLine } from "#test/kit/build-line.ts";
import { processesOf, useWorkshop } from "#test/kit/build-task.ts";
import { POLICY } from "#test/kit/builds.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { readLogText } from "#test/kit/logs.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { useIndex } from "#test/kit/wheels.ts";

const policy = {
  ...POLICY,
  taskSizes: [
    { cpuUnits: 256, memoryMiB: 256 },
    { cpuUnits: 256, memoryMiB: 512 },
    { cpuUnits: 256, memoryMiB: 1024 },
  ],
} as const;

/** Fills so many MB with what is no page of zeros, and reads them for a while. */
const filling = (megabytes: number): string =>
  `import hashlib\nkept = [b"x" * 2**20 for _ in range(${megabytes})]\n` +
  "for _ in range(3):\n    digest = hashlib.sha256()\n    for part in kept:\n        digest.update(part)\n";

const aws = useMiniStack();
const demo = useDemoChannel();
const index = useIndex(demo.python, [
  { name: "tiny-hungry", version: "1.0", build: filling(450) },
  { name: "tiny-greedy", version: "1.0", build: filling(1500) },
]);
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  privateHosts: () => [index.host()],
});

const directory = mkdtempSync(join(tmpdir(), "memory-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A Python to which this machine shows no cgroups, so that it can make none. */
const HIDING = 'mount -t tmpfs none /sys/fs/cgroup && exec "$@"';
const canHide = spawnSync("unshare", ["--mount", "sh", "-c", HIDING, "sh", "true"]).status === 0;
function withoutCgroups(python: string): string {
  const path = join(directory, "python");
  writeFileSync(path, `#!/bin/sh\nexec unshare --mount sh -c '${HIDING}' sh ${python} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

const RUN_TASK = new URL("../../local/run-task", import.meta.url).pathname;

/** Whether a keeper here gives its task a memory cgroup. */
const canGroup = (python: string): boolean =>
  spawnSync(python, [
    "-c",
    `import sys; sys.path.insert(0, "${RUN_TASK}"); from memory import *\n` +
      "limit = limit_memory('trial', 2**30, 'X', '/dev/null'); limit.close(); sys.exit(not isinstance(limit, KernelLimit))",
  ]).status === 0;

const order = (name: string, pip: string): Promise<number> =>
  workshop.order(
    JSON.stringify({ name, dependencies: ["python", { pip: [`--index-url ${index.url()}`, pip] }] }),
    name,
  );

describe.each([
  ["killed by the kernel in a memory cgroup", true],
  ["killed by the keeper where no cgroup can be made", false],
])("child killed for memory, %s", (_how, byKernel) => {
  const line = useBuildLine({
    ...{ aws, workshop, policy },
    keeper: () => (byKernel || !canHide ? demo.python() : withoutCgroups(demo.python())),
  });
  const suffix = byKernel ? "kernel" : "keeper";

  test("a pip build that needs more than two sizes have completes in the third, and the next build begins there", async ({
    skip,
  }) => {
    if (byKernel ? !canGroup(demo.python()) : !canHide) skip();
    const name = `hungry-${suffix}`;
    const said = new Set<string>();

    const id = await order(name, "tiny-hungry");
    const build = await line.untilEnd(id, ({ statusInfo }) => said.add(statusInfo ?? ""));

    const log = await logOf(build);
    expect(build.status, `${build.statusInfo}\n${log}`).toBe("COMPLETED");
    expect(line.memoryOf(id)).toEqual([256, 512, 1024]);
    expect(build).toMatchObject({ memoryMiB: 1024, tries: { memory: 2, died: 0 } });
    const second = 'The step "pip" needed more than the task\'s memory of 512 MB and was killed.';
    expect([...said].join("\n")).toContain(
      `${second} Attempt 3 follows at once with 1 GB instead of 512 MB.`,
    );
    expect(log).toContain(`${second} This is attempt 3.`);
    expect((await getEnvironment(workshop.db, name, name))?.need.memoryMiB).toBe(1024);
    expect(await getBuild(workshop.db, await order(name, "tiny-hungry"))).toMatchObject({ memoryMiB: 1024 });
  }, 300_000);

  test("one that needs more than all fails, and status and last line of the log name step and size", async ({
    skip,
  }) => {
    if (byKernel ? !canGroup(demo.python()) : !canHide) skip();

    const id = await order(`greedy-${suffix}`, "tiny-greedy");
    const build = await line.untilEnd(id);

    expect(build.status).toBe("FAILED");
    expect(build.statusInfo).toMatch(
      /^The step "pip" needed more than the task's memory of 1 GB and was killed\. There is no larger task than this one with 1 GB \(taskSizes\)/,
    );
    expect((await logOf(build)).trimEnd().split("\n").at(-1)).toBe(`FAILED: ${build.statusInfo}`);
    expect(line.memoryOf(id)).toEqual([256, 512, 1024]);
    expect(processesOf(workshop.work)).toEqual([]);
  }, 300_000);
});

const logOf = ({ artifacts }: Build): Promise<string> => readLogText(workshop.bucket, artifacts);
