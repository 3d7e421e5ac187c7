import { beforeAll, describe, expect, test } from "vitest";
import { onBehalf } from "#adapters/dynamodb/audit.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { systemOrigin } from "#core/audit/entry.ts";
import { NEXT_CURSOR } from "#core/contract/audit.ts";
import { type Api, bearer, openApi, post, put } from "#test/kit/api.ts";
import { audited, recordChange } from "#test/kit/audited.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building, completedResult } from "#test/kit/submissions.ts";

const aws = useMiniStack();
let api: Api;
type Headers = Record<string, string>;
const ADMIN = { "*/*": ["admin"] };
let admin: Headers;
let teamAdmin: Headers;

interface Entry {
  readonly id: string;
  readonly at: string;
  readonly action: string;
  readonly by: { readonly kind: string; readonly name: string };
  readonly namespace: string | null;
  readonly environment: string | null;
  readonly build_id: number | null;
  readonly details: Record<string, unknown> | null;
  readonly request_id: string | null;
  readonly address: string | null;
}
interface Answer {
  readonly status: number;
  readonly data: readonly Entry[];
  readonly cursor: string | null;
}

beforeAll(async () => {
  api = openApi(aws);
  admin = bearer(await api.token(ADMIN, "root"));
  teamAdmin = bearer(await api.token({ "team/*": ["admin"] }, "tess"));
});

const path = (query: Record<string, string> = {}): string => `/api/v1/audit/?${new URLSearchParams(query)}`;

async function list(query: Record<string, string>, headers = admin): Promise<Answer> {
  const response = await api.request(path(query), { headers });
  const body = (await response.json()) as Omit<Answer, "status">;
  return { ...body, status: response.status };
}

/** Every page of it. */
async function all(query: Record<string, string>, headers = admin): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const answer = await list({ ...query, ...(cursor === "" ? {} : { cursor }) }, headers);
    entries.push(...answer.data);
    cursor = answer.cursor;
  }
  return entries;
}

const make = async (namespace: string, headers = admin): Promise<void> => {
  const response = await api.request(`/api/v1/namespace/${namespace}/`, { method: "POST", headers });
  expect(response.status).toBe(200);
};

test("an entry says who, what, where, by which request, from which address and when", async () => {
  const before = Date.now();
  const response = await api.request(
    "/api/v1/namespace/told/",
    { method: "POST", headers: { ...admin, "x-forwarded-for": "6.6.6.6", forwarded: "for=6.6.6.6" } },
    { requestId: "request-1", address: "192.0.2.7" },
  );
  expect(response.status).toBe(200);

  const [entry, ...others] = await all({ namespace: "told" });

  expect(others).toEqual([]);
  expect(entry).toMatchObject({
    action: "namespace.create",
    by: { kind: "user", name: "root" },
    namespace: "told",
    environment: null,
    build_id: null,
    details: null,
    request_id: "request-1",
    address: "192.0.2.7",
  });
  const at = Date.parse(entry?.at ?? "");
  expect(at).toBeGreaterThanOrEqual(before);
  expect(at).toBeLessThanOrEqual(Date.now());
});

