import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";

const ROOT = new URL("../..", import.meta.url).pathname;

const parentOf = (pid: number): number =>
  Number(/\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8"))?.[1]);

test.each(["SIGTERM", "SIGKILL"] as const)("%s to npm ends the program that npm started", async (signal) => {
  const npm = spawn("npm", ["exec", "--", "node", "scripts/bootstrap.mjs", "test/kit/wait.ts"], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, npm_lifecycle_event: "start" },
  });
  const pid = await new Promise<number>((resolve) =>
    npm.stdout.on("data", (data: Buffer) => {
      const found = /waiting as (\d+)/.exec(data.toString());
      if (found) resolve(Number(found[1]));
    }),
  );
  expect(parentOf(pid)).toBeGreaterThan(1);

  npm.kill(signal);

  await vi.waitFor(() => expect(() => process.kill(pid, 0)).toThrow(), { timeout: 20_000 });
});
