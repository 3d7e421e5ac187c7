import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { useNpmStart } from "#test/kit/npm-start.ts";

const { state, start, killHard, nothingRemains } = useNpmStart();

describe("npm start", { timeout: 600_000 }, () => {
  test("a kill -9 leaves nothing running, and the next start finds what was there", async () => {
    const { says } = start("--port", "0");
    await says(/\[solve\]/);

    killHard();

    await nothingRemains();
    const next = start("--once", "--port", "0");
    expect(await next.ended, next.output()).toBe(0);
    await nothingRemains();
  });

  test("--reset forgets what was built", async () => {
    const { ended, output } = start("--once", "--port", "0", "--reset");

    expect(await ended, output()).toBe(0);
    expect(output()).toMatch(/example +default\/example, build 1\b/);
    expect(existsSync(join(state, "store", "default", "envs", "example"))).toBe(true);
    await nothingRemains();
  });
});
