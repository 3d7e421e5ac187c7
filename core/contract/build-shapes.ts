/**
 * What is told of a build: itself, its packages, its log.
 * @module
 */
import * as v from "valibot";
import { ARTIFACT_TYPES, BUILD_STATUSES } from "#core/build/status.ts";
import { TestResult } from "#core/build/test-result.ts";
import { described, Timestamp } from "./shapes.ts";

const Specification = v.object({
  id: v.number(),
  name: v.string(),
  spec: described(v.record(v.string(), v.unknown()), "The normalised document"),
  sha256: v.string(),
  created_on: Timestamp,
});

const Attempts = v.object({
  begun: described(v.number(), "Attempts for which a task was asked"),
  died: described(v.number(), "Of these: whose task died"),
  not_started: described(v.number(), "whose task ECS could not start"),
  interrupted: described(v.number(), "whose task was told to stop"),
  out_of_memory: described(v.number(), "whose task had too little memory"),
  task_memory_mib: described(v.number(), "Memory of its task, or of the next one"),
});

const Limits = v.object({
  max_queue_hours: described(
    v.number(),
    "From the POST to the first attempt, and from a lost attempt to the next",
  ),
  max_attempt_minutes: v.number(),
  max_tries: described(
    v.object({ died: v.number(), not_started: v.number(), interrupted: v.number() }),
    "Attempts that end so, after which the build is FAILED",
  ),
  task_memory_mib: described(
    v.array(v.number()),
    "Sizes of tasks that a build goes through for want of memory",
  ),
});

export const Build = v.object({
  id: v.number(),
  environment_id: v.number(),
  specification: v.nullable(Specification),
  packages: v.null(),
  status: v.picklist(BUILD_STATUSES),
  status_info: described(v.nullable(v.string()), "What it waits for, why it failed, what comes next"),
  queue_position: described(
    v.nullable(v.number()),
    "Place in the waiting line, 1 for the next; null unless it waits there, and in lists",
  ),
  tests: described(
    v.nullable(v.array(TestResult)),
    "What came of the specification's tests; null while they have not run, without tests, and in lists",
  ),
  attempts: described(v.nullable(Attempts), "Null in lists"),
  limits: described(
    v.nullable(Limits),
    "What ends the build; status_info of a FAILED one names which. Null in lists",
  ),
  size: described(v.number(), "Bytes; 0 until completed"),
  scheduled_on: Timestamp,
  started_on: v.nullable(Timestamp),
  ended_on: v.nullable(Timestamp),
  pinned: described(v.boolean(), "Somebody wants it kept"),
  deleted_on: described(
    v.nullable(Timestamp),
    "It is deleted, and `build_artifacts` is what was kept; lists leave it out",
  ),
  build_artifacts: v.nullable(
    v.array(
      v.object({
        id: v.number(),
        artifact_type: v.picklist(ARTIFACT_TYPES),
        key: v.string(),
        size: described(
          v.number(),
          "Bytes of what lies at `key`; of a DOCKER_MANIFEST the manifest alone, without its layers",
        ),
      }),
    ),
  ),
});

export const Package = v.object({
  id: described(v.number(), "The same for the same channel, name and version"),
  channel: v.object({ id: v.number(), name: v.string(), last_update: v.null() }),
  license: v.nullable(v.string()),
  name: v.string(),
  version: v.string(),
  summary: v.nullable(v.string()),
});

export const BuildPackage = v.object({
  ...Package.entries,
  subdir: described(
    v.nullable(v.string()),
    "The platform that it is for, or `noarch` for any; null for what pip installed",
  ),
  size: described(v.nullable(v.number()), "Bytes of the package's file; null where nothing tells them"),
});

export const LogLines = v.object({
  lines: v.array(
    v.object({
      at: v.string(),
      step: v.string(),
      stream: v.picklist(["stdout", "stderr"]),
      text: v.string(),
    }),
  ),
  cursor: described(v.string(), "Send it back as `after`"),
  ended: described(v.boolean(), "The build has ended and there are no further lines"),
});