describe("who sees what", () => {
  beforeAll(async () => {
    await make("team");
    await make("other");
    const body = { metadata: { contact: "tess@example.org" } };
    const response = await api.request("/api/v1/namespace/team/", {
      ...put(body),
      headers: { ...teamAdmin, "content-type": "application/json" },
    });
    expect(response.status).toBe(200);
  });

  test("who manages a namespace sees what everybody did in it, and nothing of another", async () => {
    const entries = await all({ namespace: "team" }, teamAdmin);

    expect(entries.map(({ action, by }) => [action, by.name])).toEqual([
      ["namespace.update", "tess"],
      ["namespace.create", "root"],
    ]);
    expect((await list({ namespace: "other" }, teamAdmin)).status).toBe(403);
    expect((await list({ namespace: "nothing" }, teamAdmin)).status).toBe(403);
  });

  test("values that somebody put into metadata are not repeated, only their names", async () => {
    const response = await api.request(path({ namespace: "team" }), { headers: admin });
    const text = await response.text();

    expect(text).toContain('"metadata":["contact"]');
    expect(text).not.toContain("tess@example.org");
  });

  test("without a namespace everybody sees their own entries, and who manages the store sees all", async () => {
    const own = await all({}, teamAdmin);
    const everything = await all({});

    expect(own.map(({ by }) => by.name)).toEqual(own.map(() => "tess"));
    expect(own.length).toBeGreaterThan(0);
    expect(new Set(everything.map(({ by }) => by.name))).toEqual(new Set(["root", "tess"]));
  });

  test("what a person did is seen by that person and by who manages the store, and by nobody else", async () => {
    const mine = await all({ person: "tess" }, teamAdmin);

    expect(await all({ person: "tess" })).toEqual(mine);
    expect((await list({ person: "root" }, teamAdmin)).status).toBe(403);
    expect((await list({ person: "root", namespace: "other" }, teamAdmin)).status).toBe(403);
    expect((await all({ person: "root", namespace: "team" }, teamAdmin)).map(({ action }) => action)).toEqual(
      ["namespace.create"],
    );
    expect(await all({ person: "tess", namespace: "other" }, teamAdmin)).toEqual([]);
  });

  test("nobody, a viewer and a developer are refused, for what exists and for what does not", async () => {
    const viewer = bearer(await api.token({ "team/*": ["viewer", "developer"] }, "vera"));
    for (const headers of [{}, viewer]) {
      expect((await list({ namespace: "team" }, headers)).status).toBe(403);
      expect((await list({ namespace: "nothing" }, headers)).status).toBe(403);
    }
    expect((await list({}, {})).status).toBe(403);
    expect(await all({}, viewer)).toEqual([]);
  });

  test("a namespace that is made anew shows its new managers nothing of the former one", async () => {
    await make("again");
    await api.request("/api/v1/namespace/again/", { method: "DELETE", headers: admin });
    const newcomer = bearer(await api.token({ "again/*": ["admin"] }, "nora"));
    expect((await list({ namespace: "again" }, newcomer)).status).toBe(404);
    // As if a moment had passed.
    await createNamespace(audited(api.services.db), "again", new Date(Date.now() + 1000));

    expect((await all({ namespace: "again" }, newcomer)).map(({ by }) => by.name)).toEqual(["tester"]);
    expect((await all({ namespace: "again" })).map(({ action }) => action)).toEqual([
      "namespace.create",
      "namespace.delete",
      "namespace.create",
    ]);
  });
});

describe("pages", () => {
  const names = Array.from({ length: 25 }, (_, n) => `paged-${String(n).padStart(2, "0")}`);
  let moments: string[];
  beforeAll(async () => {
    const headers = bearer(await api.token(ADMIN, "pat"));
    for (const name of names) await make(name, headers);
    moments = (await all({ person: "pat", order: "asc" })).map(({ at }) => at);
  });
  const namesOf = (entries: readonly Entry[]) => entries.map(({ namespace }) => namespace);

  test.each(["asc", "desc"])("one after another give each entry once, %s", async (order) => {
    const wanted = order === "asc" ? names : names.toReversed();
    for (const limit of ["1", "7", "25", "1000"]) {
      expect(namesOf(await all({ person: "pat", order, limit }))).toEqual(wanted);
    }
    const first = await list({ person: "pat", order, limit: "7" });
    expect(first.data).toHaveLength(7);
    expect((await list({ person: "pat", order, limit: "25" })).cursor).toBeNull();
  });

  test("are bounded by time: from the first moment on, before the second", async () => {
    const [since = "", until = ""] = [moments[5], moments[9]];
    const wanted = names.filter((_, n) => (moments[n] ?? "") >= since && (moments[n] ?? "") < until);

    for (const limit of ["2", "100"]) {
      expect(namesOf(await all({ person: "pat", since, until, order: "asc", limit }))).toEqual(wanted);
    }
    expect((await list({ person: "pat", since: until, until: since })).data).toEqual([]);
  });

  test("go on over entries that a filter passes over, however many", async () => {
    const db = onBehalf(api.services.db, systemOrigin("sweep"), 30);
    await Promise.all(
      Array.from({ length: 60 }, () => recordChange(db, { action: "build.delete", namespace: "paged-00" })),
    );

    expect(namesOf(await all({ namespace: "paged-00", person: "pat", limit: "3" }))).toEqual(["paged-00"]);
  });

  test.each([
    ["a cursor of another list", { cursor: Buffer.from('{"last_id":1}').toString("base64") }, 400],
    ["a cursor that is nothing", { cursor: "%00" }, 400],
    ["a time that is none", { since: "yesterday" }, 422],
    ["a time with a zone that no clock has", { since: "2026-11-21T08:00:00+99:99" }, 422],
    ["no entries at all", { limit: "0" }, 422],
    ["a format that is none", { format: "csv" }, 422],
  ])("refuse %s", async (_, query, status) => {
    expect((await list(query as Record<string, string>)).status).toBe(status);
  });

  test("a cursor outside the asked time is only a place to go on from", async () => {
    const { cursor } = await list({ person: "pat", limit: "1" });
    const since = new Date(Date.now() + 60_000).toISOString();

    expect(await list({ person: "pat", since, cursor: cursor ?? "" })).toMatchObject({
      data: [],
      cursor: null,
    });
  });
});

