import { expect, test } from "vitest";
import { parseStoppedTask, type StoppedTask, troubleOfStop } from "#core/build/stopped-task.ts";

const detail = {
  taskArn: "arn:aws:ecs:eu-west-1:1:task/builds/abc",
  lastStatus: "STOPPED",
  startedBy: "b12-a3",
  stopCode: "EssentialContainerExited",
  stoppedReason: "Essential container in task exited",
  containers: [
    { name: "sidecar", exitCode: 0 },
    { name: "build", exitCode: 137, reason: "OutOfMemoryError: Container killed due to memory usage" },
  ],
};
const stopped: StoppedTask = {
  build: 12,
  attempt: 3,
  task: detail.taskArn,
  stopCode: "EssentialContainerExited",
  stoppedReason: "Essential container in task exited",
  exitCode: 1,
  containerReason: null,
};

test("an event says which build, which attempt and how our container ended", () => {
  expect(parseStoppedTask(detail, "build")).toEqual({
    ...stopped,
    exitCode: 137,
    containerReason: "OutOfMemoryError: Container killed due to memory usage",
  });
});

test("a task that never got a container is understood too", () => {
  const { containers: _none, stoppedReason: _no, ...bare } = detail;
  expect(parseStoppedTask({ ...bare, stopCode: "TaskFailedToStart" }, "build")).toMatchObject({
    stopCode: "TaskFailedToStart",
    exitCode: null,
    stoppedReason: null,
  });
});

test.each([
  ["a task that runs", { ...detail, lastStatus: "RUNNING" }],
  ["a task of somebody else", { ...detail, startedBy: "ecs-svc/123" }],
  ["a task that nobody named", { ...detail, startedBy: undefined }],
  ["no object", "STOPPED"],
])("%s is not ours that stopped", (_what, event) => {
  expect(parseStoppedTask(event, "build")).toBeNull();
});

test.each<[string, Partial<StoppedTask>, string | null, boolean, string, string[]]>([
  ["a kill", { exitCode: 137 }, "install", true, "died", ["attempt 3", "step install", "SIGKILL", "137"]],
  [
    "an exit code",
    { exitCode: 1 },
    "solve",
    true,
    "died",
    ["step solve", "exit code 1", "Essential container"],
  ],
  [
    "memory",
    { exitCode: 137, containerReason: "OutOfMemoryError: Container killed due to memory usage" },
    "solve",
    true,
    "memory",
    ["in step solve", "OutOfMemoryError"],
  ],
  ["a death before any step", {}, null, true, "died", ["before its first step"]],
  ["a death before the claim", {}, null, false, "died", ["before it began", "exit code 1"]],
  [
    "a task that never began",
    { exitCode: null, stopCode: "TaskFailedToStart", stoppedReason: "CannotPullContainerError" },
    null,
    false,
    "notStarted",
    ["before it began", "CannotPullContainerError."],
  ],
  [
    "a start that was taken back",
    { stopCode: "TaskFailedToStart" },
    "solve",
    true,
    "died",
    ["in step solve"],
  ],
  [
    "wanted capacity",
    { stopCode: "SpotInterruption" },
    "seal",
    true,
    "interrupted",
    ["was stopped in step seal"],
  ],
  ["a retired host", { stopCode: "TerminationNotice" }, null, false, "interrupted", ["before it began"]],
  ["an operator", { stopCode: "UserInitiated" }, "solve", true, "interrupted", ["was stopped in step solve"]],
])("%s is told with all that is known, and for what it is", (_what, changes, step, claimed, cause, parts) => {
  const trouble = troubleOfStop({ ...stopped, ...changes }, step, claimed);

  expect(trouble.cause).toBe(cause);
  for (const part of parts) expect(trouble.what).toContain(part);
  expect(trouble.what).toMatch(/\.$/);
});
