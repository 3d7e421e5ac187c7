import { describe, expect, test } from "vitest";
import { bearer, openApi, post } from "#test/kit/api.ts";
import { auditTable } from "#test/kit/audit.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { depends, from, LOCKFILE, named, PATH, refused, usePosting } from "./posting.ts";

const aws = useMiniStack();
const { api, admin, submit } = usePosting(aws);

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
