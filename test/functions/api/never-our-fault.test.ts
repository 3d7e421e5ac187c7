import fc from "fast-check";
import * as v from "valibot";
import { expect, test } from "vitest";
import type { Route } from "#core/contract/route.ts";
import { ROUTES } from "#core/contract/routes.ts";
import { ErrorReply } from "#core/contract/shapes.ts";
import { createApp } from "#functions/api/app.ts";
import { toRequest } from "#functions/api/lambda.ts";
import { lambdaEvent } from "#test/kit/lambda-event.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { useApi } from "./use-api.ts";

const { api, admin } = useApi(useMiniStack());

const odd = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom(
    "",
    "0",
    "-1",
    "1e9",
    "9".repeat(30),
    "..",
    "%00",
    "\0",
    "null",
    "a".repeat(3000),
    "*",
    "__proto__",
  ),
);
const value = fc.oneof(odd, fc.jsonValue({ maxDepth: 2 }));

/** A request for a known route in which everything that a caller chooses is odd. */
const strange = fc.record({
  route: fc.constantFrom(...(ROUTES as readonly Route[])),
  params: fc.array(odd, { minLength: 2, maxLength: 2 }),
  query: fc.dictionary(
    fc.constantFrom(
      "page",
      "size",
      "order",
      "sort_by",
      "after",
      "wait",
      "search",
      "status",
      "next",
      "packages",
      "frozen",
      "x",
    ),
    odd,
  ),
  body: fc.oneof(
    fc
      .dictionary(
        fc.constantFrom(
          "specification",
          "namespace",
          "is_lockfile",
          "username",
          "password",
          "environment_name",
          "files",
          "clone_from",
          "frozen",
        ),
        value,
      )
      .map((body) => JSON.stringify(body)),
    odd,
  ),
  type: fc.constantFrom(
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "application/json; charset=latin1",
    "",
  ),
  credentials: fc.constantFrom("admin", "odd", "none"),
  authorization: fc.oneof(
    odd,
    odd.map((text) => `Bearer ${text}`),
    odd.map((text) => `Basic ${text}`),
  ),
});

test("whatever a caller sends, the answer is no fault of ours and has the one shape", async () => {
  const app = createApp(api.services);
  await fc.assert(
    fc.asyncProperty(strange, async ({ route, params, query, body, type, credentials, authorization }) => {
      const [first = "", second = ""] = params;
      const path = route.path
        .replace(/:(buildId|namespace)/, () => first)
        .replace(":environment", () => second);
      const header = /^[\x20-\x7e]*$/.test(authorization) ? authorization : "Bearer odd";
      const headers = {
        "content-type": type,
        ...(credentials === "admin" ? admin : credentials === "odd" ? { authorization: header } : {}),
      };
      const event = lambdaEvent({
        method: route.method.toUpperCase(),
        // As API Gateway does it: the path is decoded and ends at a question mark.
        rawPath: path.split("?")[0] ?? "",
        rawQueryString: new URLSearchParams(query).toString(),
        headers,
        body,
      });
      const response = await app.fetch(toRequest(event), {});
      const text = await response.text();
      // Nobody solves here: who waits for it is told that it goes on.
      const isWaiting = route.id === "solveSpecification" && response.status === 503;
      if (!isWaiting) expect(response.status, text).toBeLessThan(500);
      if (response.status >= 400) expect(v.is(ErrorReply, JSON.parse(text)), text).toBe(true);
    }),
    { numRuns: 400 },
  );
  const faults = api.lines.filter(({ level }) => level === "error");
  expect(faults.filter((line) => !JSON.stringify(line).includes("The solve takes longer"))).toEqual([]);
});

test("no answer repeats what was sent as a password or in its place", async () => {
  const secret = "hunter2-hunter2";
  for (const route of (ROUTES as readonly Route[]).filter((each) => each.body)) {
    for (const field of Object.keys(route.body?.schema.entries ?? {})) {
      for (const sent of [[secret], { [secret]: secret }]) {
        const response = await api.request(route.path.replace(/:\w+/g, "1"), {
          method: route.method.toUpperCase(),
          headers: { "content-type": "application/json", ...admin },
          body: JSON.stringify({ [field]: sent }),
        });
        // 404: metadata may be any object, and there is no such namespace.
        expect([404, 422]).toContain(response.status);
        expect(await response.text()).not.toContain(secret);
      }
    }
  }
});
