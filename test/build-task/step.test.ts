import { existsSync } from "node:fs";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { getAttempt } from "#adapters/dynamodb/attempts.ts";
import { type Db, openDb } from "#adapters/dynamodb/db.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { StreamedCommandError } from "#adapters/process/stream-command.ts";
import { BuildFailure, describeBytes, isDiskFull, Undecided } from "#build-task/failure.ts";
import { sideBySide } from "#build-task/side-by-side.ts";
import { runStep, StepError } from "#build-task/step.ts";
import { openStrangers, type Strangers } from "#build-task/strangers.ts";
import type { StepContext, Task } from "#build-task/task.ts";
import { AppError } from "#core/errors.ts";
import { EngineError } from "#core/ports.ts";
import { ensurePythonTools } from "#local/python.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const MINUTE_MS = 60_000;
let strangers: Strangers;
let db: Db;
let task: Task;
let lines: string[];
let stop: AbortController;
let lost: boolean;
/** What the kernel counts; null where nobody does. */
let kills: number | null;

beforeAll(async () => {
  const root = new URL("../..", import.meta.url).pathname;
  const { python } = await ensurePythonTools(root, () => {});
  strangers = await openStrangers({ isolation: "possible", python, reached: ["/"], closed: null });
});
afterAll(() => strangers.close());
beforeEach(async () => {
  db = openDb({ table: aws.table });
  stop = new AbortController();
  lines = [];
  lost = false;
  kills = 0;
  const { id, attempt } = await building(db, "me");
  const log = { line: (step: string, text: string) => void lines.push(`${step}: ${text}`) };
  task = {
    db,
    who: { build: id, attempt, owner: "me" },
    log,
    config: { storeDirectory: "/", diskDirectory: "/", workDirectory: "/" },
    paths: { work: "/nowhere", packageCache: "/nowhere", prefix: "/nowhere", copy: null },
    signal: stop.signal,
    strangers,
    memoryMiB: 512,
    oomKills: () => kills,
    lost: () => {
      lost = true;
    },
  } as unknown as Task;
});

const run = <T>(work: (step: StepContext) => Promise<T>, limitMs = MINUTE_MS): Promise<T> =>
  runStep(task, { name: "trial", limitMinutes: limitMs / MINUTE_MS }, work);
const shell = (script: string) => ({
  program: "/bin/sh",
  args: ["-c", script],
  env: { PATH: "/usr/bin:/bin" },
  cwd: "/",
});
const failureOf = async (running: Promise<unknown>): Promise<unknown> => {
  const error = await running.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof StepError)) throw new Error(`no StepError: ${error}`);
  expect(error.step).toBe("trial");
  return error.cause;
};

