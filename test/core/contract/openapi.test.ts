import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { PERMISSIONS } from "#core/access/permission.ts";
import type { Route } from "#core/contract/route.ts";
import { ROUTES } from "#core/contract/routes.ts";
import { apiPageText } from "#scripts/api-page.ts";
import { API_PAGE_FILE, OPENAPI_FILE, openApiDocument, openApiText } from "#scripts/openapi.ts";

type Json = Record<string, unknown>;
const document = openApiDocument();
const paths = document["paths"] as Record<string, Record<string, Json>>;

test("the published document and its page are made from the routes of today", () => {
  expect(readFileSync(OPENAPI_FILE, "utf8"), "run `npm run openapi`").toBe(openApiText());
  expect(readFileSync(API_PAGE_FILE, "utf8"), "run `npm run openapi`").toBe(apiPageText(document));
});

describe.each(ROUTES.map((route) => [route.id, route as Route] as const))("%s", (_, route) => {
  const operations = [route.path, ...route.aliases].map(
    (path) => paths[`${path.replace(/:(\w+)/g, "{$1}")}/`]?.[route.method],
  );

  test("is in the document at each of its spellings", () => {
    expect(operations.every((operation) => operation !== undefined)).toBe(true);
  });

  test("declares each parameter of its path", () => {
    const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name).sort();
    expect(Object.keys(route.params.entries).sort()).toEqual(inPath);
    const declared = (operations[0]?.["parameters"] as Json[] | undefined) ?? [];
    expect(declared.filter((each) => each["in"] === "path").map((each) => each["name"])).toHaveLength(
      inPath.length,
    );
  });

  test("says how it succeeds and which permission it asks for", () => {
    const statuses = Object.keys(operations[0]?.["responses"] as Json);
    expect(statuses.some((status) => status.startsWith("2") || status.startsWith("3"))).toBe(true);
    const { access } = route;
    expect(operations[0]?.["x-permission"] !== undefined).toBe(access.kind !== "open");
    if (access.kind !== "open") expect(PERMISSIONS).toContain(access.permission);
  });
});

test("every reference in the document leads to a schema", () => {
  const { schemas } = document["components"] as { schemas: Json };
  const references = [...openApiText().matchAll(/"\$ref": "([^"]+)"/g)].map(([, target]) => target ?? "");
  expect(references.length).toBeGreaterThan(10);
  for (const target of references)
    expect(schemas).toHaveProperty(target.replace("#/components/schemas/", ""));
});

test("operations have names of their own", () => {
  const names = Object.values(paths).flatMap((operations) =>
    Object.values(operations).map((each) => each["operationId"]),
  );
  expect(new Set(names).size).toBe(names.length);
});

test("two routes never claim the same method and path", () => {
  const claims = (ROUTES as readonly Route[]).flatMap(({ method, path, aliases }) =>
    [path, ...aliases].map((each) => `${method} ${each}`),
  );
  expect(new Set(claims).size).toBe(claims.length);
});
