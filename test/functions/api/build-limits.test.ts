import { expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import { endAttempt } from "#functions/finish/give-up.ts";
import { type Api, bearer, openApi } from "#test/kit/api.ts";
import { POLICY } from "#test/kit/builds.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building } from "#test/kit/submissions.ts";

const aws = useMiniStack();

const ask = async (api: Api, path: string): Promise<unknown> => {
  const headers = bearer(await api.token({ "team/*": ["viewer"] }));
  const response = await api.request(`/api/v1/build/${path}`, { headers });
  expect(response.status).toBe(200);
  return ((await response.json()) as { data: unknown }).data;
};

test("a build says what it has tried, which memory comes next and what bounds it; lists do not", async () => {
  const api = openApi(aws);
  const { db, bucket, log } = api.services;
  const context = { ...POLICY, db, bucket, log, wakeUps: openQueue<{ reason: string }>(aws.wakeUpQueue) };
  const { id, attempt } = await building(db, "me");
  const build = await getBuild(db, id);
  if (!build) throw new Error("no build");
  const trouble = { cause: "memory", what: 'The step "pip" was killed.' } as const;
  await endAttempt({ ...context, clock: () => new Date() }, "finish", build, attempt, trouble);

  expect(await ask(api, `${id}/`)).toMatchObject({
    status: "QUEUED",
    status_info: expect.stringMatching(
      /^The step "pip" was killed\. Attempt 2 follows at once with 1 GB instead of 512 MB\./,
    ),
    attempts: { begun: 1, died: 0, not_started: 0, interrupted: 0, out_of_memory: 1, task_memory_mib: 1024 },
    limits: {
      max_queue_hours: 24,
      max_attempt_minutes: 60,
      max_tries: { died: 3, not_started: 3, interrupted: 10 },
      task_memory_mib: [512, 1024, 4096],
    },
  });
  expect(await ask(api, "")).toMatchObject([{ id, attempts: null, limits: null }]);
});