describe("a step", () => {
  it("is marked in the attempt, logs its children's lines, and ends with its duration", async () => {
    const { code } = await run((step) => step.run(shell("echo out; echo err >&2"), step.signal));
    expect(code).toBe(0);
    expect(lines.slice(0, 2).sort()).toEqual(["trial: err", "trial: out"]);
    expect(lines.at(-1)).toMatch(/^trial: done in \d+\.\d{3} s$/);
    await expect
      .poll(async () => (await getAttempt(db, task.who.build, task.who.attempt))?.step)
      .toBe("trial");
  });

  it("that hangs is ended at its limit with all its processes, naming step and limit", async () => {
    let child = "";
    const failure = await failureOf(
      run(async (step) => {
        const onLine = (text: string): void => {
          child = text;
        };
        await step.run({ ...shell("sleep 100 & echo $!; wait"), onLine }, step.signal);
      }, 300),
    );
    expect(failure).toBeInstanceOf(BuildFailure);
    expect(String(failure)).toMatch(/The step "trial" took longer than its limit of 0\.005 minutes/);
    expect(child).toMatch(/^\d+$/);
    await expect.poll(() => existsSync(`/proc/${child}/exe`)).toBe(false);
  });

  it("is ended at its limit also when its work never comes back", async () => {
    const failure = await failureOf(run(() => new Promise(() => {}), 10));
    expect(String(failure)).toMatch(/The step "trial" took longer than its limit/);
  });

  it("waits at its limit for work that is stopping", async () => {
    let stopped = false;
    const failing = run(async (step) => {
      await new Promise((resolve) => step.signal.addEventListener("abort", resolve, { once: true }));
      await new Promise((resolve) => setImmediate(resolve));
      stopped = true;
    }, 10);
    expect(String(await failureOf(failing))).toMatch(/took longer/);
    expect(stopped).toBe(true);
  });

  const SHORT = 'The step "trial" needed more than the task\'s memory of 512 MB and was killed.';

  it("says that memory was short when a child was killed and the kernel counted it, or nobody counts", async () => {
    for (const counted of [0, null]) {
      kills = counted;
      const failing = run((step) => {
        if (kills !== null) kills += 1;
        return step.run(shell("kill -9 $$"), step.signal);
      });
      expect(await failureOf(failing)).toMatchObject({
        name: "Undecided",
        tryCause: "memory",
        message: SHORT,
      });
    }
  });

  it("says that memory was short when what the child had started was killed, whatever the child makes of it", async () => {
    const failing = run(async (step) => {
      const { code } = await step.run(shell("exit 4"), step.signal);
      kills = 1;
      throw new BuildFailure(`pip ended with exit code ${code}`);
    });
    expect(await failureOf(failing)).toMatchObject({ tryCause: "memory", message: SHORT });
  });

  it("that succeeds although somebody was killed for memory has succeeded", async () => {
    await run(async () => {
      kills = 1;
    });
    expect(lines.at(-1)).toMatch(/done/);
  });

  it("does not blame memory when a child was killed and the kernel did not count it", async () => {
    const failing = () => run((step) => step.run(shell("kill -9 $$"), step.signal));
    const failure = await failureOf(failing());
    expect(failure).toBeInstanceOf(BuildFailure);
    expect(String(failure)).toMatch(
      /program of the step "trial" was killed \(SIGKILL\), and not for want of memory/,
    );
    // What was counted before the step began is not this step's.
    kills = 7;
    expect(await failureOf(failing())).toBeInstanceOf(BuildFailure);
  });

  it("leaves it undecided what stopped the task, also when an engine tells of it in words of its own", async () => {
    const undecided = new Undecided("died", "What packages leave behind could not be ended.");
    const failing = run(async () => {
      throw new EngineError("internal", undecided.message, { cause: undecided });
    });
    expect(await failureOf(failing)).toBe(undecided);
  });
  it("fails for the reason that the task was stopped for, not for what a killed child said", async () => {
    const reason = new BuildFailure("stopped by hand");
    const failing = run(async (step) => {
      stop.abort(reason);
      const { code } = await step.run(shell("sleep 100"), step.signal);
      throw new Error(`the child ended with ${code}`);
    });
    expect(await failureOf(failing)).toBe(reason);
  });

  it.each([
    [
      "an engine's answer",
      new EngineError("not_found", "numpyy was not found"),
      /^BuildFailure: numpyy was not found$/,
    ],
    ["a killed engine", new EngineError("memory", "killed"), /was killed \(SIGKILL\), and not for want/],
    [
      "a killed packer",
      new StreamedCommandError("python", null, "SIGKILL", false, ""),
      /was killed \(SIGKILL\), and not for want/,
    ],
    ["an engine on a full disk", new EngineError("disk", "no space"), /disk of the build task .* is full/],
    [
      "a full disk",
      Object.assign(new Error("ENOSPC: write"), { code: "ENOSPC" }),
      /disk of the build task .* is full/,
    ],
    ["an unusable lockfile", new AppError("invalid_specification", "no sha256"), /^BuildFailure: no sha256$/],
    ["a fault of ours", new EngineError("internal", "it crashed"), /^EngineError: it crashed$/],
    ["an unknown error", new TypeError("x is undefined"), /^TypeError: x is undefined$/],
  ])("turns %s into what the right person can use", async (_what, thrown, expected) => {
    const failure = await failureOf(
      run(async () => {
        throw thrown;
      }),
    );
    expect(String(failure)).toMatch(expected);
  });

  it("finds out that its attempt was closed", async () => {
    const { build, attempt } = task.who;
    const ended = {
      name: "fail",
      by: "finish",
      at: new Date(),
      attempt,
      reason: "ended",
      artifacts: [],
    } as const;
    await makeMove(db, build, ended);
    await run(async () => {});
    await expect.poll(() => lost).toBe(true);
  });

  it("that is guarded does not begin when its attempt was closed", async () => {
    const { build, attempt } = task.who;
    const ended = {
      name: "fail",
      by: "finish",
      at: new Date(),
      attempt,
      reason: "ended",
      artifacts: [],
    } as const;
    await makeMove(db, build, ended);
    const guarded: Task = { ...task, lost: () => stop.abort(new Error("lease lost")) };
    let begun = false;
    const running = runStep(guarded, { name: "trial", limitMinutes: 1, guarded: true }, async () => {
      begun = true;
    });
    expect(String(await failureOf(running))).toMatch(/lease lost/);
    expect(begun).toBe(false);
  });
});

describe("steps side by side", () => {
  it("give their results in their order", async () => {
    expect(await sideBySide<[number, string]>(task, [async () => 1, async () => "two"])).toEqual([1, "two"]);
  });

  it("stop when one fails, and only then is its error thrown", async () => {
    const order: string[] = [];
    const waits = async (each: Task): Promise<void> => {
      await new Promise((resolve) => each.signal.addEventListener("abort", resolve, { once: true }));
      await new Promise(setImmediate);
      order.push("the other has stopped");
    };
    const fails = async (): Promise<void> => {
      throw new Error("the first error");
    };
    await sideBySide(task, [waits, fails]).catch((error: unknown) => order.push(String(error)));
    expect(order).toEqual(["the other has stopped", "Error: the first error"]);
    expect(task.signal.aborted).toBe(false);
  });
});

it("sizes are said in the unit that people would use", () => {
  expect([0, 999, 1500, 4_294_967_296, 123_456_789, 2e15].map(describeBytes)).toEqual([
    "0 B",
    "999 B",
    "1.5 kB",
    "4.3 GB",
    "123 MB",
    "2000 TB",
  ]);
});

it("a full disk is found behind other errors", () => {
  const full = Object.assign(new Error("write failed"), { code: "EDQUOT" });
  expect(isDiskFull(new Error("copying failed", { cause: full }))).toBe(true);
  expect(isDiskFull(new Error("pip said: No space left on device"))).toBe(true);
  expect(isDiskFull(new Error("not found"))).toBe(false);
});