describe("as NDJSON", () => {
  test.each([
    ["by format", { format: "ndjson" }, {}],
    ["by the header Accept", {}, { accept: "application/x-ndjson" }],
  ])("asked for %s, each line is an entry, and a header has the cursor", async (_, query, header) => {
    const wanted = await all({ person: "pat", order: "asc" });
    const lines: unknown[] = [];
    for (let cursor: string | null = ""; cursor !== null; ) {
      const asked = { ...query, person: "pat", order: "asc", limit: "10", ...(cursor && { cursor }) };
      const response = await api.request(path(asked), { headers: { ...admin, ...header } });
      expect(response.headers.get("content-type")).toBe("application/x-ndjson");
      const text = await response.text();
      expect(text.endsWith("\n")).toBe(true);
      lines.push(
        ...text
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line)),
      );
      cursor = response.headers.get(NEXT_CURSOR);
    }

    expect(lines).toEqual(wanted);
  });

  test("an answer stays below what a gateway hands over, and nothing is lost", async () => {
    const db = audited(api.services.db);
    const details = { text: "\u0001".repeat(40_000) };
    for (let n = 0; n < 15; n++)
      await recordChange(db, { action: "namespace.update", namespace: "large", details });
    const sizes: number[] = [];
    let count = 0;
    for (let cursor: string | null = ""; cursor !== null; ) {
      const asked = { namespace: "large", format: "ndjson", limit: "1000", ...(cursor && { cursor }) };
      const response = await api.request(path(asked), { headers: admin });
      const bytes = Buffer.from(await response.arrayBuffer());
      sizes.push(bytes.length);
      count += bytes.toString().trimEnd().split("\n").length;
      cursor = response.headers.get(NEXT_CURSOR);
    }

    expect(count).toBe(15);
    expect(sizes.length).toBeGreaterThan(1);
    expect(Math.max(...sizes) * 1.34).toBeLessThan(6 * 1024 * 1024);
    expect((await list({ namespace: "large", limit: "1000" })).status).toBe(200);
  });
});

test("an entry whose days are over is gone before DynamoDB removes it", async () => {
  const origin = { by: { kind: "user", name: "old" }, requestId: null, address: null } as const;
  await recordChange(onBehalf(api.services.db, origin, -1), { action: "login" });
  await recordChange(onBehalf(api.services.db, origin, 1), { action: "token.create" });

  expect((await all({ person: "old" })).map(({ action }) => action)).toEqual(["token.create"]);
});

describe("in one transaction", () => {
  test("what is refused leaves no entry", async () => {
    await make("refusing");
    const count = (await all({ namespace: "refusing" })).length;

    const again = await api.request("/api/v1/namespace/refusing/", { method: "POST", headers: admin });
    const role = await api.request("/api/v1/namespace/refusing/role", {
      ...put({ other_namespace: "nothing", role: "viewer" }),
      headers: { ...admin, "content-type": "application/json" },
    });

    expect([again.status, role.status]).toEqual([409, 404]);
    expect(await all({ namespace: "refusing" })).toHaveLength(count);
  });

  test("what the system makes the current build is told with the build that it replaces", async () => {
    const db = onBehalf(api.services.db, systemOrigin("finish"), 30);
    const { id, attempt } = await building(db, "task", {
      namespace: "served",
      environment: "demo",
      at: new Date(),
    });
    const result = completedResult({ artifacts: [] });
    await makeMove(db, id, { name: "complete", by: "finish", at: new Date(), attempt, result });

    const [entry] = await all({ namespace: "served", limit: "1" });

    expect(entry).toMatchObject({
      action: "environment.update",
      by: { kind: "system", name: "finish" },
      environment: "demo",
      build_id: id,
      details: { current_build: id },
    });
  });

  test("a posted specification is told with what came into being", async () => {
    const specification = "name: audited\nchannels: [conda-forge]\ndependencies: [python]\n";
    const response = await api.request("/api/v1/specification/", {
      ...post({ namespace: "posted", specification }),
      headers: { ...admin, "content-type": "application/json" },
    });
    const { data } = (await response.json()) as { data: { build_id: number } };

    expect(await all({ namespace: "posted" })).toMatchObject([
      {
        action: "build.create",
        environment: "audited",
        build_id: data.build_id,
        details: {
          new: ["namespace", "environment"],
          specification: expect.stringMatching(/^[0-9a-f]{64}$/),
        },
      },
    ]);
  });
});
