/**
 * An ECS that has always room: RunTask in its own protocol. What it starts is a name.
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface Endpoint {
  readonly address: string;
  /** `startedBy` of each task, in the order of asking. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export async function startEndpoint(): Promise<Endpoint> {
  const asked: string[] = [];
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { startedBy } = JSON.parse(Buffer.concat(parts).toString()) as { startedBy: string };
    if (!asked.includes(startedBy)) asked.push(startedBy);
    response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
    const taskArn = `arn:aws:ecs:us-east-1:000000000000:task/bench/${startedBy}`;
    response.end(JSON.stringify({ tasks: [{ taskArn }], failures: [] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
