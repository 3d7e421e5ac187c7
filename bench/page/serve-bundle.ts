/**
 * The bundled API function behind a real socket, its page beside it.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { LocalError } from "#local/local-error.ts";
import { environmentOf } from "../api/our-api.ts";

export interface ServedBundle {
  /** Without trailing slash. */
  readonly address: string;
  close(): Promise<void>;
}

/** @throws LocalError when it cannot be started */
export async function serveBundle(
  bundle: string,
  options: Parameters<typeof environmentOf>[0],
): Promise<ServedBundle> {
  const child = fork(join(import.meta.dirname, "server.ts"), [bundle], {
    env: { PATH: process.env["PATH"], ...environmentOf(options) },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  return {
    address: await addressOf(child),
    close: async () => {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, "exit");
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new LocalError("The API function ended: what it said stands above."));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(String(message));
    });
  });
}
