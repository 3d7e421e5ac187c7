/**
 * What lists make of parameters that nobody meant: every list of the contract, whatever it lists.
 */
import { describe, expect, test } from "vitest";
import type { Route } from "#core/contract/route.ts";
import { ROUTES } from "#core/contract/routes.ts";
import { PAGE_SIZE_MAX } from "#core/contract/shapes.ts";
import { post, put } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { useWorld } from "./use-api.ts";

const { api, admin, world } = useWorld(useMiniStack());

const LISTS = (ROUTES as readonly Route[]).filter(
  ({ query: { entries } }) => "page" in entries || "cursor" in entries,
);
const having = (...names: string[]) =>
  LISTS.flatMap((route) =>
    names.filter((name) => name in route.query.entries).map((name) => [route.id, name, route] as const),
  );

/** Lists by a cursor need not count: that would be to read all that lies behind it. */
function nothing({ reply }: Route): object {
  const counts = reply !== null && "entries" in reply && "count" in (reply.entries as object);
  return { http: 200, data: [], ...(counts ? { count: 0 } : {}) };
}

interface Reply {
  readonly data: readonly { readonly id: number | string }[];
  readonly count: number;
  readonly message: string | null;
  readonly detail?: unknown;
}

/** What a list has to be told before it lists anything: what a test asks comes behind, and counts. */
const NAMED: Readonly<Record<string, string>> = { listPackageBuilds: "name=no-such&" };

async function ask(route: Route, query: string) {
  const path = route.path.replace(":buildId", String(world.completed));
  const response = await api.request(`${path}/?${NAMED[route.id] ?? ""}${query}`, { headers: admin });
  const reply = (await response.json()) as Reply;
  return { ...reply, http: response.status };
}
const ids = ({ data }: Pick<Reply, "data">) => data.map(({ id }) => id);

test("there are lists to ask", () => {
  expect(LISTS.map(({ id }) => id)).toEqual(
    expect.arrayContaining([
      ...["listNamespaces", "listEnvironments", "listBuilds", "listBuildPackages"],
      ...["listEnvironmentsByCursor", "listTokens", "listAudit"],
    ]),
  );
});

describe.each(having("page", "size", "limit"))("%s: %s", (_, name, route) => {
  const nonsense = [
    "nonsense",
    "-1",
    "0",
    "+1",
    "1.5",
    "1e3",
    "0x10",
    "9".repeat(30),
    "NaN",
    "%201",
    "%00",
    "١",
  ];
  test.each([...nonsense, ""])("%j is refused with its name", async (value) => {
    const reply = await ask(route, `${name}=${value}&x=`);
    expect(reply).toMatchObject({ http: 422, status: "error", code: "invalid_parameter" });
    expect(reply.message).toContain(`${name} must be a whole number from 1`);
    expect(reply.detail).toMatchObject([{ loc: ["query", name] }]);
  });

  test("the last of several counts, and one slash at the end is not part of it", async () => {
    expect((await ask(route, `${name}=nonsense&${name}=1`)).http).toBe(200);
    expect((await ask(route, `${name}=1&${name}=nonsense`)).http).toBe(422);
    expect((await ask(route, `${name}=1/`)).http).toBe(200);
    expect((await ask(route, `${name}=1//`)).http).toBe(422);
  });
});

describe.each(LISTS.map((route) => [route.id, route] as const))("%s", (_, route) => {
  test("pages far behind the last are empty, pages that are too large are cut", async () => {
    const { entries } = route.query;
    if ("page" in entries) {
      const { data, count } = await ask(route, "page=1000000&size=100");
      expect(data).toEqual([]);
      expect(count).toBe((await ask(route, "page=1&size=1")).count);
      expect(await ask(route, "size=1000000000")).toMatchObject({ http: 200, size: PAGE_SIZE_MAX });
    } else {
      expect((await ask(route, "limit=1000000000")).http).toBe(200);
    }
  });

  test("what it does not know is passed over", async () => {
    const plain = await ask(route, "");
    const odd = await ask(route, "__proto__=1&constructor=2&toString=3&x[]=4&&&=&a=b=c");
    expect(ids(odd)).toEqual(ids(plain));
  });
});

describe.each(having("status", "artifact"))("%s: %s", (_, name, route) => {
  test.each(["", "nonsense", "completed", "COMPLETED,FAILED", "null", "0"])(
    "%j is refused",
    async (value) => {
      expect(await ask(route, `${name}=${value}&x=`)).toMatchObject({ http: 422, code: "invalid_parameter" });
    },
  );
});

describe.each(having("namespace", "name", "person"))("%s: %s", (_, name, route) => {
  test("empty, as a form sends it, means any, unless one must be named", async () => {
    const empty = await ask(route, `${name}=&x=`);
    if (NAMED[route.id]?.startsWith(`${name}=`)) expect(empty.http).toBe(422);
    else expect(ids(empty)).toEqual(ids(await ask(route, "")));
  });

  test.each(["no-such", "%25", "_", "*", "te*", "a%2Fb", "team%23", "%00", "ünï", "a".repeat(256)])(
    "%s is a name like any other, and nothing has it",
    async (value) => {
      expect(await ask(route, `${name}=${value}`)).toMatchObject(nothing(route));
    },
  );

  test("what is longer than any name is refused", async () => {
    expect(await ask(route, `${name}=${"a".repeat(3000)}`)).toMatchObject({
      http: 422,
      code: "invalid_parameter",
    });
  });
});

