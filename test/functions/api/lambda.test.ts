import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodePath, toRequest, toResult } from "#functions/api/lambda.ts";
import { lambdaEvent } from "#test/kit/lambda-event.ts";

describe("the path that API Gateway decoded reads as it was sent", () => {
  const segment = fc
    .string({ unit: "binary" })
    .filter((text) => !text.includes("/") && text !== "." && text !== "..");
  test("for any segments without a slash", () => {
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
        const wellFormed = segments.map((each) => each.toWellFormed());
        const { pathname } = new URL(toRequest(lambdaEvent({ rawPath: `/${segments.join("/")}` })).url);
        expect(pathname.slice(1).split("/").map(decodeURIComponent)).toEqual(wellFormed);
      }),
    );
  });

  test.each([
    ["/api/v1/environment/a b/50%/", "/api/v1/environment/a%20b/50%25/"],
    ["/a#b", "/a%23b"],
    ["/%2e%2e/x", "/%252e%252e/x"],
    ["", "/"],
    ["/\ud800", "/%EF%BF%BD"],
  ])("%j", (raw, encoded) => {
    expect(encodePath(raw)).toBe(encoded);
  });
});

test.each(["TRACE", "CONNECT", "TRACK"])(
  "%s, which no Request can have, is a method that nothing has",
  (method) => {
    const request = toRequest(lambdaEvent({ method, rawPath: "/api/v1/" }));
    expect([request.method, new URL(request.url).pathname]).toEqual([`NO-${method}`, "/api/v1/"]);
  },
);

test("method, headers, cookies, query and body arrive as they were sent", async () => {
  const request = toRequest(
    lambdaEvent({
      method: "POST",
      rawPath: "/login/",
      rawQueryString: "next=%2Fx&b=2/",
      headers: { "content-type": "application/json", "x-forwarded-proto": "https", host: "store.example" },
      cookies: ["a=1", "b=2"],
      body: Buffer.from('{"ü":1}').toString("base64"),
      isBase64Encoded: true,
    }),
  );
  expect(request.method).toBe("POST");
  expect(request.headers.get("cookie")).toBe("a=1; b=2");
  expect(new URL(request.url).protocol).toBe("https:");
  expect(new URL(request.url).search).toBe("?next=%2Fx&b=2/");
  expect(await request.json()).toEqual({ ü: 1 });
});

test("plain http is only believed where the door says so", () => {
  expect(toRequest(lambdaEvent()).url).toMatch(/^https:/);
  expect(toRequest(lambdaEvent({ headers: { "x-forwarded-proto": "http" } })).url).toMatch(/^http:/);
});

test("text goes out as text, bytes and compressed text in base64, each cookie by itself", async () => {
  const json = new Response('{"a":"ü"}', { status: 201, headers: { "content-type": "application/json" } });
  json.headers.append("set-cookie", "a=1; Path=/");
  json.headers.append("set-cookie", "b=2; Path=/");
  expect(await toResult(json)).toEqual({
    statusCode: 201,
    headers: { "content-type": "application/json" },
    cookies: ["a=1; Path=/", "b=2; Path=/"],
    body: '{"a":"ü"}',
    isBase64Encoded: false,
  });
  const bytes = Uint8Array.of(0, 255, 128);
  for (const headers of [
    { "content-type": "image/png" },
    { "content-type": "text/css", "content-encoding": "gzip" },
  ]) {
    const result = await toResult(new Response(bytes, { headers }));
    expect(result.isBase64Encoded).toBe(true);
    expect(Buffer.from(result.body ?? "", "base64")).toEqual(Buffer.from(bytes));
  }
});
