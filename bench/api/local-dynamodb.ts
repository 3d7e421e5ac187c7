/**
 * The DynamoDB that the API's bench runs over: dynoxide where its package exists, because MiniStack would be busier than what
 * is measured; MiniStack elsewhere. Tables say which one it was.
 * @module
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { CreateTableCommand, type DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { LocalError } from "#local/local-error.ts";
import { freePort } from "#local/ministack.ts";
import { tableNamed } from "#local/table.ts";

export interface LocalDynamodb {
  /** As tables name it. */
  readonly name: string;
  readonly endpoint: string;
  stop(): Promise<void>;
}

/** @param ministack its endpoint, for machines that dynoxide is not made for */
export async function startLocalDynamodb(ministack: string): Promise<LocalDynamodb> {
  const program = findDynoxide();
  if (program === null) return { name: "MiniStack", endpoint: ministack, stop: async () => {} };
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const child = spawn(program, ["--port", String(port)], { stdio: "ignore" });
  const ended = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  // The bench's own end must not leave it behind, however it comes.
  process.once("exit", () => child.kill("SIGKILL"));
  const deadline = performance.now() + 30_000;
  while (!(await answers(endpoint))) {
    if (child.exitCode === null && performance.now() < deadline) continue;
    await stop();
    throw new LocalError("dynoxide could not be started.");
  }
  return { name: "dynoxide, in memory", endpoint, stop };
}

function findDynoxide(): string | null {
  try {
    return createRequire(import.meta.url).resolve("@dynoxide/linux-x64/dynoxide");
  } catch {
    return null;
  }
}

async function answers(endpoint: string): Promise<boolean> {
  try {
    await fetch(endpoint);
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  }
}

/** Makes an empty table as the stack has it. */
export async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  await client.send(new CreateTableCommand(tableNamed(name)));
}
