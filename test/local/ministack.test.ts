import { spawn } from "node:child_process";
import { chmodSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { expect, test, vi } from "vitest";
import { ensurePythonTools } from "#local/python.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const aws = useMiniStack();

test("a test file gets a table, a bucket and three queues of its own", async () => {
  const { Table } = await new DynamoDBClient().send(new DescribeTableCommand({ TableName: aws.table }));

  expect(Table?.TableStatus).toBe("ACTIVE");
  expect(new Set([aws.wakeUpQueue, aws.finishQueue, aws.linkQueue]).size).toBe(3);
});

test("a parent that is killed leaves no MiniStack behind, and its state is for the owner alone", async () => {
  const { python } = await ensurePythonTools(ROOT, () => {});
  const directory = mkdtempSync(join(tmpdir(), "conda-store-orphan-"));
  chmodSync(directory, 0o755);
  const parent = spawn(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `import { startMiniStack } from "#local/ministack.ts";
       const server = await startMiniStack(${JSON.stringify({ python, directory })});
       console.log(server.pid);
       setInterval(() => {}, 1000);`,
    ],
    { cwd: ROOT, stdio: ["ignore", "pipe", "inherit"] },
  );
  const pid = await new Promise<number>((resolve) =>
    parent.stdout.once("data", (data: Buffer) => resolve(Number(data.toString()))),
  );
  expect(isAlive(pid)).toBe(true);
  expect(statSync(directory).mode & 0o777).toBe(0o700);

  parent.kill("SIGKILL");

  await vi.waitFor(() => expect(isAlive(pid)).toBe(false), { timeout: 30_000, interval: 50 });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
