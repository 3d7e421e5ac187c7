/**
 * Lists of builds, building again, choosing the build that an environment shows, cursors and the `jwt` filter; with the
 * defects of the original that are not copied: `packages` broke the list of builds, a build of another namespace could
 * be shown, an unknown environment was 400, cursors never ended and broke the server when malformed, `limit` was not
 * capped, an invalid `jwt` was a fault of the server, an environment's lockfile told who may not ask what exists.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { type Api, bearer, openApi, post, put } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { building, completedResult, dispatched, submitted } from "#test/kit/submissions.ts";
import { makeWorld, type World } from "./world.ts";

const aws = useMiniStack();
let api: Api;
let world: World;
let admin: Record<string, string>;
beforeAll(async () => {
  api = openApi(aws);
  world = await makeWorld(api.services);
  admin = bearer(await api.token({ "*/*": ["admin"] }));
});

type Row = Record<string, unknown> & { id: number; name: string };
interface Answer {
  status: number;
  message: string | null;
  count: number;
  cursor: string | null;
  rows: Row[];
  one: Row;
}
async function ask(path: string, init: RequestInit = {}, headers = admin): Promise<Answer> {
  const own = init.headers as Record<string, string> | undefined;
  const response = await api.request(path, { ...init, headers: { ...own, ...headers } });
  const body = JSON.parse(await response.text());
  return { ...body, status: response.status, rows: body.data, one: body.data };
}
const ids = async (query: string, headers = admin): Promise<number[]> =>
  (await ask(`/api/v1/build/?${query}`, {}, headers)).rows.map(({ id }) => id);

async function completedBuild(namespace: string, environment: string, artifacts = true): Promise<number> {
  const { db } = api.services;
  const { id, attempt } = await building(db, "task", { namespace, environment });
  const key = `/opt/conda-store/${namespace}/key-${id}`;
  const result = completedResult({
    artifacts: artifacts ? [{ type: "DIRECTORY", key, sizeBytes: 1 }] : [],
  });
  const outcome = await makeMove(db, id, { name: "complete", by: "finish", at: new Date(), attempt, result });
  expect(outcome.won).toBe(true);
  return id;
}

describe("a list of builds", () => {
  test("of one environment has its own only, also beside one whose name begins alike", async () => {
    const { db } = api.services;
    const mine: number[] = [];
    for (let i = 0; i < 3; i++) {
      mine.push(await submitted(db, { namespace: "lists", environment: "a" }));
      await submitted(db, { namespace: "lists", environment: "a-b" });
    }
    expect(await ids("namespace=lists&name=a")).toEqual(mine);
    expect(await ids("namespace=lists&name=a&order=desc&sort_by=scheduled_on")).toEqual(mine.toReversed());
    expect(await ids("namespace=lists&name=a&size=2&page=2")).toEqual(mine.slice(2));
    expect(await ids("namespace=lists&name=a&size=2&page=9")).toEqual([]);
    expect((await ask("/api/v1/build/?namespace=lists&name=a&size=2")).count).toBe(3);
    expect((await ask("/api/v1/build/?namespace=lists&size=2")).count).toBe(6);
    expect(await ids("namespace=lists&name=none")).toEqual([]);
    expect(await ids("namespace=none")).toEqual([]);
    const environment = await getEnvironment(db, "lists", "a");
    expect(await ids(`namespace=lists&environment_id=${environment?.id}`)).toEqual(mine);
    expect(await ids(`environment_id=${environment?.id}`)).toEqual(mine);
    expect(await ids(`namespace=lists&name=a-b&environment_id=${environment?.id}`)).toEqual([]);
    expect((await ids("namespace=lists&name=a&environment_id=0")).length).toBe(3);
    expect(await ids("name=a")).toEqual(mine);
  });

  test("over all namespaces is in the order of ids, whole, page by page", async () => {
    const all = await ids("");
    expect(all).toEqual([...all].sort((a, b) => a - b));
    expect(all).toEqual(expect.arrayContaining([world.completed, world.queued, world.hidden]));
    const pages = [await ids("size=4&page=1"), await ids("size=4&page=2")].flat();
    expect(pages).toEqual(all.slice(0, 8));
    expect((await ask("/api/v1/build/?size=1")).count).toBe(all.length);
  });

  test("is filtered by status, artifact and packages, which broke the original", async () => {
    expect(await ids("namespace=team&status=COMPLETED")).toEqual([world.completed]);
    expect(await ids("namespace=team&artifact=CONDA_PACK")).toEqual([world.completed]);
    expect(await ids("namespace=team&packages=numpy&packages=zlib")).toEqual([world.completed]);
    expect(await ids("namespace=team&packages=numpy&packages=numpy")).toEqual([world.completed]);
    expect(await ids("namespace=team&packages=numpy&packages=scipy")).toEqual([]);
    expect(await ids("namespace=team&name=next&status=QUEUED/")).toEqual([world.queued]);
  });

  test("is sorted by what has ended; what has not comes last, and first the other way", async () => {
    const { db } = api.services;
    const open = await submitted(db, { namespace: "sorted", environment: "x" });
    const first = await completedBuild("sorted", "x");
    const second = await completedBuild("sorted", "x");
    expect(await ids("namespace=sorted&sort_by=ended_on")).toEqual([first, second, open]);
    expect(await ids("namespace=sorted&sort_by=started_on&order=desc")).toEqual([open, second, first]);
  });

  test("shows parts of a namespace to who may read parts", async () => {
    const reader = bearer(await api.token({ "team/de*": ["viewer"] }));
    expect(await ids("namespace=team", reader)).toEqual([world.completed]);
    expect(await ids("", reader)).toEqual([world.completed]);
    expect((await ask("/api/v1/build/?namespace=team", {}, reader)).count).toBe(1);
  });
});

