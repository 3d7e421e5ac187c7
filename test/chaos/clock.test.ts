import { join } from "node:path";
import { expect, test } from "vitest";
import { runProgram } from "#test/kit/run-program.ts";

const CLOCK = join(import.meta.dirname, "clock.ts");

/** Waits by every timer there is, and tells what its clocks say of it. */
const PROGRAM = `
import { setTimeout as pause } from "node:timers/promises";
const seen = { wall: Date.now(), monotonic: performance.now(), real: process.hrtime.bigint() };
await pause(3000);
await new Promise((resolve) => setTimeout(resolve, 3000));
console.log(JSON.stringify({
  at: seen.wall,
  constructed: new Date().getTime() - seen.wall,
  wall: Date.now() - seen.wall,
  monotonic: performance.now() - seen.monotonic,
  real: Number(process.hrtime.bigint() - seen.real) / 1e6,
}));
`;

async function clockOf(name: string) {
  const { stdout, stderr } = await runProgram(
    process.execPath,
    ["--import", CLOCK, "--input-type=module", "-e", PROGRAM],
    { CHAOS_SEED: "1", CHAOS_SPEED: "20", CHAOS_EPOCH_MS: String(Date.now()), CHAOS_PROCESS: name },
  );
  expect(stderr).toBe("");
  return JSON.parse(stdout) as Record<"at" | "constructed" | "wall" | "monotonic" | "real", number>;
}

test("a process's time runs faster by all its clocks and timers, and its wall clock is wrong by an amount of its own", async () => {
  const [one, other] = await Promise.all([clockOf("one"), clockOf("other")]);

  for (const { wall, constructed, monotonic, real } of [one, other]) {
    expect(wall).toBeGreaterThanOrEqual(5900);
    expect(constructed).toBeGreaterThanOrEqual(5900);
    expect(monotonic).toBeGreaterThanOrEqual(5900);
    expect(wall / real).toBeGreaterThan(10);
  }
  expect(Math.abs(one.at - other.at)).toBeGreaterThan(1000);
});
