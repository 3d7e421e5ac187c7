import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { SETPRIV } from "#adapters/process/as-user.ts";
import { findNamespace, withOpenPrograms } from "#local/run-task/mounts.ts";

const base = mkdtempSync(join(tmpdir(), "mounts-"));
chmodSync(base, 0o755);
afterAll(() => rmSync(base, { recursive: true, force: true }));
const isPossible = process.getuid?.() === 0 && findNamespace(base) !== null;
const why = isPossible ? "" : " (skipped: it takes root and mount namespaces)";

describe.skipIf(!isPossible)(`programs below a directory that only root may enter${why}`, () => {
  const closed = join(base, `it's "root's" $HOME`);
  const tools = join(closed, "deep", "tools");
  const program = join(tools, "bin", "say");
  mkdirSync(join(tools, "bin"), { recursive: true });
  writeFileSync(program, "#!/bin/sh\necho said\n", { mode: 0o755 });
  writeFileSync(join(closed, "secret"), "a secret of root\n");
  chmodSync(closed, 0o700);
  const asNobody = (script: string, ...args: string[]): string[] => [
    ...[SETPRIV, "--reuid=65534", "--regid=65534", "--clear-groups", "--"],
    ...["sh", "-c", script, "sh", ...args],
  ];
  const run = (command: readonly string[]) => {
    const [name = "", ...args] = command;
    const { status, stdout } = spawnSync(name, args, { encoding: "utf8" });
    return { status, stdout };
  };

  test("are found by every user where they lie, and nothing beside them is", () => {
    const say = asNobody('"$1"', program);
    expect(run(say).status).not.toBe(0);
    expect(run(withOpenPrograms(say, [tools], base))).toEqual({ status: 0, stdout: "said\n" });
    const look = asNobody('ls "$1" "$2"', closed, join(closed, "deep"));
    const { stdout } = run(withOpenPrograms(look, [tools], base));
    expect(stdout).toContain("tools");
    expect(stdout).not.toContain("secret");
  });

  test("change nothing for those that every user finds anyway", () => {
    const command = ["true"];
    expect(withOpenPrograms(command, ["/usr"], base)).toBe(command);
  });
});
