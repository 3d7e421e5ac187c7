import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressOfPlace, type Place, parsePlace } from "#ui/router.ts";

const parse = (address: string): Place => {
  const url = new URL(address, "https://host.example/ui/");
  return parsePlace(url.pathname.slice("/ui/".length), url.searchParams);
};

describe("addresses of the page", () => {
  it.each([
    ["", { page: "list" }],
    ["login", { page: "login", next: null }],
    ["login/?next=/ui/new", { page: "login", next: "/ui/new" }],
    ["new", { page: "create", from: null }],
    ["new?build=7", { page: "create", from: null }],
    ["new?namespace=team&build=7", { page: "create", from: { namespace: "team", buildId: 7 } }],
    ["team/demo", { page: "environment", namespace: "team", environment: "demo", buildId: null }],
    ["team/demo/?build=12", { page: "environment", namespace: "team", environment: "demo", buildId: 12 }],
    ["team/demo?build=0x1", { page: "environment", namespace: "team", environment: "demo", buildId: null }],
    ["team", { page: "not-found" }],
    ["a/b/c", { page: "not-found" }],
    ["a//b", { page: "not-found" }],
    ["%E0%A4%A/x", { page: "not-found" }],
  ])("%j is understood", (address, place) => {
    expect(parse(address)).toEqual(place);
  });

  it("lead where they were made for, whatever is in the names", async () => {
    const name = fc
      .string({ unit: fc.constantFrom(..."abcZ09-+_@$&?^~.="), minLength: 1, maxLength: 12 })
      .filter((text) => text !== "." && text !== "..");
    const buildId = fc.option(fc.integer({ min: 1, max: 2 ** 50 }));
    await fc.assert(
      fc.property(name, name, buildId, (namespace, environment, build) => {
        const place: Place = { page: "environment", namespace, environment, buildId: build };
        const change: Place = { page: "create", from: build === null ? null : { namespace, buildId: build } };

        expect(parse(addressOfPlace(place))).toEqual(place);
        expect(parse(addressOfPlace(change))).toEqual(change);
      }),
    );
  });
});
