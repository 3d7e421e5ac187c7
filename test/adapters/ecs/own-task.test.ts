import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "vitest";
import { ownTask } from "#adapters/ecs/own-task.ts";

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

test("a task owns its attempt under its ARN, and knows its memory where ECS says it", async () => {
  const told = { TaskARN: ARN, Cluster: "builds" };
  const Limits = { CPU: 1, Memory: 4096 };
  expect(await ownTask(await metadata(JSON.stringify(told)))).toEqual({ owner: ARN, memoryMiB: null });
  expect(await ownTask(await metadata(JSON.stringify({ ...told, Limits })))).toEqual({
    owner: ARN,
    memoryMiB: 4096,
  });
});

test("without ECS's word a task has a name of its own that is no ARN", async () => {
  const silent = await metadata("no JSON");
  const other = await metadata(JSON.stringify({ TaskARN: "strange" }));

  const tasks = await Promise.all([ownTask(undefined), ownTask(silent), ownTask(other), ownTask(other)]);

  const names = tasks.map(({ owner }) => owner);
  expect(tasks.every(({ memoryMiB }) => memoryMiB === null)).toBe(true);
  expect(new Set(names).size).toBe(4);
  expect(names.some((name) => name.startsWith("arn:"))).toBe(false);
});
