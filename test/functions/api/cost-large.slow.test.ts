/**
 * What requests cost in a store of 100 environments and in one of 10,000, made by the adapters' own writers: calls and read
 * units by the formulas of docs/access-patterns.md, whose numbers stand in the names. Over dynoxide, because MiniStack would take an hour.
 */
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDb } from "#adapters/dynamodb/db.ts";
import { createTable, type LocalDynamodb, startLocalDynamodb } from "#bench/api/local-dynamodb.ts";
import { type Api, bearer, openApi, post } from "#test/kit/api.ts";
import { type Meter, meter } from "#test/kit/meter.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const PER_NAMESPACE = 1000;
const HOUR_MS = 3_600_000;
const units = (bytes: number): number => Math.ceil(bytes / 4096);
/** Bytes of rows, as the document has them. */
const NAMESPACE_ROW = 130;
const ENVIRONMENT_ROW = 350;
const BUILD_ROW = 150;

let dynamodb: LocalDynamodb;
beforeAll(async () => {
  dynamodb = await startLocalDynamodb(aws.endpoint);
});
afterAll(() => dynamodb?.stop());

describe.each([100, 10_000])("with %i environments", (environments) => {
  let api: Api;
  let spent: Meter;
  let admin: Record<string, string>;
  const namespaces = Math.ceil(environments / PER_NAMESPACE);
  const each = environments / namespaces;

  beforeAll(async () => {
    const table = `large-${environments}`;
    await createTable(new DynamoDBClient({ endpoint: dynamodb.endpoint }), table);
    const db = openDb({ table, endpoint: dynamodb.endpoint });
    // Two posts into one namespace at once would conflict and be tried again.
    await Promise.all(
      Array.from({ length: namespaces }, async (_, n) => {
        for (let i = 0; i < each; i++) {
          await submitted(db, { namespace: `namespace-${n}`, environment: `environment-${i}` });
        }
      }),
    );
    api = openApi(aws, { db });
    admin = bearer(await api.token({ "*/*": ["admin"] }));
    spent = meter(db);
  }, HOUR_MS);

  const A = "/api/v1";
  const row = units(NAMESPACE_ROW * namespaces);
  const list = { calls: 2, most: row + units(ENVIRONMENT_ROW * 100) };
  test.each([
    ["a page of all environments (5)", `${A}/environment/?page=1&size=100`, list],
    [
      "a cursor's page of all environments, which come by id (6)",
      "/api/v2/environment/?limit=100",
      { calls: 1 + namespaces, most: row + namespaces * units(ENVIRONMENT_ROW * each) },
    ],
    [
      "a page of one namespace's environments (4)",
      `${A}/environment/?namespace=namespace-0&size=100`,
      { calls: 2, most: 1 + units(ENVIRONMENT_ROW * 100) },
    ],
    ["one environment (3)", `${A}/environment/namespace-0/environment-7/`, { calls: 1, most: 1 }],
    ["the namespaces (2)", `${A}/namespace/`, { calls: 1, most: row }],
    ["its packages (11)", `${A}/build/7/packages/?size=100`, { calls: 1, most: 1 }],
    [
      "one environment's builds (23)",
      `${A}/build/?namespace=namespace-0&name=environment-7&order=desc&sort_by=scheduled_on`,
      { calls: 3, most: 1 + units(BUILD_ROW * 100) + 1 },
    ],
    ["what each namespace holds (41)", `${A}/usage/`, { calls: 2, most: row + namespaces }],
  ])("%s costs what the document says", async (_, path, { calls, most }) => {
    spent.reset();

    expect((await api.request(path, { headers: admin })).status).toBe(200);

    expect(spent.commands).toHaveLength(calls);
    expect(spent.readUnits).toBeLessThanOrEqual(most);
  });

  test("a specification posted costs the same number of calls (16, 27)", async () => {
    const specification = "name: posted\ndependencies: [python]\n";
    const init = post({ namespace: "namespace-0", specification });
    const headers = { ...(init.headers as Record<string, string>), ...admin };
    spent.reset();

    expect((await api.request(`${A}/specification/`, { ...init, headers })).status).toBe(200);

    expect(spent.commands.length).toBeLessThanOrEqual(5);
    expect(spent.readUnits).toBeLessThanOrEqual(6);
  });
});
