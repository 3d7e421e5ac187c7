/**
 * The steps of a build by name, each with its limit.
 * @module
 */
import { SOLVE_SECONDS_MAX } from "#core/settings/properties.ts";
import { runStep } from "./step.ts";
import type { StepContext, Task } from "./task.ts";

/** Minutes after which a step is ended, whatever it waits for. */
const LIMITS = {
  recall: 5,
  solve: SOLVE_SECONDS_MAX / 60,
  pip: 30,
  reuse: 5,
  install: 30,
  "link scripts": 15,
  compile: 20,
  seal: 20,
  inspect: 20,
  test: 30,
  lockfile: 5,
  export: 5,
  packages: 5,
  archive: 40,
  image: 40,
  copy: 40,
  publish: 10,
  verify: 20,
} as const;
type StepName = keyof typeof LIMITS;

/** @throws StepError */
export function run<T>(task: Task, name: StepName, work: (step: StepContext) => Promise<T>): Promise<T> {
  return runStep(task, { name, limitMinutes: LIMITS[name], guarded: name === "publish" }, work);
}
