import { readFileSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { useNpmStart } from "#test/kit/npm-start.ts";
import { runProgram } from "#test/kit/run-program.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const { state, start, nothingRemains } = useNpmStart();

test("the curl lines of the README, word for word, end with a python that has numpy", {
  timeout: 400_000,
}, async () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const lines = /```bash\n(URL=[\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const { child, says, ended, output } = start("--port", "0");
  await says("Ctrl-C ends it.");
  const address = /page +(http:\/\/localhost:\d+)\//.exec(output())?.[1] ?? "";
  const directory = await mkdtemp(join(tmpdir(), "conda-store-readme-"));
  symlinkSync(state, join(directory, ".local"));

  const script = `cd "$0"\n${lines.replace("http://localhost:8080", address)}`;
  const { code, stdout, stderr } = await runProgram("bash", ["-eu", "-c", script, directory]);

  expect(code, stderr).toBe(0);
  expect(stdout).toContain('"status":"COMPLETED"');
  expect(stdout.trim().split("\n").at(-1)).toMatch(/^\d+\.\d+\.\d+$/);
  child.kill("SIGINT");
  await ended;
  await nothingRemains();
  await rm(directory, { recursive: true });
});
