import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addressOfPlace, environmentPlace, NO_FILTER, type Place, parsePlace } from "#ui/router.ts";

const parse = (address: string): Place => {
  const url = new URL(address, "https://host.example/ui/");
  return parsePlace(url.pathname.slice("/ui/".length), url.searchParams);
};

describe("addresses of the page", () => {
  it.each([
    ["", { page: "list", filter: NO_FILTER }],
    [
      "?search=x&status=FAILED&packages=numpy+dask",
      { page: "list", filter: { search: "x", status: "FAILED", packages: "numpy dask" } },
    ],
    ["login", { page: "login", next: null }],
    ["login/?next=/ui/new", { page: "login", next: "/ui/new" }],
    ["new", { page: "create", from: null }],
    ["new?build=7", { page: "create", from: null }],
    ["new?namespace=team&build=7", { page: "create", from: { namespace: "team", buildId: 7 } }],
    ["me", { page: "me" }],
    ["namespaces", { page: "namespaces" }],
    ["namespace?namespace=team", { page: "namespace", name: "team" }],
    ["namespace", { page: "not-found" }],
    ["settings", { page: "settings", namespace: "", environment: "" }],
    ["settings?environment=x", { page: "settings", namespace: "", environment: "" }],
    ["settings?namespace=team&environment=x", { page: "settings", namespace: "team", environment: "x" }],
    [
      "audit?namespace=team&since=2026-11-01",
      { page: "audit", filter: { namespace: "team", person: "", since: "2026-11-01", until: "" } },
    ],
    ["team/demo", environmentPlace("team", "demo")],
    ["team/demo/?build=12", environmentPlace("team", "demo", { buildId: 12 })],
    ["team/demo?build=0x1", environmentPlace("team", "demo")],
    ["team/demo?view=packages", environmentPlace("team", "demo", { view: "packages" })],
    ["team/demo?view=nothing", environmentPlace("team", "demo")],
    [
      "team/demo?view=history&from=3&to=4",
      environmentPlace("team", "demo", { view: "history", compare: [3, 4] }),
    ],
    ["team/demo?from=3&to=4", environmentPlace("team", "demo")],
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
        const compare = build === null ? null : ([build, 1] as const);
        const places: Place[] = [
          environmentPlace(namespace, environment, { buildId: build }),
          environmentPlace(namespace, environment, { view: "history", compare }),
          { page: "create", from: build === null ? null : { namespace, buildId: build } },
          { page: "namespace", name: namespace },
          { page: "settings", namespace, environment },
          { page: "list", filter: { search: environment, status: "", packages: namespace } },
        ];

        for (const place of places) expect(parse(addressOfPlace(place))).toEqual(place);
      }),
    );
  });
});
