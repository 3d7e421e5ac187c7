/**
 * A build's steps as its own log tells them: each step's last line says how long it took.
 * @module
 */
import type { LogLine } from "#core/build/log-line.ts";

export interface Part {
  readonly name: string;
  /** Seconds after the claim. */
  readonly from: number;
  readonly seconds: number;
}

const DONE = /^done in (\d+(?:\.\d+)?) s$/;

/** @returns the steps in the order of their beginnings; steps that run side by side overlap */
export function partsOf(lines: readonly LogLine[], claimed: Date): Part[] {
  return lines
    .flatMap(({ at, step, text }) => {
      const seconds = Number(DONE.exec(text)?.[1]);
      if (step === "" || Number.isNaN(seconds)) return [];
      const ended = (Date.parse(at) - claimed.getTime()) / 1000;
      return [{ name: step, from: Math.max(0, ended - seconds), seconds }];
    })
    .sort((a, b) => a.from - b.from);
}

/** Seconds of `total` in which no part ran: what lies between the steps. */
export function outsideOf(parts: readonly Part[], total: number): number {
  let covered = 0;
  let end = 0;
  for (const { from, seconds } of [...parts].sort((a, b) => a.from - b.from)) {
    const until = Math.min(from + seconds, total);
    covered += Math.max(0, until - Math.max(from, end));
    end = Math.max(end, until);
  }
  return Math.max(0, total - covered);
}