describe.each(having("packages"))("%s: %s", (_, _name, route) => {
  test("a name that is sent twice counts once, and all that are sent must be there", async () => {
    const one = ids(await ask(route, "packages=numpy"));
    expect(one.length).toBeGreaterThan(0);
    expect(ids(await ask(route, "packages=numpy&packages=numpy&packages=zlib"))).toEqual(one);
    expect(ids(await ask(route, "packages=numpy&packages=no-such"))).toEqual([]);
    expect(ids(await ask(route, "packages=numpy%3E%3D2,%3C3"))).toEqual(one);
    expect(ids(await ask(route, "packages=numpy%3C2"))).toEqual([]);
    for (const nobodys of ["a".repeat(3000), "", ".*", "%25", "%D0%BF%D0%B0%D0%BA%D0%B5%D1%82", "a%23b"]) {
      expect(ids(await ask(route, `packages=${nobodys}`))).toEqual([]);
    }
  });
});

describe.each(having("search"))("%s: %s", (_, _name, route) => {
  // Of packages nobody asks for longer names than there are: that is refused.
  const long = "a".repeat(route.id === "listPackages" ? 200 : 3000);
  test.each(["%25", "_", ".*", "(", "%00", long])("%j is text, no pattern", async (text) => {
    expect(await ask(route, `search=${text}`)).toMatchObject(nothing(route));
  });
});

describe("an id in a path", () => {
  const missing = ["0", "-1", "9007199254740992", "9".repeat(30), "-9223372036854775808"];
  test.each(missing)("%s is a number that no build has", async (id) => {
    for (const path of ["", "packages/", "logs/", "archive/", "yaml/", "lockfile/"]) {
      const response = await api.request(`/api/v1/build/${id}/${path}`, { headers: admin });
      expect([id, path, response.status]).toEqual([id, path, 404]);
    }
  });

  test.each(["1.0", "1e1", "0x1", "one", "+1", "%201", "1;2", "١"])("%s is no number", async (id) => {
    const response = await api.request(`/api/v1/build/${id}/`, { headers: admin });
    expect(response.status).toBe(422);
  });
});

describe("a list where an object is wanted", () => {
  const team = "/api/v1/namespace/team";
  test.each<[string, object]>([
    ["metadata", { metadata: [] }],
    ["roles of a namespace", { role_mappings: [] }],
    ["roles with content", { role_mappings: [["admin"]] }],
  ])("is refused as %s, and changes nothing", async (_, body) => {
    const before = await (await api.request(`${team}/`, { headers: admin })).json();
    const response = await api.request(`${team}/`, {
      ...put(body),
      headers: { ...put(body).headers, ...admin },
    });
    expect(response.status).toBe(422);
    expect(await (await api.request(`${team}/`, { headers: admin })).json()).toEqual(before);
  });

  test("is refused as roles of a token", async () => {
    expect((await api.request("/api/v1/token/", post({ role_bindings: [] }, admin))).status).toBe(422);
  });
});

test.each<[string, string]>([
  ["namespace/team/", '{"role_mappings": {"constructor": ["viewer"]}}'],
  ["namespace/team/", '{"metadata": {"a": {"__proto__": 1}}}'],
  ["namespace/team/metadata/", '{"a": 1, "prototype": 2}'],
  ["setting/", '{"__proto__": {"builds_kept": 1}}'],
])(
  "a key that could not be kept is refused, and the rest is not done without it: %s %s",
  async (path, body) => {
    const team = async () => await (await api.request("/api/v1/namespace/team/", { headers: admin })).json();
    const roles = { role_mappings: { "team/*": ["viewer"] } };
    await api.request("/api/v1/namespace/team/", {
      ...put(roles),
      headers: { ...put(roles).headers, ...admin },
    });
    const before = await team();
    const response = await api.request(`/api/v1/${path}`, {
      method: "PUT",
      body,
      headers: { "content-type": "application/json", ...admin },
    });
    expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_request" }]);
    expect(await team()).toEqual(before);
  },
);

test.each<[string, string, string, string]>([
  ["half a character", "POST", "token/", '{"name": "\\ud800"}'],
  ["half a character", "PUT", "namespace/team/metadata/", '{"a": ["\\udfff"]}'],
  ["half a character", "PUT", "namespace/team/metadata/", '{"\\ud800": 1}'],
  ["half a character", "POST", "specification/", '{"specification": "name: \\ud800"}'],
  ["a body without end", "PUT", "namespace/team/metadata/", `${'{"a":'.repeat(9000)}1${"}".repeat(9000)}`],
  ["a body without end", "POST", "token/", `{"name": ${"[".repeat(5000)}${"]".repeat(5000)}}`],
])("%s is the caller's fault: %s %s", async (_, method, path, body) => {
  const headers = { "content-type": "application/json", ...admin };
  const response = await api.request(`/api/v1/${path}`, { method, body, headers });
  expect([response.status, await response.json()]).toMatchObject([400, { code: "invalid_request" }]);
});

test("a token never carries a name that is too long to be looked up", async () => {
  const long = "a".repeat(3000);
  for (const body of [{ primary_namespace: long }, { role_bindings: { [`${long}/*`]: ["viewer"] } }]) {
    expect((await api.request("/api/v1/token/", post(body, admin))).status).toBe(400);
  }
});
