/**
 * What came of a specification's tests.
 * @module
 */
import * as v from "valibot";

export const TestResult = v.object({
  name: v.pipe(v.string(), v.description("As the specification has it, such as `import numpy`")),
  outcome: v.picklist(["passed", "failed"]),
  seconds: v.number(),
  last_lines: v.pipe(v.array(v.string()), v.description("Of its output, when it failed")),
});
export type TestResult = v.InferOutput<typeof TestResult>;

const TestResults = v.array(TestResult);

/** Reads results as a task wrote them. @returns null when they are none */
export function parseTestResults(value: unknown): readonly TestResult[] | null {
  const result = v.safeParse(TestResults, value);
  return result.success ? result.output : null;
}
