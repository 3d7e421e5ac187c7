import { describe, expect, test } from "vitest";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building, dispatched, submitted } from "#test/kit/submissions.ts";
import { useApi } from "./use-api.ts";

const { api, admin } = useApi(useMiniStack());

interface Shown {
  queue_position: number | null;
  status_info: string | null;
}
async function ask<T>(path: string): Promise<T> {
  const response = await api.request(`/api/v1/build/${path}`, { headers: admin });
  return (JSON.parse(await response.text()) as { data: T }).data;
}
const positions = async (ids: readonly number[]) =>
  (await Promise.all(ids.map((id) => ask<Shown>(`${id}/`)))).map(({ queue_position }) => queue_position);

describe("the place in the line of a build that waits", () => {
  test("is told in turns between namespaces, in status_info too, and is nobody's who does not wait", async () => {
    const { db } = api.services;
    const crowd: number[] = [];
    for (let i = 0; i < 4; i++) crowd.push(await submitted(db, { namespace: "crowd" }));
    const single = await submitted(db, { namespace: "single" });
    const { id: atWork } = await building(db, "task", { namespace: "busy" });
    const busy = await submitted(db, { namespace: "busy" });

    expect(await positions([...crowd, single, busy])).toEqual([1, 4, 5, 6, 2, 3]);
    expect(await ask<Shown>(`${busy}/`)).toMatchObject({
      status_info: "Waiting for a free slot. Number 3 of 6 in the line; at work for its namespace: 1.",
    });
    expect(await ask<Shown>(`${atWork}/`)).toMatchObject({
      queue_position: null,
      status_info: "Attempt 1 is running.",
    });
    // Lists do without, as the document says.
    const list = await ask<Shown[]>("?namespace=single");
    expect(list).toMatchObject([{ queue_position: null, status_info: "Waiting for a free slot." }]);
  });

  test("moves on when a build before it starts or is canceled, and back behind one that is put back", async () => {
    const { db } = api.services;
    const [first, second, third] = [
      await submitted(db, { namespace: "moving" }),
      await submitted(db, { namespace: "moving" }),
      await submitted(db, { namespace: "moving" }),
    ];
    const [before] = await positions([third]);
    const attempt = await dispatched(db, first);
    const [started] = await positions([third]);
    const nextTryOn = new Date("2026-05-01T00:00:00Z");
    const at = nextTryOn;
    await makeMove(db, first, { name: "putBack", by: "dispatch", at, attempt, because: "No.", nextTryOn });
    const [back] = await positions([third]);
    await makeMove(db, second, { name: "cancel", by: "api", at: new Date() });
    const [left] = await positions([third]);

    expect(Number(started)).toBeLessThan(Number(before));
    expect(Number(back)).toBeGreaterThan(Number(started));
    expect(Number(left)).toBeLessThan(Number(back));
    expect((await ask<Shown>(`${first}/`)).status_info).toMatch(
      /^Attempt 1 could not start: No\. Next try at .*Z\. Number \d+ of \d+ in the line; at work for its namespace: 0\.$/,
    );
  });
});
