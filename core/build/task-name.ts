/**
 * The name a task carries in ECS's `startedBy`: which build, which attempt.
 * @module
 */

/** `b12-a1` */
export const taskNameOf = (build: number, attempt: number): string => `b${build}-a${attempt}`;

const TASK_NAME = /^b([1-9]\d{0,15})-a([1-9]\d{0,8})$/;

/** @returns null for tasks that somebody else started in the same cluster */
export function parseTaskName(name: string): { build: number; attempt: number } | null {
  const match = TASK_NAME.exec(name);
  if (!match) return null;
  const build = Number(match[1]);
  return Number.isSafeInteger(build) ? { build, attempt: Number(match[2]) } : null;
}
