import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { taskOwner } from "#adapters/ecs/task-owner.ts";

const ARN = "arn:aws:ecs:us-east-1:000000000000:task/builds/0123";
const servers: ReturnType<typeof createServer>[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** Answers like the metadata endpoint of a task, with this body. */
async function metadata(body: string): Promise<string> {
  const server = createServer((request, response) => response.end(request.url === "/v4/x/task" ? body : ""));
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v4/x`;
}

test("a task owns its attempt under its ARN", async () => {
  expect(await taskOwner(await metadata(JSON.stringify({ TaskARN: ARN, Cluster: "builds" })))).toBe(ARN);
});

test("without ECS's word a task has a name of its own that is no ARN", async () => {
  const silent = await metadata("no JSON");
  const other = await metadata(JSON.stringify({ TaskARN: "strange" }));

  const names = await Promise.all([
    taskOwner(undefined),
    taskOwner(silent),
    taskOwner(other),
    taskOwner(other),
  ]);

  expect(new Set(names).size).toBe(4);
  expect(names.some((name) => name.startsWith("arn:"))).toBe(false);
});
