import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openEngine } from "#adapters/conda/open-engine.ts";
import { runCommand } from "#adapters/process/command.ts";
import type { Engine } from "#core/ports.ts";
import { rattlerPython } from "#test/engine/engines.ts";
import { writeReplayProgram } from "#test/kit/mamba-recordings.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "open-engine-"));
});
afterAll(() => rm(root, { recursive: true, force: true }));

function open(kind: "mamba" | "rattler", program: string): Promise<Engine> {
  return openEngine({ kind, program, run: runCommand, signal: new AbortController().signal });
}

async function script(name: string, text: string): Promise<string> {
  const path = join(root, name);
  await writeFile(path, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  return path;
}

describe("an engine", () => {
  test("is named by its program and version", async () => {
    expect((await open("mamba", await writeReplayProgram(root))).name).toBe("mamba 2.8.1");
    expect((await open("mamba", await script("micromamba", "echo 2.3.0"))).name).toBe("micromamba 2.3.0");
    expect((await open("rattler", await rattlerPython())).name).toMatch(/^py-rattler \d+\.\d+\.\d+$/);
  });

  test("is not opened from a program that is another, is too old, or is not there", async () => {
    const old = await script("mamba-1", "echo mamba 1.5.12");
    await expect(open("mamba", old)).rejects.toThrow("too old: version 2 or newer is needed.");
    await expect(open("mamba", "/bin/cat")).rejects.toThrow("/bin/cat is no mamba");
    await expect(open("mamba", "/nowhere/mamba")).rejects.toThrow("/nowhere/mamba could not be started");
    await expect(open("rattler", "/bin/cat")).rejects.toThrow("/bin/cat has no py-rattler: install it there");
    await expect(open("rattler", "/nowhere/python")).rejects.toThrow("/nowhere/python could not be started");
  });

  test.each(["mamba", "rattler"] as const)(
    "that is killed while it is asked (%s) is not called another program",
    async (kind) => {
      const killed = open(kind, await script(`killed-${kind}`, "kill -9 $$"));

      await expect(killed).rejects.toMatchObject({ failure: "memory", retryable: true });
    },
  );
});
