import { beforeAll, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { type Api, openApi, post } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";

const aws = useMiniStack();
let api: Api;
beforeAll(() => {
  api = openApi(aws);
});

test("the id that a caller got for a POST is on the build, and on the wake-up that follows", async () => {
  const token = await api.token({ "*/*": ["admin"] });
  const specification = "name: env\ndependencies: [python]\n";

  const response = await api.request("/api/v1/specification/", {
    ...post({ namespace: "team", specification }, { authorization: `Bearer ${token}` }),
  });

  const requestId = response.headers.get("x-request-id") ?? "";
  const { data } = (await response.json()) as { data: { build_id: number } };
  expect(requestId).toMatch(/^[\w-]{8,}$/);
  expect((await getBuild(api.services.db, data.build_id))?.requestId).toBe(requestId);
  expect(await drain(aws.wakeUpQueue)).toEqual([{ reason: `build ${data.build_id}, request ${requestId}` }]);
});
