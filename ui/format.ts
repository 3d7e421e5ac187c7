/**
 * Times and sizes for people.
 * @module
 */

/** The API's times are UTC without a zone. */
export const parseTime = (text: string): Date => new Date(`${text}Z`);

/** To the second and with its zone, e.g. `Saturday 21 November 2026 at 08:03:12 CET`. */
export const showExactTime = (date: Date): string =>
  date.toLocaleString(undefined, { dateStyle: "full", timeStyle: "long" });

const CLOCK = new Intl.DateTimeFormat(undefined, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});

/** Local time of day to the second, e.g. `08:03:12`; empty for what is no time. */
export const showClock = (date: Date): string => (Number.isNaN(date.getTime()) ? "" : CLOCK.format(date));

const STEPS = [
  ["minute", 60],
  ["hour", 3_600],
  ["day", 86_400],
] as const;

/** @returns e.g. `3 hours ago` or `in 2 days`; beyond a month the date. */
export function showDistance(date: Date, now: Date): string {
  const seconds = (date.getTime() - now.getTime()) / 1000;
  const [unit, length] = STEPS.findLast(([, each]) => Math.abs(seconds) >= each) ?? (["second", 1] as const);
  if (Math.abs(seconds) > 30 * 86_400) return date.toLocaleDateString(undefined, { dateStyle: "medium" });
  return new Intl.RelativeTimeFormat(undefined, { numeric: "auto" }).format(
    Math.trunc(seconds / length),
    unit,
  );
}

/** @returns e.g. `8 s`, `3 min 20 s`, `2 h 5 min`; whole seconds, never negative. */
export function showDuration(milliseconds: number): string {
  const seconds = Math.max(0, Math.round(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** @returns below ten seconds with tenths, e.g. `0.3 s`; else as `showDuration`. */
export const showShortDuration = (milliseconds: number): string =>
  milliseconds < 9_950 ? `${(Math.max(0, milliseconds) / 1000).toFixed(1)} s` : showDuration(milliseconds);

const UNITS = ["bytes", "kB", "MB", "GB", "TB"] as const;

/** @returns decimal units with three digits at most, e.g. `512 bytes`, `1.23 MB`, `64.4 GB`. */
export function showSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  if (bytes === 1) return "1 byte";
  const digits = unit === 0 || value >= 99.95 ? 0 : value >= 9.995 ? 1 : 2;
  return `${value.toFixed(digits)} ${UNITS[unit]}`;
}
