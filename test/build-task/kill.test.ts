import { existsSync, readdirSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getAttempt } from "#adapters/dynamodb/attempts.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { openLog } from "#adapters/log.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { directoryName } from "#core/layout.ts";
import { type FinishContext, taskStopped } from "#functions/finish/finish.ts";
import { processesOf, useWorkshop } from "#test/kit/build-task.ts";
import { POLICY } from "#test/kit/builds.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { dispatched } from "#test/kit/submissions.ts";
import { useIndex } from "#test/kit/wheels.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const index = useIndex(demo.python, [{ name: "tiny-lib", version: "1.5" }]);
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  privateHosts: () => [index.host()],
});
const STEPS = [
  ...["solve", "reuse", "install", "lockfile", "export", "link scripts", "compile", "seal"],
  ...["packages", "archive", "copy", "publish", "verify", "pip"],
];

const STOPPED = {
  ...{ attempt: 1, task: "none", stopCode: "EssentialContainerExited", stoppedReason: null },
  ...{ exitCode: 137, containerReason: null },
};
const finish = (): FinishContext => ({
  ...{ db: workshop.db, bucket: workshop.bucket, ...POLICY, clock: () => new Date() },
  ...{
    wakeUps: openQueue(aws.wakeUpQueue),
    links: openQueue(aws.linkQueue),
    log: openLog({ write: () => {} }),
  },
});

/** Stands between the task and AWS, to see each request before AWS does. */
let onRequest: (body: string) => void = () => {};
const proxy = createServer((incoming, outgoing) => {
  const parts: Buffer[] = [];
  incoming.on("data", (part: Buffer) => parts.push(part));
  incoming.on("end", () => {
    const body = Buffer.concat(parts);
    onRequest(body.toString("latin1"));
    const forward = request(
      new URL(incoming.url ?? "/", aws.endpoint),
      { method: incoming.method ?? "GET", headers: incoming.headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(outgoing);
      },
    );
    forward.on("error", () => outgoing.destroy());
    forward.end(body);
  });
});
let endpoint: string;
beforeAll(async () => {
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  endpoint = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
});
afterAll(() => proxy.close());

const spec = (name: string, step: string): string => {
  const pip = step === "pip" ? ["python", { pip: [`--index-url ${index.url()}`, "tiny-lib"] }] : [];
  return JSON.stringify({ name, dependencies: ["demo-choice", "demo-post-link", "demo-links", ...pip] });
};

describe("a task killed by -9", () => {
  it.each(STEPS)(
    "in the step %s leaves no half environment, and the next attempt completes the build",
    async (step) => {
      const name = `killed-in-${step.replace(" ", "-")}`;
      const id = await workshop.order(spec(name, step), name);
      const task = workshop.start(id, { AWS_ENDPOINT_URL: endpoint });
      onRequest = (body) => {
        if (body.includes("ATTEMPT#") && body.includes(`":set_step":{"S":"${step}"}`)) {
          onRequest = () => {};
          task.child.kill("SIGKILL");
        }
      };
      const { signal, output } = await task.ended;
      expect(signal, output).toBe("SIGKILL");
      // What keeps tasks, a container or the local stack's keeper, ends their children with them.
      for (const pid of processesOf(workshop.work)) process.kill(pid, "SIGKILL");

      const build = await getBuild(workshop.db, id);
      expect(build?.status).toBe("BUILDING");
      expect((await getAttempt(workshop.db, id, 1))?.result).toBeNull();
      const published = join(workshop.disk, name, build?.buildKey ?? "");
      const written = join(published, "share", "demo-post-link", "written.txt");
      expect(existsSync(published)).toBe(existsSync(written));
      await taskStopped(finish(), { ...STOPPED, build: id });
      expect(await getBuild(workshop.db, id)).toMatchObject({ status: "QUEUED", tries: { died: 1 } });

      expect(await dispatched(workshop.db, id)).toBe(2);
      const next = await workshop.build(id);
      await workshop.settle(next);
      expect(next.result?.outcome, next.log).toBe("completed");
      const made = directoryName(build?.buildKey ?? "", 2);
      expect(existsSync(join(workshop.disk, name, made, "share", "demo-post-link", "written.txt"))).toBe(
        true,
      );
      // What the first attempt had published, whole, goes with its name when the build has given it back.
      expect(readdirSync(join(workshop.disk, name)).sort()).toEqual([
        ...(existsSync(published) ? [build?.buildKey] : []),
        made,
      ]);
      expect(next.log).toMatch(/SIGKILL.* This is attempt 2\.\nstarting build of conda environment/);
    },
    120_000,
  );
});
