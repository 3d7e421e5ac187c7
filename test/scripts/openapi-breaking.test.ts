import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openApiDocument, RELEASED_FILE } from "#scripts/openapi.ts";
import { breakingChanges } from "#scripts/openapi-breaking.ts";

const today = openApiDocument();

test("today's contract breaks no client of the last release", () => {
  const released = JSON.parse(readFileSync(RELEASED_FILE, "utf8"));
  const advice = "keep it, or say so below Changed in the changelog and run `npm run openapi -- --release`";
  expect(breakingChanges(released, today), advice).toEqual([]);
});

const LIST = ["paths", "/api/v1/build/", "get", "parameters"];
const ONE = ["paths", "/api/v1/build/{buildId}/"];
const YAML = ["paths", "/api/v1/build/{buildId}/yaml/", "get", "responses", "307"];
const NAMESPACE = ["components", "schemas", "Namespace"];
const POST = ["paths", "/api/v1/specification/", "post", "requestBody", "content"];
const POSTED = [...POST, "application/json", "schema"];
const FORM = "application/x-www-form-urlencoded";

/** Today's document with another value at a place, or with nothing there; `=page` is the parameter of that name. */
function changed(...changes: (readonly [place: readonly string[], value: unknown])[]) {
  const document = structuredClone(today) as Record<string, unknown>;
  for (const [place, value] of changes) {
    const [last = "", ...way] = place.toReversed();
    const holder = way.toReversed().reduce<Record<string, unknown>>((found, key) => {
      const named = (each: { name: string }): boolean => each.name === key.slice(1);
      const next = Array.isArray(found) && key.startsWith("=") ? found.find(named) : found[key];
      if (next === undefined) throw new Error(`nothing at ${key} of ${place.join(" ")}`);
      return next;
    }, document);
    if (value === undefined) delete holder[last];
    else holder[last] = value;
  }
  return document;
}

describe("a change is told in a sentence", () => {
  test.each<[string, readonly string[], unknown]>([
    ["GET /api/v1/build/{buildId}/ is gone", [...ONE, "get"], undefined],
    ["GET /api/v1/build/: status is no longer read", [...LIST, "=status", "name"], "state"],
    ["GET /api/v1/build/: page must be sent", [...LIST, "=page", "required"], true],
    ["GET /api/v1/build/: page: maximum is 5", [...LIST, "=page", "schema", "maximum"], 5],
    ["GET /api/v1/build/: page: integer became string", [...LIST, "=page", "schema", "type"], "string"],
    ["GET /api/v1/build/: status: FAILED is refused", [...LIST, "=status", "schema", "enum"], ["QUEUED"]],
    [
      "GET /api/v1/namespace/{namespace}/: 200.data.name is gone",
      [...NAMESPACE, "properties", "name"],
      undefined,
    ],
    [
      "GET /api/v1/namespace/{namespace}/: 200.data.id: number became string",
      [...NAMESPACE, "properties", "id", "type"],
      "string",
    ],
    ["GET /api/v1/namespace/{namespace}/: 200.data: name may be missing", [...NAMESPACE, "required"], ["id"]],
    ["GET /api/v1/build/{buildId}/yaml/: 307 is no longer answered", YAML, undefined],
    [
      `POST /login/: a body is no longer read as ${FORM}`,
      ["paths", "/login/", "post", "requestBody", "content", FORM],
      undefined,
    ],
    ["POST /api/v1/specification/: namespace must be sent", [...POSTED, "required"], ["namespace"]],
    [
      "POST /api/v1/specification/.is_lockfile is no longer read",
      [...POSTED, "properties", "is_lockfile"],
      undefined,
    ],
  ])("%s", (sentence, place, value) => {
    expect(breakingChanges(today, changed([place, value]))).toContain(sentence);
  });

  test("and what only adds is none", () => {
    const richer = changed(
      [["paths", "/api/v1/new/"], {}],
      [
        [...LIST, "=status", "schema", "enum"],
        ["QUEUED", "BUILDING", "COMPLETED", "FAILED", "CANCELED", "PAUSED"],
      ],
      [[...LIST, "=page", "schema", "maximum"], 10_000_000],
      [[...NAMESPACE, "properties", "more"], { type: "string" }],
      [[...POSTED, "properties", "more"], { type: "string" }],
    );
    expect(breakingChanges(today, richer)).toEqual([]);
  });
});
