import { setTimeout as pause } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { writeLogChunk } from "#adapters/s3/logs.ts";
import { type Api, bearer, openApi } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building, dispatched, submitted } from "#test/kit/submissions.ts";
import { line } from "./world.ts";

const aws = useMiniStack();
let api: Api;
let headers: Record<string, string>;
beforeAll(async () => {
  api = openApi(aws);
  headers = bearer(await api.token({ "team/*": ["viewer"] }));
});

interface Lines {
  readonly lines: readonly { readonly text: string }[];
  readonly cursor: string;
  readonly ended: boolean;
}
const follow = async (id: number, after: string, wait = 0): Promise<Lines> => {
  const query = new URLSearchParams({ after, wait: String(wait) });
  const response = await api.request(`/api/v1/build/${id}/logs/?${query}`, { headers });
  expect(response.status).toBe(200);
  return (await response.json()) as Lines;
};
const text = async (id: number): Promise<Response> => api.request(`/api/v1/build/${id}/logs/`, { headers });
const write = (id: number, attempt: number, chunk: number, ...texts: string[]) =>
  writeLogChunk(api.services.bucket, id, attempt, chunk, texts.map(line));
const fail = async (id: number, attempt: number) => {
  const reason = "The solver found nothing.";
  const move = { name: "fail", by: "finish", at: new Date(), attempt, reason, artifacts: [] } as const;
  expect(await makeMove(api.services.db, id, move)).toMatchObject({ won: true });
};
const textsOf = ({ lines }: Lines) => lines.map((each) => each.text);

describe("following a build's log", () => {
  test("each line comes once, in order, until the build has ended", async () => {
    const { id, attempt } = await building(api.services.db, "task");
    await write(id, attempt, 0, "one", "two");
    const first = await follow(id, "");
    expect(textsOf(first)).toEqual(["one", "two"]);
    expect(await follow(id, first.cursor)).toEqual({ lines: [], cursor: first.cursor, ended: false });

    await write(id, attempt, 1, "three");
    const second = await follow(id, first.cursor);
    expect(textsOf(second)).toEqual(["three"]);

    await write(id, attempt, 2, "last words");
    await fail(id, attempt);
    const third = await follow(id, second.cursor);
    expect(textsOf(third)).toEqual(["last words"]);
    expect(await follow(id, third.cursor)).toMatchObject({ lines: [], ended: true });
  });

  test("a question waits for the next line and is answered when it comes", async () => {
    const { id, attempt } = await building(api.services.db, "task");
    const startedMs = performance.now();
    const question = follow(id, "", 20);
    const early = await Promise.race([question, pause(50).then(() => "still waiting")]);
    expect(early).toBe("still waiting");
    await write(id, attempt, 0, "at last");
    expect(textsOf(await question)).toEqual(["at last"]);
    expect(performance.now() - startedMs).toBeLessThan(15_000);
  });

  test("a question that waits learns that the build has ended", async () => {
    const { id, attempt } = await building(api.services.db, "task");
    const question = follow(id, "", 20);
    await fail(id, attempt);
    expect(await question).toMatchObject({ lines: [], ended: true });
  });

  test("a second attempt's lines follow those of the first", async () => {
    const { db } = api.services;
    const id = await submitted(db);
    const first = await dispatched(db, id);
    await write(id, first, 0, "first attempt");
    const nextTryOn = new Date();
    const move = {
      name: "putBack",
      by: "dispatch",
      at: nextTryOn,
      attempt: first,
      because: "No room.",
      nextTryOn,
    } as const;
    await makeMove(db, id, move);
    const second = await dispatched(db, id);
    await write(id, second, 0, "second attempt");
    const one = await follow(id, "");
    const two = await follow(id, one.cursor);
    expect([...textsOf(one), ...textsOf(two)]).toEqual(["first attempt", "second attempt"]);
  });

  test.each(["0", "1", "1.", ".1", "1.2.3", "-1.0", "1.0 ", "9999999.0", "1.9999999"])(
    "%j is no cursor",
    async (after) => {
      const id = await submitted(api.services.db);
      const query = new URLSearchParams({ after });
      expect((await api.request(`/api/v1/build/${id}/logs/?${query}`, { headers })).status).toBe(422);
    },
  );

  test.each(["21", "-1", "x", "1.5", "99999"])("nobody waits for %s seconds", async (wait) => {
    const id = await submitted(api.services.db);
    expect((await api.request(`/api/v1/build/${id}/logs/?after=&wait=${wait}`, { headers })).status).toBe(
      422,
    );
  });
});

describe("the log as text", () => {
  test("of a build that waits is the reason why it waits", async () => {
    const response = await text(await submitted(api.services.db));
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(await response.text()).toBe("Waiting for a free slot.\n");
  });

  test("of a build that runs is what it has written so far", async () => {
    const { id, attempt } = await building(api.services.db, "task");
    await write(id, attempt, 0, "one");
    await write(id, attempt, 1, "two");
    expect(await (await text(id)).text()).toBe("solve: one\nsolve: two\n");
  });

  test("of a build whose task was killed is what it had written", async () => {
    const { id, attempt } = await building(api.services.db, "task");
    await write(id, attempt, 0, "cut off");
    await fail(id, attempt);
    expect(await (await text(id)).text()).toBe("solve: cut off\n");
  });
});
