/**
 * The stack's inner ports: free ones at the first start, the same ones ever after, because stored addresses name them.
 * @module
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";
import { LocalError } from "./local-error.ts";
import { freePort } from "./ministack.ts";

const NAMES = ["aws", "ecs", "channel"] as const;
export type Ports = Readonly<Record<(typeof NAMES)[number], number>>;

/** @throws LocalError when one of them is taken: by another stack of this folder, or by a stranger */
export async function keptPorts(file: string): Promise<Ports> {
  if (!existsSync(file)) {
    const ports = { aws: await freePort(), ecs: await freePort(), channel: await freePort() };
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, JSON.stringify(ports));
    return ports;
  }
  const ports = JSON.parse(readFileSync(file, "utf8")) as Ports;
  for (const name of NAMES) {
    if (await isFree(ports[name])) continue;
    throw new LocalError(
      `Port ${ports[name]}, which this folder's state names, is in use: another npm start may be running here. ` +
        "End it, or delete .local/aws and start anew.",
    );
  }
  return ports;
}

/** Whether this process could listen on the port of 127.0.0.1 now. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
