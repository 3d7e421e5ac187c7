import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openStrangers } from "#build-task/strangers.ts";

const home = mkdtempSync(join(tmpdir(), "strangers-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const isRoot = process.getuid?.() === 0;

test.skipIf(!isRoot).each(["required", "possible"] as const)(
  "whoever kills the warden, with isolation %s, does not decide the build: it is tried again",
  async (isolation) => {
    const python = join(home, "python");
    writeFileSync(python, "#!/bin/sh\nkill -9 $$\n", { mode: 0o755 });

    const opening = openStrangers({ isolation, python, reached: ["/"], closed: null });

    await expect(opening).rejects.toMatchObject({ name: "Undecided", tryCause: "died" });
  },
);
