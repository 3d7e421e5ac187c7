import fc from "fast-check";
import { expect, test } from "vitest";
import { BEAT_SECONDS, DEAD_AFTER_SECONDS, leaseLooksDead } from "#core/build/lease.ts";

const seen = (...beats: [beat: number, seconds: number][]) =>
  beats.map(([beat, seconds]) => ({ beat, seenMs: seconds * 1000 }));

test("an owner is dead after the same beat was seen for 75 s, not before", () => {
  expect(leaseLooksDead(seen([3, 0], [3, 40], [3, 75]), 75_000)).toBe(true);
  expect(leaseLooksDead(seen([3, 0], [3, 40], [3, 74]), 74_000)).toBe(false);
});

test("a beat that moved starts the time anew", () => {
  expect(leaseLooksDead(seen([3, 0], [3, 70], [4, 80], [4, 140]), 140_000)).toBe(false);
  expect(leaseLooksDead(seen([3, 0], [4, 80], [4, 155]), 155_000)).toBe(true);
});

test("one look, or none, proves nothing, however long ago it was", () => {
  expect(leaseLooksDead([], 1_000_000)).toBe(false);
  expect(leaseLooksDead(seen([3, 0]), 1_000_000)).toBe(false);
  expect(leaseLooksDead(seen([3, 0], [3, 75]), 1_000_000)).toBe(false);
});

test("an owner that beats in time is never called dead, whenever the observer looks", () => {
  const looks = fc.array(fc.integer({ min: 0, max: 2_000_000 }), { minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(looks, (times) => {
      const sorted = times.sort((a, b) => a - b);
      const observations = sorted.map((seenMs) => ({
        beat: Math.floor(seenMs / (BEAT_SECONDS * 1000)),
        seenMs,
      }));
      expect(leaseLooksDead(observations, sorted.at(-1) ?? 0)).toBe(false);
    }),
  );
});

test("an owner that stopped is called dead by an observer who looks every beat, within two beats more", () => {
  const observations = [];
  for (let second = 0; second <= DEAD_AFTER_SECONDS + 2 * BEAT_SECONDS; second += BEAT_SECONDS) {
    observations.push({ beat: 9, seenMs: second * 1000 });
  }
  expect(leaseLooksDead(observations, observations.at(-1)?.seenMs ?? 0)).toBe(true);
});
