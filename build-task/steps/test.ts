/**
 * test: the specification's own tests, run on the sealed environment by the tester, who can change nothing of it.
 * @module
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { askUpstream } from "#adapters/channel/upstream.ts";
import { saveTests } from "#adapters/dynamodb/attempts.ts";
import { getGreenTests, greenTestsKey, putGreenTests } from "#adapters/dynamodb/reuse.ts";
import { cleanLine } from "#core/build/log-line.ts";
import type { TestResult } from "#core/build/test-result.ts";
import { redact } from "#core/redact.ts";
import { NOTEBOOK_BYTES_MAX } from "#core/specification/limits.ts";
import type { LinkedNotebook, NotebookTest, SpecificationTests } from "#core/specification/tests.ts";
import { testsDigest } from "#core/specification/tests-digest.ts";
import { BuildFailure } from "../failure.ts";
import type { StepContext, Task } from "../task.ts";

/** Beside this file in the source, beside the program in the bundle. */
const RUN_NOTEBOOK = fileURLToPath(new URL("./run_notebook.py", import.meta.url));
const IMPORT = "import importlib, sys; importlib.import_module(sys.argv[1])";

const TEST_MINUTES_MAX = 10;
const LAST_LINES = 20;
const LINE_LENGTH_MAX = 300;
const NAME_LENGTH_MAX = 120;
/** Failures beyond these are told without their output: all results are one item's attribute. */
const EXPLAINED_MAX = 20;

/** What activating the environment does, before the test's own command. */
const ACTIVATE = `for script in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do
  if [ -f "$script" ]; then . "$script"; fi
done
exec "$@"`;

interface Test {
  readonly name: string;
  /** @returns the command that passes by ending with 0, or why there is none */
  prepare(): Promise<readonly string[] | string>;
}

interface Verdict {
  readonly passed: boolean;
  /** One line: why not. */
  readonly why: string;
  readonly lines: readonly string[];
}

/** @returns whether the same tests passed on the same environment before; then their results are this build's as well */
export async function recallTests(
  task: Task,
  step: StepContext,
  tests: SpecificationTests,
  reuseKey: string,
): Promise<boolean> {
  const results = await getGreenTests(task.db, greenTestsKey(reuseKey, testsDigest(tests)));
  if (results === null) {
    step.line("its tests have not passed on such an environment yet: it is made for them");
    return false;
  }
  if (!(await saveTests(task.db, task.who, results))) task.lost();
  step.line(`${results.length} tests passed on such an environment before`);
  return true;
}

/**
 * Runs every test, also after one has failed, and stores what came of each with the attempt.
 * @throws BuildFailure naming the first that failed
 */
export async function test(
  task: Task,
  step: StepContext,
  tests: SpecificationTests,
  reuseKey: string,
): Promise<void> {
  const inbox = await task.strangers.tester.makeInbox(join(task.paths.work, "test"));
  const results: TestResult[] = [];
  let firstFailure: string | null = null;
  let failed = 0;
  for (const [index, each] of listTests(task, step, tests, inbox).entries()) {
    const home = await task.strangers.tester.makeHome(join(inbox, `home-${index}`));
    const startedMs = performance.now();
    const { passed, why, lines } = await judge(task, step, each, home);
    const seconds = Math.round(performance.now() - startedMs) / 1000;
    step.line(`${passed ? "passed" : "FAILED"} in ${seconds} s: ${each.name}${passed ? "" : ` (${why})`}`);
    if (!passed) {
      failed += 1;
      firstFailure ??= `The test "${each.name}" failed: ${why}`;
    }
    const explained = !passed && failed <= EXPLAINED_MAX;
    const outcome = passed ? "passed" : "failed";
    results.push({ name: redact(each.name), outcome, seconds, last_lines: explained ? [...lines] : [] });
  }
  if (!(await saveTests(task.db, task.who, results))) task.lost();
  if (firstFailure !== null) {
    const count = results.length === 1 ? "" : ` ${failed} of ${results.length} tests failed.`;
    throw new BuildFailure(
      `${firstFailure.replace(/\.?$/, ".")}${count} Change the specification or its tests; the log above has their output.`,
    );
  }
  await putGreenTests(task.db, greenTestsKey(reuseKey, testsDigest(tests)), results);
}

