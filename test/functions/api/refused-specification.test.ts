import { createHash } from "node:crypto";
import { describe, expect, test } from "vitest";
import { bearer, openApi, post } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { depends, from, LOCKFILE, named, PATH, refused, usePosting } from "./posting.ts";

const aws = useMiniStack();
const { api, admin, submit, everything } = usePosting(aws);
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
