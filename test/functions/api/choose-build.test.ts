/**
 * Choosing the build that an environment shows, with the defects of the original that are not copied: a build of another
 * namespace could be shown, an environment's lockfile told who may not ask what exists.
 */
import { describe, expect, test } from "vitest";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { openApi, put } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { building, completed, completedResult, dispatched, submitted } from "#test/kit/submissions.ts";
import { ask as askApi } from "./ask.ts";
import { useWorld } from "./use-api.ts";

const aws = useMiniStack();
const { api, admin, world } = useWorld(aws);

const ask = (path: string, init?: RequestInit, headers = admin) => askApi(api, path, headers, init);

describe("choosing the build that an environment shows", () => {
  const path = "/api/v1/environment/chosen/env/";
  test("points at it, asks for its link, and no build posted before undoes it", async () => {
    const { db } = api.services;
    const old = await completed(api.services.db, "chosen", "env");
    const late = await building(db, "task", { namespace: "chosen", environment: "env" });
    const newer = await completed(api.services.db, "chosen", "env");
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
    const next = await completed(api.services.db, "chosen", "env");
    expect((await ask(path)).one["current_build_id"]).toBe(next);
  });

  test("takes only a completed build of this very environment", async () => {
    const { db } = api.services;
    const namesake = await completed(api.services.db, "elsewhere", "env");
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
    const build_id = await completed(api.services.db, "chosen", "env");
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
    const old = await completed(api.services.db, "race", "env");
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

test("an environment's lockfile is its current build's, at three spellings", async () => {
  for (const name of ["lockfile/", "conda-lock.yml", "conda-lock.yaml"]) {
    const response = await api.request(`/api/v1/environment/team/demo/${name}`, { headers: admin });
    expect(response.status).toBe(307);
    const fetched = await fetch(response.headers.get("location") ?? "");
    expect(fetched.headers.get("content-type")).toBe("application/json");
    expect(await fetched.json()).toEqual({ version: 1 });
  }
});
