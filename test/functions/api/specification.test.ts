import { createHash } from "node:crypto";
import * as v from "valibot";
import { beforeAll, describe, expect, test } from "vitest";
import { ErrorReply } from "#core/contract/shapes.ts";
import { type Api, bearer, openApi, post } from "#test/kit/api.ts";
import { auditTable } from "#test/kit/audit.ts";
import { everythingIn } from "#test/kit/everything.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
let api: Api;
let admin: Record<string, string>;

beforeAll(async () => {
  api = openApi(aws, { allowPrivateHosts: ["127.0.0.1:8081"] });
  admin = bearer(await api.token({ "*/*": ["admin"] }));
});

const PATH = "/api/v1/specification/";
const submit = (specification: unknown, more: object = {}, headers = admin) =>
  api.request(PATH, post({ specification, ...more }, headers));

const everything = () => everythingIn(api.services.db);

async function refused(response: Response, status: number, code: string, says: RegExp): Promise<void> {
  const body: unknown = await response.json();
  expect(response.status, JSON.stringify(body)).toBe(status);
  const reply = v.parse(ErrorReply, body);
  expect(reply).toMatchObject({ status: "error", code });
  expect(reply.message).toMatch(says);
  // One clear message: no stack, no internals, not a page of it.
  expect(reply.message).not.toMatch(/ at .*\.ts|node_modules|undefined|\[object/);
  expect(reply.message.length).toBeLessThan(3000);
}

const named = (name: string): string =>
  `name: ${JSON.stringify(name)}\nchannels: [conda-forge]\ndependencies: [python]\n`;
const depends = (dependencies: string): string =>
  `name: demo\nchannels: [conda-forge]\ndependencies: ${dependencies}\n`;
const from = (channel: string): string =>
  `name: demo\nchannels: [${JSON.stringify(channel)}]\ndependencies: [python]\n`;
const LOCKFILE = JSON.stringify({
  metadata: {
    content_hash: { "linux-64": "a".repeat(64) },
    channels: [{ url: "conda-forge", used_env_vars: [] }],
    platforms: ["linux-64"],
    sources: ["environment.yaml"],
  },
  package: [
    {
      name: "zlib",
      version: "1.2.13",
      manager: "conda",
      platform: "linux-64",
      dependencies: {},
      url: "https://conda.anaconda.org/conda-forge/linux-64/zlib-1.2.13-h166bdaf_4.tar.bz2",
      hash: { md5: "4b11e365c0275b808be78b30f904e295", sha256: "b".repeat(64) },
      category: "main",
      optional: false,
    },
  ],
});
const bomb = (): string => {
  const levels = Array.from(
    { length: 12 },
    (_, n) => `l${n + 1}: &l${n + 1} [${Array(10).fill(`*l${n}`).join(",")}]`,
  );
  return ["l0: &l0 [x,x,x,x,x,x,x,x,x,x]", ...levels, "name: demo", "dependencies: *l12"].join("\n");
};

describe("a specification that cannot be built is refused with a sentence, and leaves nothing behind", () => {
  test.each<[string, string, number, string, RegExp]>([
    ["nothing", "", 400, "invalid_specification", /valid dictionary/],
    ["not YAML", "name: [", 400, "invalid_specification", /Unable to parse. Invalid YAML/],
    [
      "a tab for indentation",
      "name: demo\ndependencies:\n\t- python",
      400,
      "invalid_specification",
      /Invalid YAML/,
    ],
    ["a scalar", "just words", 400, "invalid_specification", /valid dictionary/],
    ["a list", "- a\n- b", 400, "invalid_specification", /valid dictionary/],
    ["an unknown tag", "name: !!python/object:os.system demo", 400, "invalid_specification", /./],
    ["aliases that explode", bomb(), 400, "invalid_specification", /./],
    ["a NUL", "name: de\0mo", 400, "invalid_specification", /./],
    ["no name", "dependencies: [python]", 400, "invalid_specification", /Field required .*'name'/],
    [
      "a number as name",
      "name: 1.5\ndependencies: [python]",
      400,
      "invalid_specification",
      /valid string .*'name'/,
    ],
    ["a name with a slash", named("a/b"), 400, "invalid_specification", /should match pattern/],
    ["the name ..", named(".."), 400, "invalid_name", /must not be/],
    ["a name with ?", named("a?b"), 400, "invalid_name", /must not contain/],
    ["a name of 600 characters", named("n".repeat(600)), 400, "invalid_name", /longer than 256/],
    ["a name with a line feed", named("a\nb"), 400, "invalid_specification", /should match pattern/],
    ["a name with a control character", named("a\u0007b"), 400, "invalid_specification", /./],
    ["dependencies that are null", depends("null"), 400, "invalid_specification", /valid list/],
    ["dependencies that are a text", depends("python"), 400, "invalid_specification", /valid list/],
    ["a dependency that is a number", depends("[3]"), 400, "invalid_specification", /'dependencies', 0/],
    ["a dependency that is null", depends("[null]"), 400, "invalid_specification", /'dependencies', 0/],
    ["a dependency that is a list", depends("[[python]]"), 400, "invalid_specification", /'dependencies', 0/],
    ["a dependency that is no match spec", depends('["numpy=="]'), 400, "invalid_specification", /numpy==/],
    ["pip that is a text", depends("[{pip: flask}]"), 400, "invalid_specification", /'pip'/],
    [
      "pip with an unknown option",
      depends('[{pip: ["--find-links x"]}]'),
      400,
      "invalid_specification",
      /--find-links/,
    ],
    ["pip from a directory", depends('[{pip: ["-e ."]}]'), 400, "invalid_specification", /-e \./],
    [
      "pip from this machine",
      depends('[{pip: ["x @ http://127.0.0.1/x.whl"]}]'),
      400,
      "invalid_specification",
      /127\.0\.0\.1/,
    ],
    [
      "a pip index inside the network",
      depends('[{pip: ["--index-url http://10.0.0.1/"]}]'),
      400,
      "invalid_specification",
      /10\.0\.0\.1/,
    ],
    ["a channel that is a file", from("file:///etc"), 400, "invalid_specification", /./],
    [
      "a channel at the credentials' address",
      from("http://169.254.170.2"),
      400,
      "invalid_specification",
      /169\.254\.170\.2/,
    ],
    ["a channel on this machine", from("http://localhost/x"), 400, "invalid_specification", /localhost/],
    [
      "a channel on this machine in other words",
      from("http://[::ffff:127.0.0.1]/x"),
      400,
      "invalid_specification",
      /./,
    ],
    [
      "a channel that is not listed",
      depends('["other::python"]'),
      400,
      "invalid_specification",
      /not listed/,
    ],
    [
      "a dependency for another platform",
      depends('["conda-forge/osx-64::python"]'),
      400,
      "invalid_specification",
      /osx-64/,
    ],
    ["a lockfile that does not say so", LOCKFILE, 400, "invalid_specification", /is_lockfile: true/],
    [
      "a lockfile's document without a lockfile",
      "name: demo\nlockfile: []\n",
      400,
      "invalid_specification",
      /valid dictionary .*'lockfile'/,
    ],
    [
      "tests with a typing error",
      `${named("demo")}tests: {import: [numpy]}\n`,
      400,
      "invalid_specification",
      /use imports, commands, notebooks/,
    ],
    [
      "a test notebook inside the network",
      `${named("demo")}tests: {notebooks: [{url: "https://10.0.0.1/x", sha256: "${"a".repeat(64)}"}]}\n`,
      400,
      "invalid_specification",
      /10\.0\.0\.1/,
    ],
    [
      "variables that are a list",
      "name: demo\ndependencies: [python]\nvariables: [a]",
      400,
      "invalid_specification",
      /variables/,
    ],
  ])("%s", async (_, text, status, code, says) => {
    const before = await everything();
    await refused(await submit(text, { namespace: "nowhere" }), status, code, says);
    expect(await everything()).toEqual(before);
  });

  test("a channel that the settings do not allow", async () => {
    const strict = openApi(aws, {
      settings: { ...api.services.settings, conda_allowed_channels: ["conda-forge"] },
    });
    const token = bearer(await strict.token({ "*/*": ["admin"] }));
    const response = await strict.request(
      PATH,
      post({ specification: from("main"), namespace: "nowhere" }, token),
    );
    await refused(response, 400, "setting_violated", /main.* not allowed/);
  });

  test.each<[string, unknown, object, number, string, RegExp]>([
    ["without a name", LOCKFILE, {}, 400, "invalid_name", /environment_name/],
    ["that is none", "words", { environment_name: "x" }, 400, "invalid_specification", /valid dictionary/],
    [
      "for another platform",
      LOCKFILE.replaceAll("linux-64", "win-64"),
      { environment_name: "x" },
      400,
      "invalid_specification",
      /no package for linux-64/,
    ],
    [
      "that is too large",
      " ".repeat(2 * 1024 * 1024 + 1),
      { environment_name: "x" },
      413,
      "body_too_large",
      /2048 KiB/,
    ],
    ["that is an object", {}, { environment_name: "x" }, 422, "invalid_parameter", /must be a string/],
  ])("a lockfile %s", async (_, text, more, status, code, says) => {
    const before = await everything();
    const response = await submit(text, { is_lockfile: true, namespace: "nowhere", ...more });
    await refused(response, status, code, says);
    expect(await everything()).toEqual(before);
  });

  test("a lockfile whose packages the table cannot hold", async () => {
    const { package: packages, ...rest } = JSON.parse(LOCKFILE);
    // Hashes that compress as badly as real ones.
    const many = Array.from({ length: 6000 }, (_, n) => ({
      ...packages[0],
      name: `p${n}`,
      hash: { sha256: createHash("sha256").update(`${n}`).digest("hex") },
      url: `https://a.org/linux-64/p-1-${createHash("sha256").update(`u${n}`).digest("hex")}.conda`,
    }));
    const before = await everything();
    const text = JSON.stringify({ ...rest, package: many });
    const response = await submit(text, { is_lockfile: true, environment_name: "x", namespace: "nowhere" });
    await refused(response, 400, "invalid_request", /too large.*compressed/);
    expect(await everything()).toEqual(before);
  });

  test("a lockfile of a channel that the settings do not allow", async () => {
    const strict = openApi(aws, {
      settings: { ...api.services.settings, conda_allowed_channels: ["bioconda"] },
    });
    const token = bearer(await strict.token({ "*/*": ["admin"] }));
    const body = { specification: LOCKFILE, is_lockfile: true, environment_name: "x", namespace: "nowhere" };
    const before = await everything();
    await refused(await strict.request(PATH, post(body, token)), 400, "setting_violated", /not allowed/);
    expect(await everything()).toEqual(before);
  });

  test("a namespace that is none", async () => {
    await refused(await submit(named("demo"), { namespace: "a/b" }), 400, "invalid_name", /namespace/i);
    await refused(await submit(named("demo"), { namespace: "n".repeat(256) }), 400, "invalid_name", /255/);
  });
});

describe("a request that is no specification at all is refused before anything is read", () => {
  const json = { "content-type": "application/json" };
  test.each<[string, RequestInit, number, string, RegExp]>([
    ["no body", { method: "POST", headers: json }, 422, "invalid_parameter", /no body/],
    [
      "wrong JSON",
      { method: "POST", headers: json, body: '{"specification": ' },
      400,
      "invalid_request",
      /not JSON/,
    ],
    ["a JSON list", { method: "POST", headers: json, body: "[]" }, 422, "invalid_parameter", /JSON object/],
    ["JSON null", { method: "POST", headers: json, body: "null" }, 422, "invalid_parameter", /JSON object/],
    [
      "a form",
      { method: "POST", body: new URLSearchParams({ specification: "x" }) },
      415,
      "unsupported_media_type",
      /application\/json/,
    ],
    [
      "bare YAML",
      { method: "POST", headers: { "content-type": "text/yaml" }, body: "name: x" },
      415,
      "unsupported_media_type",
      /Content-Type/,
    ],
    [
      "no type",
      { method: "POST", body: new TextEncoder().encode("{}") },
      415,
      "unsupported_media_type",
      /Content-Type/,
    ],
    [
      "bytes that are no text",
      { method: "POST", headers: json, body: Uint8Array.of(0xff, 0xfe) },
      400,
      "invalid_request",
      /UTF-8/,
    ],
    [
      "an object",
      post({ specification: { name: "x" } }),
      422,
      "invalid_parameter",
      /body\.specification: must be a string/,
    ],
    [
      "a namespace that is a number",
      post({ specification: "", namespace: 3 }),
      422,
      "invalid_parameter",
      /body\.namespace/,
    ],
    [
      "5 MB of text",
      post({ specification: `name: demo\n# ${"x".repeat(5_000_000)}` }),
      413,
      "body_too_large",
      /KiB/,
    ],
    [
      "300 kB of text",
      post({ specification: `name: demo\n# ${"x".repeat(300_000)}` }),
      413,
      "body_too_large",
      /256 KiB/,
    ],
  ])("%s", async (_, init, status, code, says) => {
    const before = await everything();
    const headers = { ...admin, ...(init.headers as Record<string, string> | undefined) };
    await refused(await api.request(PATH, { ...init, headers }), status, code, says);
    expect(await everything()).toEqual(before);
  });

  test("422 says where, and never repeats a value", async () => {
    const body = await (await submit(["hunter2-in-a-list"])).text();
    expect(JSON.parse(body)).toMatchObject({
      detail: [{ loc: ["body", "specification"], msg: "must be a string", type: expect.any(String) }],
    });
    expect(body).not.toContain("hunter2");
  });
});

describe("a specification that can be built becomes a build", () => {
  test("the reply names it, and it can be read back", async () => {
    const text =
      "name: kept\nchannels: [conda-forge]\ndependencies: [python=3.11, numpy]\ndescription: ours\n";
    const response = await submit(text, { namespace: "team" });
    const { data } = (await response.json()) as { data: { build_id: number } };
    const build = await (await api.request(`/api/v1/build/${data.build_id}/`, { headers: admin })).json();
    expect(build).toMatchObject({
      status: "ok",
      message: null,
      data: {
        id: data.build_id,
        status: "QUEUED",
        size: 0,
        packages: null,
        started_on: null,
        ended_on: null,
        build_artifacts: [],
        specification: {
          name: "kept",
          spec: {
            channels: ["conda-forge"],
            dependencies: ["python=3.11", "numpy"],
            description: "ours",
            name: "kept",
            prefix: null,
            variables: null,
          },
        },
      },
    });
    const environment = await (
      await api.request("/api/v1/environment/team/kept/", { headers: admin })
    ).json();
    expect(environment).toMatchObject({
      data: {
        name: "kept",
        description: "ours",
        current_build_id: data.build_id,
        namespace: { name: "team" },
      },
    });
  });

  test("its tests are kept with it and given back", async () => {
    const tests = { imports: ["numpy"], commands: ["python -V"], notebooks: [] };
    const response = await submit(`${named("tested")}tests: ${JSON.stringify(tests)}\n`);
    const { data } = (await response.json()) as { data: { build_id: number } };
    const build = await (await api.request(`/api/v1/build/${data.build_id}/`, { headers: admin })).json();
    expect(build).toMatchObject({ data: { specification: { spec: { tests } } } });
  });

  test("the hash is conda-store's", async () => {
    const response = await submit(
      "name: demo\nchannels: [conda-forge]\ndependencies: [python=3.11, numpy]\n",
    );
    const { data } = (await response.json()) as { data: { build_id: number } };
    const build = await (await api.request(`/api/v1/build/${data.build_id}/`, { headers: admin })).json();
    expect(build).toMatchObject({
      data: { specification: { sha256: "da2cdf792347644a9f1b875d92d087640333e5029814bf887aa2fc761fe8f07d" } },
    });
  });

  test("a lockfile is kept as it was posted, under conda-store's hash", async () => {
    const more = {
      is_lockfile: true,
      environment_name: "lk",
      environment_description: "d",
      namespace: "team",
    };
    const response = await submit(LOCKFILE, more);
    const { data } = (await response.json()) as { data: { build_id: number } };
    const build = await (await api.request(`/api/v1/build/${data.build_id}/`, { headers: admin })).json();
    expect(build).toMatchObject({
      data: {
        specification: {
          name: "lk",
          spec: { name: "lk", description: "d", lockfile: { version: 1, ...JSON.parse(LOCKFILE) } },
          sha256: "9b981b5153479c2b233d09576c0e954270d93dc53ed227962e8778a58ca1b42d",
        },
      },
    });
    const environment = await (await api.request("/api/v1/environment/team/lk/", { headers: admin })).json();
    expect(environment).toMatchObject({ data: { description: "d" } });
  });

  test("what GET build shows of a lockfile can be posted back as it is", async () => {
    const lockfile = JSON.parse(LOCKFILE);
    const description = "as the page shows it: with a colon";
    const text = `name: back\ndescription: ${JSON.stringify(description)}\nlockfile: ${JSON.stringify(lockfile)}\n`;
    const response = await submit(text, { namespace: "team" });
    const { data } = (await response.json()) as { data: { build_id: number } };
    const build = await (await api.request(`/api/v1/build/${data.build_id}/`, { headers: admin })).json();
    expect(build.data.specification.spec).toEqual({
      name: "back",
      description,
      lockfile: { version: 1, ...lockfile },
    });
  });

  test("without a namespace it goes into the caller's own", async () => {
    await submit(named("mine"));
    expect((await api.request("/api/v1/environment/alice/mine/", { headers: admin })).status).toBe(200);
  });

  test.each([
    ["pip twice", depends("[python, {pip: [flask]}, {pip: [requests]}]")],
    ["an unknown key", `${named("demo")}colour: blue\n`],
    [
      "a package that does not exist: that is for the build to find out",
      depends("[no-such-package-anywhere]"),
    ],
    ["a private channel that the deployment allows", from("http://127.0.0.1:8081/demo")],
    ["a name of 256 letters: its build fails with conda-store's sentence", named("n".repeat(256))],
  ])("%s", async (_, text) => {
    const response = await submit(text, { namespace: "team" });
    expect(response.status, await response.clone().text()).toBe(200);
  });

  test("the same one twice at once makes two builds of one environment", async () => {
    const replies = await Promise.all(
      Array.from({ length: 4 }, () => submit(named("twice"), { namespace: "brand-new" })),
    );
    const ids = await Promise.all(
      replies.map(async (reply) => ((await reply.json()) as { data: { build_id: number } }).data.build_id),
    );
    expect(new Set(ids).size).toBe(4);
    const list = await (
      await api.request("/api/v1/environment/?namespace=brand-new", { headers: admin })
    ).json();
    expect(list).toMatchObject({ count: 1 });
    expect(await auditTable(api.services.db)).toEqual([]);
  });

  test("a lost wake-up does not lose the build", async () => {
    const deaf = openApi(aws, {
      wakeUp: async () => {
        throw new Error("the queue is gone");
      },
    });
    const token = bearer(await deaf.token({ "*/*": ["admin"] }));
    const response = await deaf.request(PATH, post({ specification: named("unheard") }, token));
    expect(response.status).toBe(200);
    expect(deaf.lines).toContainEqual(expect.objectContaining({ level: "warn", message: "wake-up lost" }));
  });
});

describe("who may post where", () => {
  test("a developer of a namespace posts into it once it exists, and does not make it", async () => {
    const developer = bearer(await api.token({ "lab/*": ["developer"] }, "lab"));
    await refused(
      await submit(named("x"), { namespace: "lab" }, developer),
      403,
      "permission_denied",
      /not authorized/,
    );
    await api.request("/api/v1/namespace/lab/", { method: "POST", headers: admin });
    expect((await submit(named("x"), { namespace: "lab" }, developer)).status).toBe(200);
  });

  test("a binding to one environment posts that one only", async () => {
    await api.request("/api/v1/namespace/shared/", { method: "POST", headers: admin });
    const one = bearer(await api.token({ "shared/mine": ["developer"] }));
    expect((await submit(named("mine"), { namespace: "shared" }, one)).status).toBe(200);
    expect((await submit(named("other"), { namespace: "shared" }, one)).status).toBe(403);
  });

  test("the settings are not told to who may not post", async () => {
    const strict = openApi(aws, {
      settings: { ...api.services.settings, conda_required_packages: ["ipykernel"] },
    });
    const stranger = bearer(await strict.token({ "elsewhere/*": ["admin"] }));
    const response = await strict.request(
      PATH,
      post({ specification: named("x"), namespace: "team" }, stranger),
    );
    expect(await response.text()).not.toContain("ipykernel");
    expect(response.status).toBe(403);
  });
});
