/**
 * Loaded before a process's own program (`node --import`): its time runs faster than the machine's, so that what waits
 * for minutes waits for seconds, and its wall clock is wrong by minutes, by another amount than every other process's.
 * Monotonic time and timers run as fast as the wall clock; only the wall clock is shifted.
 * @module
 */
import { createRequire, syncBuiltinESMExports } from "node:module";
import { randomOf } from "./random.ts";

const WRONG_BY_MS_MAX = 3 * 60_000;

const { CHAOS_SEED = "0", CHAOS_SPEED = "1", CHAOS_EPOCH_MS = "0", CHAOS_PROCESS = "" } = process.env;
/** Hours that have passed at once, to see what is done after them. */
const { CHAOS_HOURS_AHEAD = "0" } = process.env;
const speed = Number(CHAOS_SPEED);
const epochMs = Number(CHAOS_EPOCH_MS);
const name = `clock of ${CHAOS_PROCESS} ${process.env["CONDA_STORE_BUILD_ID"] ?? ""}`;
const wrongByMs = randomOf(Number(CHAOS_SEED), name).int(-WRONG_BY_MS_MAX, WRONG_BY_MS_MAX);
const shiftMs = wrongByMs + Number(CHAOS_HOURS_AHEAD) * 3_600_000;

const RealDate = Date;
const realNow = Date.now.bind(Date);
const nowMs = (): number => Math.round(epochMs + (realNow() - epochMs) * speed + shiftMs);
class ShiftedDate extends RealDate {
  constructor(...given: unknown[]) {
    if (given.length === 0) super(nowMs());
    else super(...(given as [number]));
  }
  static override now(): number {
    return nowMs();
  }
}
globalThis.Date = ShiftedDate as DateConstructor;

const monotonic = performance.now.bind(performance);
performance.now = () => monotonic() * speed;

type Timer = (callback: (...args: unknown[]) => void, ms?: number, ...args: unknown[]) => unknown;
const faster =
  (timer: Timer): Timer =>
  (callback, ms = 0, ...args) =>
    timer(callback, ms / speed, ...args);
const require = createRequire(import.meta.url);
const timers = require("node:timers") as Record<string, Timer>;
const promises = require("node:timers/promises") as Record<
  string,
  (ms?: number, ...args: unknown[]) => unknown
>;
for (const each of ["setTimeout", "setInterval"]) {
  const timer = timers[each];
  if (timer) timers[each] = (globalThis as unknown as Record<string, Timer>)[each] = faster(timer);
  const promised = promises[each];
  if (promised) promises[each] = (ms = 0, ...args) => promised(ms / speed, ...args);
}
syncBuiltinESMExports();
