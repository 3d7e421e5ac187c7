/**
 * Settings at three scopes, and the defects of the original that are not copied: reading one scope changed the defaults of
 * all others, raw values were stored, messages said `False` for names and "global" for every scope, and what names a
 * package was checked only when somebody posted.
 */
import { describe, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { getSpecification } from "#adapters/dynamodb/specifications.ts";
import { CHANGEABLE, SET_GLOBALLY } from "#core/settings/scope.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { bearer, openApi, post, put } from "#test/kit/api.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { useApi } from "./use-api.ts";

const aws = useMiniStack();
const { api, admin } = useApi(aws);

interface Answer {
  status: number;
  message: string | null;
  data: Record<string, unknown>;
}
async function ask(path: string, init: RequestInit = {}, headers = admin): Promise<Answer> {
  const own = init.headers as Record<string, string> | undefined;
  const response = await api.request(`/api/v1/${path}`, { ...init, headers: { ...own, ...headers } });
  return { ...JSON.parse(await response.text()), status: response.status };
}
const settings = async (scope: string): Promise<Record<string, unknown>> =>
  (await ask(`setting/${scope}`)).data;
const set = (scope: string, values: unknown, headers = admin) =>
  ask(`setting/${scope}`, put(values), headers);
const specify = (namespace: string, text: string) =>
  ask("specification/", post({ namespace, specification: text }));

describe("scopes", () => {
  test("lie over each other, the narrowest last, and do not touch what is beside them", async () => {
    await set("a/", { conda_default_packages: ["numpy"], conda_default_channels: ["bioconda"] });
    await set("a/x/", { conda_default_packages: ["scipy", "numpy >=2"] });
    expect(await settings("a/x/")).toMatchObject({
      conda_default_packages: ["scipy", "numpy >=2"],
      conda_default_channels: ["bioconda"],
    });
    expect(await settings("a/y/")).toMatchObject({ conda_default_packages: ["numpy"] });
    for (const scope of ["", "b/", "b/x/"])
      expect(await settings(scope)).toMatchObject({
        conda_default_packages: [],
        conda_default_channels: ["conda-forge"],
      });
    await set("", { conda_default_channels: ["main"] });
    expect(await settings("b/x/")).toMatchObject({ conda_default_channels: ["main"] });
    expect(await settings("a/y/")).toMatchObject({ conda_default_channels: ["bioconda"] });
    await set("", { conda_default_channels: ["conda-forge"] });
  });

  test("reading one does not change the deployment's own values", async () => {
    const before = JSON.stringify(api.services.settings);
    await set("c/", { pypi_included_packages: ["rich"] });
    await settings("c/");
    await settings("c/x/");
    expect(JSON.stringify(api.services.settings)).toBe(before);
  });

  test("a key that is set keeps the others, also when both are set at once", async () => {
    await Promise.all([
      set("d/", { conda_included_packages: ["pip"] }),
      set("d/", { conda_required_packages: ["python"] }),
    ]);
    expect(await settings("d/")).toMatchObject({
      conda_included_packages: ["pip"],
      conda_required_packages: ["python"],
    });
  });

  test("the answer says which scope was set", async () => {
    expect((await set("e/x/", { conda_allowed_channels: [] })).message).toBe(
      "environment setting keys ['conda_allowed_channels'] updated",
    );
  });
});

describe("what cannot be set", () => {
  test.each<[string, string, unknown, string]>([
    ["an unknown key", "", { bogus: 1 }, "Invalid setting keys {'bogus'}"],
    ["a key of objects themselves", "", { toString: [] }, "Invalid setting keys {'toString'}"],
    ["another type", "f/", { conda_allowed_channels: "main" }, "validation error"],
    ["an empty entry", "f/", { conda_allowed_channels: [""] }, "must not hold an empty string"],
    ["a number in a list", "f/", { conda_allowed_channels: ["main", 1] }, "must be a list of strings"],
    ["an artifact that is none", "f/", { build_artifacts: ["ZIP"] }, "must hold artifact types: "],
    [
      "one artifact again and again",
      "f/",
      { build_artifacts: Array(20).fill("YAML") },
      "must not hold an artifact type twice",
    ],
    ["artifacts that are a text", "f/", { build_artifacts: "YAML" }, "must be a list of strings"],
    ["null", "f/", { conda_default_packages: null }, "must be a list of strings"],
    ["a package that is none", "f/", { conda_required_packages: ["numpy=="] }, "conda_required_packages"],
    ["a requirement that is none", "f/", { pypi_default_packages: ["-r file"] }, "pypi_default_packages"],
    ["a channel that no build may visit", "f/", { conda_default_channels: ["http://10.0.0.1/c"] }, "private"],
    ["a requirement from there", "f/", { pypi_default_packages: ["a @ http://10.0.0.1/a.whl"] }, "private"],
    ["a global key below", "f/", { default_namespace: "g" }, "is a global setting"],
    ["another value of the deployment's", "", { default_namespace: "g" }, "property of the deployment"],
    [
      "another owner of files",
      "",
      { default_uid: 0 },
      "default_uid is a property of the deployment, which is 1000",
    ],
    ["an owner as text", "", { default_gid: "100" }, "default_gid is a property of the deployment"],
    ["an owner below", "f/x/", { default_uid: 7 }, "default_uid is a global setting"],
    ["other permissions", "", { default_permissions: "775" }, "default_permissions is a property"],
    ["a disk that fills", "", { storage_threshold: 5 }, "storage_threshold is a property"],
    ["other platforms", "f/", { conda_solve_platforms: ["osx-64"] }, "property of the deployment"],
  ])("%s", async (_, scope, values, message) => {
    const before = await settings(scope);
    const answer = await set(scope, { conda_included_packages: ["pip"], ...(values as object) });
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    expect(answer.message).toContain(message);
    // All or nothing.
    expect(await settings(scope)).toEqual(before);
  });

  test.each<[string, unknown]>([
    ["conda_allowed_channels", ["https://conda.example.org/t/s3cret-word/private"]],
    ["conda_default_channels", ["https://me:s3cret-word@conda.example.org/private"]],
    ["conda_indexed_channels", ["https://conda.example.org/t/s3cret-word/private"]],
    ["pypi_included_packages", ["--index-url https://me:s3cret-word@pypi.example.org/simple"]],
    ["pypi_required_packages", ["a @ https://me:s3cret-word@pypi.example.org/a-1.whl"]],
  ])("credentials in %s, which settings and the list of channels would show", async (key, value) => {
    const answer = await set("", { [key]: value });
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    expect(answer.message).toContain(key);
    expect(answer.message).toContain("holds credentials");
    expect(answer.message).not.toContain("s3cret-word");
    expect(JSON.stringify([await settings(""), await ask("channel/", {}, {})])).not.toContain("s3cret-word");
  });

  test("more than the item of a scope can hold, however it is spread over its keys", async () => {
    const full = Array.from({ length: 65 }, (_, n) => `a${n}`.padEnd(500, "x"));
    const globally: readonly string[] = SET_GLOBALLY;
    const lists = CHANGEABLE.filter((key) => /^(conda|pypi)_/.test(key) && !globally.includes(key));
    for (const key of lists) expect((await set("full/", { [key]: full })).status).toBe(200);
    const more = [...full, "y".repeat(400)];
    expect((await set("full/", { conda_default_channels: more })).message).toContain("32 KiB");
  });

  test("what is a property of the deployment is shown, and taken with the value it has", async () => {
    const all = await settings("");
    const { default_namespace } = all;
    expect(all).toMatchObject({ default_uid: 1000, default_gid: 100, default_permissions: null });
    // As clients do that read all, change one and send all back.
    expect((await set("", all)).status).toBe(200);
    expect((await set("g/x/", { default_namespace })).status).toBe(200);
  });
});

describe("who may", () => {
  test("a developer reads, an admin of the namespace sets it, and neither the whole store", async () => {
    const developer = bearer(await api.token({ "h/*": ["developer"] }));
    const owner = bearer(await api.token({ "h/*": ["admin"] }));
    expect((await ask("setting/h/", {}, developer)).status).toBe(200);
    expect((await set("h/", { conda_default_packages: [] }, developer)).status).toBe(403);
    expect((await set("h/", { conda_default_packages: [] }, owner)).status).toBe(200);
    expect((await set("h/x/", { conda_default_packages: [] }, owner)).status).toBe(200);
    expect((await set("i/", { conda_default_packages: [] }, owner)).status).toBe(403);
    expect((await set("", { conda_default_packages: [] }, owner)).status).toBe(403);
    expect((await ask("setting/", {}, owner)).status).toBe(403);
  });

  test("a binding to one environment of every namespace is no binding to everything", async () => {
    const odd = bearer(await api.token({ "*/only": ["admin"] }));
    expect((await set("", { conda_default_packages: [] }, odd)).status).toBe(403);
    expect((await set("h/only/", { conda_default_packages: [] }, odd)).status).toBe(200);
  });
});

describe("what builds make", () => {
  const wantedBy = async (answer: Answer) => {
    expect(answer.status).toBe(200);
    return (await getBuild(api.services.db, answer.data["build_id"] as number))?.artifactsWanted;
  };

  test("is what is set for the environment when the build is asked for, and again when it is built again", async () => {
    await set("w/", { build_artifacts: ["LOCKFILE"] });
    await set("w/x/", { build_artifacts: [] });
    expect(await wantedBy(await specify("w", "name: x\ndependencies: [python]\n"))).toEqual([]);
    const other = await specify("w", "name: y\ndependencies: [python]\n");
    expect(await wantedBy(other)).toEqual(["LOCKFILE"]);
    await set("w/", { build_artifacts: ["YAML", "LOCKFILE"] });
    const again = await ask(`build/${other.data["build_id"]}/`, { method: "PUT" });
    expect(await wantedBy(again)).toEqual(["YAML", "LOCKFILE"]);
    expect(await wantedBy(await specify("v", "name: y\ndependencies: [python]\n"))).toEqual(
      api.services.settings.build_artifacts,
    );
  });
});

describe("what is posted", () => {
  const posted = async (answer: Answer) => {
    expect(answer.status).toBe(200);
    const build = await getBuild(api.services.db, answer.data["build_id"] as number);
    const stored =
      build && (await getSpecification(api.services.db, build.specificationSha256, build.document));
    return stored?.spec;
  };

  test("gets the settings of its environment, at once", async () => {
    await set("p/", { conda_default_channels: ["bioconda"], conda_included_packages: ["ipykernel"] });
    await set("p/x/", { pypi_included_packages: ["rich"] });
    expect(await posted(await specify("p", "name: x\ndependencies: [python]\n"))).toMatchObject({
      channels: ["bioconda"],
      dependencies: ["python", { pip: ["rich"] }, "ipykernel"],
    });
    expect(await posted(await specify("p", "name: y\ndependencies: [python]\n"))).toMatchObject({
      dependencies: ["python", "ipykernel"],
    });
  });

  test("is refused with the names, the setting and its scope", async () => {
    await set("q/", { conda_allowed_channels: ["conda-forge"], conda_required_packages: ["ipykernel"] });
    await set("q/x/", { conda_allowed_channels: ["bioconda"] });
    const message = async (text: string) => {
      const answer = await specify("q", text);
      expect(answer).toMatchObject({ status: 400, code: "setting_violated" });
      return answer.message;
    };
    expect(await message("name: y\nchannels: [main]\ndependencies: [ipykernel]\n")).toBe(
      "Conda channels {'https://conda.anaconda.org/main'} not allowed in specification (setting conda_allowed_channels of namespace q)",
    );
    expect(await message("name: x\nchannels: [conda-forge]\ndependencies: [ipykernel]\n")).toMatch(
      /\(setting conda_allowed_channels of environment q\/x\)$/,
    );
    expect(await message("name: y\nchannels: [conda-forge]\ndependencies: [python]\n")).toBe(
      "Conda packages {'ipykernel'} required and missing from specification (setting conda_required_packages of namespace q)",
    );
  });

  test("is refused before anything of it is stored", async () => {
    await set("r/", { conda_required_packages: ["ipykernel"] });
    expect((await specify("r", "name: x\ndependencies: [python]\n")).status).toBe(400);
    expect((await ask("namespace/r/")).status).toBe(404);
  });
});

test("the deployment's values are the lowest layer", async () => {
  const own = openApi(
    { ...aws, table: await createTable("settings-of-a-deployment") },
    { settings: deploymentSettings({ conda_default_packages: ["zlib"] }) },
  );
  const token = bearer(await own.token({ "*/*": ["admin"] }));
  const response = await own.request("/api/v1/setting/", { headers: token });
  expect(((await response.json()) as Answer).data).toMatchObject({ conda_default_packages: ["zlib"] });
});