function listTests(task: Task, step: StepContext, tests: SpecificationTests, inbox: string): Test[] {
  const python = join(task.paths.prefix, "bin", "python");
  const withPython = (args: readonly string[]): readonly string[] | string =>
    existsSync(python) ? [python, "-B", ...args] : "the environment has no python: add it to dependencies";
  return [
    ...tests.imports.map(
      (name): Test => ({
        name: `import ${name}`,
        prepare: async () => withPython(["-I", "-c", IMPORT, name]),
      }),
    ),
    ...tests.commands.map(
      (command): Test => ({
        name: shorten(`command ${command.trim()}`),
        prepare: async () => ["/bin/sh", "-c", command],
      }),
    ),
    ...tests.notebooks.map(
      (notebook, index): Test => ({
        name: shorten(`notebook ${"url" in notebook ? notebook.url : index + 1}`),
        async prepare() {
          const text = await textOf(task, step, notebook);
          if ("why" in text) return text.why;
          const path = join(inbox, `${index}.ipynb`);
          await writeFile(path, text.ipynb);
          return withPython([RUN_NOTEBOOK, path]);
        },
      }),
    ),
  ];
}

const shorten = (text: string): string => {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > NAME_LENGTH_MAX ? `${line.slice(0, NAME_LENGTH_MAX - 1)}…` : line;
};

async function judge(task: Task, step: StepContext, each: Test, home: string): Promise<Verdict> {
  const command = await each.prepare();
  if (typeof command === "string") return { passed: false, why: command, lines: [cleanLine(command)] };
  const { prefix } = task.paths;
  const shell = existsSync("/bin/bash") ? "/bin/bash" : "/bin/sh";
  const limit = AbortSignal.timeout(TEST_MINUTES_MAX * 60_000);
  const { code, signal, stdout, stderr } = await step.test(
    {
      program: shell,
      args: ["-c", ACTIVATE, "sh", ...command],
      cwd: home,
      env: {
        PATH: `${join(prefix, "bin")}:/usr/local/bin:/usr/bin:/bin`,
        CONDA_PREFIX: prefix,
        CONDA_DEFAULT_ENV: prefix,
        HOME: home,
        TMPDIR: home,
        LANG: "C.UTF-8",
        PYTHONDONTWRITEBYTECODE: "1",
      },
    },
    AbortSignal.any([step.signal, limit]),
  );
  step.signal.throwIfAborted();
  const lines = `${stdout}\n${stderr}`
    .split("\n")
    .map((line) => cleanLine(line).slice(0, LINE_LENGTH_MAX))
    .filter((line) => line.trim() !== "")
    .slice(-LAST_LINES);
  if (code === 0) return { passed: true, why: "", lines: [] };
  if (limit.aborted) return { passed: false, why: `it took longer than ${TEST_MINUTES_MAX} minutes`, lines };
  const how =
    code === null ? `it was ended by ${signal}` : (lines.at(-1) ?? `it ended with exit code ${code}`);
  return { passed: false, why: how, lines };
}

async function textOf(
  task: Task,
  step: StepContext,
  notebook: NotebookTest,
): Promise<{ readonly ipynb: string } | { readonly why: string }> {
  if ("ipynb" in notebook) return notebook;
  try {
    return await fetchNotebook(task, step, notebook);
  } catch (error) {
    step.signal.throwIfAborted();
    return { why: `it cannot be fetched: ${error instanceof Error ? error.message : String(error)}` };
  }
}

async function fetchNotebook(task: Task, step: StepContext, { url, sha256 }: LinkedNotebook) {
  const response = await askUpstream({
    method: "GET",
    url: new URL(url),
    headers: { accept: "*/*", "accept-encoding": "identity" },
    allowPrivateHosts: task.config.allowedPrivateHosts,
    signal: step.signal,
  });
  if (response.statusCode !== 200) {
    response.destroy();
    return { why: `its address answers ${response.statusCode}` };
  }
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > NOTEBOOK_BYTES_MAX) {
      response.destroy();
      return { why: `it has more than ${NOTEBOOK_BYTES_MAX} bytes` };
    }
    parts.push(part);
  }
  const data = Buffer.concat(parts);
  const found = createHash("sha256").update(data).digest("hex");
  if (found !== sha256) return { why: `what lies at its address has the sha256 ${found}, not ${sha256}` };
  return { ipynb: data.toString("utf8") };
}
