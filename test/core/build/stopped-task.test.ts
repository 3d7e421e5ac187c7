import { expect, test } from "vitest";
import { parseStoppedTask, reasonOfStop, type StoppedTask } from "#core/build/stopped-task.ts";

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

test.each<[string, Partial<StoppedTask>, string | null, boolean, string[]]>([
  ["a kill", { exitCode: 137 }, "install", true, ["attempt 3", "step install", "SIGKILL", "137", "memory"]],
  ["an exit code", { exitCode: 1 }, "solve", true, ["step solve", "exit code 1", "Essential container"]],
  ["memory", { exitCode: 137, containerReason: "OutOfMemoryError: x" }, "solve", true, ["ran out of memory"]],
  ["a death before any step", {}, null, true, ["before its first step"]],
  [
    "a task that never began",
    { exitCode: null, stoppedReason: "CannotPullContainerError" },
    null,
    false,
    ["before it began", "CannotPullContainerError."],
  ],
])("%s is told with all that is known and what to do", (_what, changes, step, claimed, parts) => {
  const reason = reasonOfStop({ ...stopped, ...changes }, step, claimed);

  for (const part of parts) expect(reason).toContain(part);
  expect(reason).toMatch(/operators|packages/);
});