describe("building again", () => {
  test("makes a new build of the same document in the same environment, and wakes dispatch", async () => {
    await drain(aws.wakeUpQueue);
    const { status, one, message } = await ask(`/api/v1/build/${world.completed}/`, { method: "PUT" });
    expect([status, message]).toEqual([200, "rebuild triggered"]);
    const id = one["build_id"] as number;
    const [old, made] = await Promise.all([
      getBuild(api.services.db, world.completed),
      getBuild(api.services.db, id),
    ]);
    expect(made).toMatchObject({
      status: "QUEUED",
      document: old?.document,
      specificationSha256: old?.specificationSha256,
      environmentId: old?.environmentId,
    });
    expect(made?.buildKey).not.toBe(old?.buildKey);
    expect(await drain(aws.wakeUpQueue)).toContainEqual({ reason: `build ${id}` });
  });

  test("needs the right to update, which a viewer has not and a developer has", async () => {
    const as = async (role: string) => bearer(await api.token({ "team/*": [role] }));
    const path = `/api/v1/build/${world.completed}/`;
    expect((await ask(path, { method: "PUT" }, await as("viewer"))).status).toBe(403);
    expect((await ask(path, { method: "PUT" }, await as("developer"))).status).toBe(200);
  });
});

describe("choosing the build that an environment shows", () => {
  const path = "/api/v1/environment/chosen/env/";
  test("points at it, asks for its link, and no build posted before undoes it", async () => {
    const { db } = api.services;
    const old = await completedBuild("chosen", "env");
    const late = await building(db, "task", { namespace: "chosen", environment: "env" });
    const newer = await completedBuild("chosen", "env");
    expect((await ask(path)).one["current_build_id"]).toBe(newer);
    const before = await getEnvironment(db, "chosen", "env");
    await drain(aws.linkQueue);

    expect((await ask(path, put({ build_id: old }))).status).toBe(200);

    expect((await ask(path)).one["current_build_id"]).toBe(old);
    const after = await getEnvironment(db, "chosen", "env");
    expect(after?.link).toEqual({ version: (before?.link.version ?? 0) + 1, buildKey: `key-${old}` });
    expect(await drain(aws.linkQueue)).toEqual([{ namespace: "chosen", environment: "env" }]);
    const end = { name: "complete", by: "finish", at: new Date(), attempt: late.attempt } as const;
    expect((await makeMove(db, late.id, { ...end, result: completedResult() })).won).toBe(true);
    expect((await ask(path)).one["current_build_id"]).toBe(old);
    const next = await completedBuild("chosen", "env");
    expect((await ask(path)).one["current_build_id"]).toBe(next);
  });

  test("takes only a completed build of this very environment", async () => {
    const { db } = api.services;
    const namesake = await completedBuild("elsewhere", "env");
    const queued = await submitted(db, { namespace: "chosen", environment: "env" });
    const current = (await ask(path)).one["current_build_id"];
    for (const [build_id, message] of [
      [namesake, "cannot update environment to build id since specification does not match environment name"],
      [queued, "cannot update environment to build id since not completed"],
      [99_999_999, "build id=99999999 does not exist"],
    ] as const) {
      expect(await ask(path, put({ build_id, description: "changed" }))).toMatchObject({
        status: 400,
        message,
      });
    }
    const { one } = await ask(path);
    // Both or nothing.
    expect([one["current_build_id"], one["description"]]).toEqual([current, ""]);
  });

  test("sets the description, also an empty one, and nothing when nothing is sent", async () => {
    await ask(path, put({ description: "for the team" }));
    expect((await ask(path, { method: "PUT" })).status).toBe(200);
    expect((await ask(path)).one["description"]).toBe("for the team");
    await ask(path, put({ description: "" }));
    expect((await ask(path)).one["description"]).toBe("");
  });

  test("an environment that is not there is missing, not malformed", async () => {
    const answer = await ask("/api/v1/environment/chosen/none/", put({ build_id: world.completed }));
    expect(answer).toMatchObject({ status: 404, message: "environment does not exist" });
  });

  test("says so when the link could not be asked for, and sending it again mends it", async () => {
    const build_id = await completedBuild("chosen", "env");
    const broken = openApi(aws, {
      secret: api.services.secret,
      askForLink: async () => {
        throw new Error("no queue");
      },
    });
    const init = put({ build_id });
    const headers = { ...(init.headers as Record<string, string>), ...admin };
    const response = await broken.request(path, { ...init, headers });
    expect(response.status).toBe(503);
    await drain(aws.linkQueue);
    expect((await ask(path, put({ build_id }))).status).toBe(200);
    expect(await drain(aws.linkQueue)).toHaveLength(1);
  });

  test("a choice and a build that ends at the same time leave one of the two, with its own link", async () => {
    const { db } = api.services;
    const old = await completedBuild("race", "env");
    const running = await submitted(db, { namespace: "race", environment: "env" });
    await dispatched(db, running);
    await makeMove(db, running, { name: "claim", by: "task", at: new Date(), attempt: 1, owner: "me" });
    const result = completedResult({
      artifacts: [{ type: "DIRECTORY", key: `/opt/conda-store/race/key-${running}`, sizeBytes: 1 }],
    });
    await Promise.all([
      ask("/api/v1/environment/race/env/", put({ build_id: old })),
      makeMove(db, running, { name: "complete", by: "finish", at: new Date(), attempt: 1, result }),
    ]);
    const environment = await getEnvironment(db, "race", "env");
    expect(environment?.link.buildKey).toBe(`key-${environment?.currentBuildId}`);
  });
});

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

test("an environment's lockfile is its current build's, at three spellings", async () => {
  for (const name of ["lockfile/", "conda-lock.yml", "conda-lock.yaml"]) {
    const response = await api.request(`/api/v1/environment/team/demo/${name}`, { headers: admin });
    expect(response.status).toBe(307);
    const fetched = await fetch(response.headers.get("location") ?? "");
    expect(fetched.headers.get("content-type")).toBe("application/json");
    expect(await fetched.json()).toEqual({ version: 1 });
  }
});

test("a POST and a list that follows agree at once", async () => {
  const init = post({ specification: "name: at-once\ndependencies: [python]\n", namespace: "team" });
  const { one } = await ask("/api/v1/specification/", init);
  expect(await ids("namespace=team&name=at-once")).toEqual([one["build_id"]]);
});
