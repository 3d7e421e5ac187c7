import { existsSync } from "node:fs";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getAttempt } from "#adapters/dynamodb/attempts.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { processesOf, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const workshop = useWorkshop({ aws, python: demo.python, channel: demo.url });
const STEPS = [
  ...["solve", "reuse", "install", "lockfile", "export", "link scripts", "compile", "seal"],
  ...["packages", "archive", "copy", "publish", "verify"],
];

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

const spec = (name: string): string =>
  JSON.stringify({ name, dependencies: ["demo-choice", "demo-post-link", "demo-links"] });

describe("a task killed by -9", () => {
  it.each(STEPS)(
    "in the step %s leaves no half environment, and the next build works",
    async (step) => {
      const name = `killed-in-${step.replace(" ", "-")}`;
      const id = await workshop.order(spec(name), name);
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
      const isWhole = existsSync(join(published, "share", "demo-post-link", "written.txt"));
      expect(existsSync(published)).toBe(isWhole);
      const ended = {
        name: "fail",
        by: "finish",
        at: new Date(),
        attempt: 1,
        reason: "killed",
        artifacts: [],
      } as const;
      expect((await makeMove(workshop.db, id, ended)).won).toBe(true);

      const next = await workshop.build(await workshop.order(spec(name), name));
      await workshop.settle(next);
      expect(next.result?.outcome, next.log).toBe("completed");
      expect(
        existsSync(join(workshop.disk, name, next.build.buildKey, "share/demo-post-link/written.txt")),
      ).toBe(true);
    },
    60_000,
  );
});
