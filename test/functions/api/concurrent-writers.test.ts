/**
 * Several writers of one thing at once: each is answered, one wins, and what is left is whole.
 */
import { describe, expect, test } from "vitest";
import { createNamespace } from "#adapters/dynamodb/namespaces.ts";
import { post, put } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { type Answer, ask as askApi } from "./ask.ts";
import { useApi } from "./use-api.ts";

const WRITERS = Array.from({ length: 8 }, (_, i) => i);

const { api, admin } = useApi(useMiniStack());
const ask = (path: string, init?: RequestInit): Promise<Answer> =>
  askApi(api, `/api/v1/${path}`, admin, init);
const all = (path: string, init: (writer: number) => RequestInit): Promise<Answer[]> =>
  Promise.all(WRITERS.map((writer) => ask(path, init(writer))));
const statuses = (answers: readonly Answer[]): number[] => answers.map(({ status }) => status).sort();

describe("a namespace", () => {
  test("is made by one of those who make it, and the others are told", async () => {
    const answers = await all("namespace/wanted/", () => ({ method: "POST" }));
    expect(statuses(answers)).toEqual([200, ...WRITERS.slice(1).map(() => 409)]);
    expect((await ask("namespace/?page=1")).rows.filter(({ name }) => name === "wanted")).toHaveLength(1);
  });

  test("ends with the metadata and the roles of one writer, not with parts of several", async () => {
    await createNamespace(api.services.db, "shared", new Date());
    const answers = await all("namespace/shared/", (writer) =>
      put({ metadata: { writer }, role_mappings: { [`of-${writer}/*`]: ["viewer"] } }),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    const { one } = await ask("namespace/shared/");
    const { writer } = one["metadata_"] as { writer: number };
    expect(one["role_mappings"]).toMatchObject([{ entity: `of-${writer}/*`, role: "viewer" }]);
  });

  test("gives a role once, to whoever asks first", async () => {
    await createNamespace(api.services.db, "giver", new Date());
    await createNamespace(api.services.db, "guest", new Date());
    const answers = await all("namespace/giver/role", (writer) =>
      post({ other_namespace: "guest", role: writer % 2 === 0 ? "viewer" : "developer" }),
    );
    expect(statuses(answers)).toEqual([200, ...WRITERS.slice(1).map(() => 409)]);
    expect((await ask("namespace/giver/roles")).rows).toHaveLength(1);
  });
});

describe("an environment", () => {
  test("has every build that was asked for, each once, and shows one of them", async () => {
    const answers = await all("specification/", (writer) =>
      post({
        namespace: "busy",
        specification: `name: x\ndescription: of ${writer}\ndependencies: [python]\n`,
      }),
    );
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    const made = answers.map(({ one }) => one["build_id"] as number).sort((a, b) => a - b);
    const { rows, count } = await ask("build/?namespace=busy&name=x");
    expect([count, rows.map(({ id }) => id)]).toEqual([WRITERS.length, made]);
    const { one } = await ask("environment/busy/x/");
    expect(made).toContain(one["current_build_id"]);
    expect((await ask("environment/?namespace=busy")).count).toBe(1);
    expect((await ask("usage/")).one["busy"]).toMatchObject({
      num_environments: 1,
      num_builds: WRITERS.length,
    });
  });

  test("ends with the description of one writer", async () => {
    const answers = await all("environment/busy/x/", (writer) => put({ description: `by ${writer}` }));
    expect(new Set(statuses(answers))).toEqual(new Set([200]));
    const { one } = await ask("environment/busy/x/");
    expect(WRITERS.map((writer) => `by ${writer}`)).toContain(one["description"]);
  });
});

test("settings of one scope keep what each writer of another key set", async () => {
  const lists = [
    "conda_default_channels",
    "conda_allowed_channels",
    "conda_default_packages",
    "conda_included_packages",
    "conda_required_packages",
    "pypi_default_packages",
    "pypi_included_packages",
    "pypi_required_packages",
  ];
  const answers = await all("setting/many/", (writer) => put({ [lists[writer] ?? ""]: [`of-${writer}`] }));
  expect(new Set(statuses(answers))).toEqual(new Set([200]));
  expect((await ask("setting/many/")).one).toMatchObject(
    Object.fromEntries(lists.map((key, writer) => [key, [`of-${writer}`]])),
  );
});
