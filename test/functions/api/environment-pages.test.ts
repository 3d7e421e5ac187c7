/**
 * Lists of environments by cursor and by a `jwt`, with the defects of the original that are not copied: cursors never ended
 * and broke the server when malformed, `limit` was not capped, an invalid `jwt` was a fault of the server.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { bearer } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { submitted } from "#test/kit/submissions.ts";
import { ask as askApi } from "./ask.ts";
import { useWorld } from "./use-api.ts";

const { api, admin } = useWorld(useMiniStack());

const ask = (path: string, init?: RequestInit, headers = admin) => askApi(api, path, headers, init);

describe("pages by cursor", () => {
  const walk = async (query: string, limit: number): Promise<string[]> => {
    const names: string[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const behind: string = cursor === "" ? "" : `&cursor=${encodeURIComponent(cursor)}`;
      const page = await ask(`/api/v2/environment/?namespace=cursor&limit=${limit}${query}${behind}`);
      expect(page.status).toBe(200);
      expect(page.count).toBe(5);
      expect(page.rows.length).toBeGreaterThan(0);
      names.push(...page.rows.map(({ name }) => name));
      cursor = page.cursor;
    }
    return names;
  };
  beforeAll(async () => {
    for (const environment of ["d", "a", "e", "c", "b"])
      await submitted(api.services.db, { namespace: "cursor", environment });
  });

  test.each([1, 2, 5, 100])(
    "of %i come in the order asked for, once each, and end with null",
    async (limit) => {
      expect(await walk("", limit)).toEqual(["d", "a", "e", "c", "b"]);
      expect(await walk("&order=desc", limit)).toEqual(["b", "c", "e", "a", "d"]);
      expect(await walk("&sort_by=name", limit)).toEqual(["a", "b", "c", "d", "e"]);
      expect(await walk("&sort_by=namespace,name&order=desc", limit)).toEqual(["e", "d", "c", "b", "a"]);
      expect(await walk("&sort_by=namespace&sort_by=name", limit)).toEqual(["a", "b", "c", "d", "e"]);
    },
  );

  test("the limit is capped, and no page is empty on purpose", async () => {
    await Promise.all(
      Array.from({ length: 105 }, (_, n) =>
        submitted(api.services.db, { namespace: "capped", environment: `e${n}` }),
      ),
    );
    const { rows, count } = await ask("/api/v2/environment/?namespace=capped&limit=5000");
    expect([rows.length, count]).toEqual([100, 105]);
    expect((await ask("/api/v2/environment/?limit=0")).status).toBe(422);
    expect((await ask("/api/v2/environment/?limit=-1")).status).toBe(422);
  });

  test("a cursor of conda-store is understood; what is none, or of another order, is refused", async () => {
    const [first] = (await ask("/api/v2/environment/?namespace=cursor&limit=1")).rows;
    const theirs = (value: unknown) =>
      encodeURIComponent(Buffer.from(JSON.stringify(value)).toString("base64"));
    const next = await ask(
      `/api/v2/environment/?namespace=cursor&cursor=${theirs({ last_id: first?.id, last_value: null })}`,
    );
    expect(next.rows.map(({ name }) => name)).toEqual(["a", "e", "c", "b"]);
    for (const cursor of [
      "x",
      "%00",
      theirs(null),
      theirs([]),
      theirs({ last_id: null, last_value: null }),
      theirs({ last_id: 1, last_value: { name: "a" } }),
      theirs({ last_id: -1, last_value: null }),
    ]) {
      expect(await ask(`/api/v2/environment/?cursor=${cursor}`)).toMatchObject({
        status: 400,
        code: "invalid_request",
      });
    }
  });
});

describe("the jwt filter", () => {
  test("leaves what both may read, on either list", async () => {
    const jwt = await api.token({ "team/demo": ["viewer"], "secret/*": ["viewer"] });
    const mine = bearer(await api.token({ "team/*": ["viewer"] }));
    for (const list of ["v1", "v2"]) {
      const names = async (headers: Record<string, string>) =>
        (await ask(`/api/${list}/environment/?jwt=${jwt}`, {}, headers)).rows.map(({ name }) => name).sort();
      expect(await names(mine)).toEqual(["demo"]);
      expect(await names(admin)).toEqual(["demo", "hidden"]);
    }
  });

  test("that is invalid is the caller's fault", async () => {
    for (const jwt of ["x", "", "a.b.c"]) {
      expect((await ask(`/api/v1/environment/?jwt=${jwt}`)).status).toBe(400);
      expect((await ask(`/api/v2/environment/?jwt=${jwt}`)).status).toBe(400);
    }
  });
});
