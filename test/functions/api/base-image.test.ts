/** What images are put on, by settings: who may say so, what may be said, and what a build keeps of it. */
import { beforeAll, describe, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { type Api, bearer, openApi, post, put } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const OWN = "ghcr.io/team/base:1";
const KEY = "default_docker_base_image";
const digest = `sha256:${"0".repeat(64)}`;
let api: Api;
let admin: Record<string, string>;
beforeAll(async () => {
  api = openApi(aws, {
    settings: deploymentSettings({
      [KEY]: OWN,
      docker_allowed_base_images: [
        "docker.io/library",
        "quay.io/team",
        "https://files.example.org",
        "10.0.0.5",
      ],
      build_artifacts: ["LOCKFILE", "DOCKER_MANIFEST"],
    }),
  });
  admin = bearer(await api.token({ "*/*": ["admin"] }));
});

interface Answer {
  status: number;
  code?: string;
  message: string | null;
  data: Record<string, unknown>;
}
async function ask(to: Api, path: string, init: RequestInit = {}, headers = admin): Promise<Answer> {
  const own = init.headers as Record<string, string> | undefined;
  const response = await to.request(`/api/v1/${path}`, { ...init, headers: { ...own, ...headers } });
  return { ...JSON.parse(await response.text()), status: response.status };
}
const set = (scope: string, image: unknown, headers = admin) =>
  ask(api, `setting/${scope}`, put({ [KEY]: image }), headers);
const shown = async (scope: string) => (await ask(api, `setting/${scope}`)).data[KEY];
const specify = (namespace: string, name: string, to = api, headers = admin) =>
  ask(
    to,
    "specification/",
    post({ namespace, specification: `name: ${name}\ndependencies: [python]\n` }),
    headers,
  );
const baseOf = async (answer: Answer) => {
  expect(answer).toMatchObject({ status: 200 });
  return (await getBuild(api.services.db, answer.data["build_id"] as number))?.baseImage;
};

describe("the setting", () => {
  test("is the deployment's until somebody says otherwise, the narrowest scope counts, and an empty text gives it back", async () => {
    expect(await shown("a/x/")).toBe(OWN);
    expect((await set("a/", "debian:12")).status).toBe(200);
    expect((await set("a/x/", `quay.io/team/cuda@${digest}`)).status).toBe(200);
    expect(await shown("a/y/")).toBe("debian:12");
    expect(await shown("a/x/")).toBe(`quay.io/team/cuda@${digest}`);
    expect(await shown("b/")).toBe(OWN);
    await set("", "scratch");
    expect([await shown("b/"), await shown("a/")]).toEqual(["scratch", "debian:12"]);
    expect((await set("a/", "")).status).toBe(200);
    expect([await shown("a/y/"), await shown("a/x/")]).toEqual([OWN, `quay.io/team/cuda@${digest}`]);
    await set("", "");
    expect(await shown("b/")).toBe(OWN);
  });

  test.each<[string, unknown, string]>([
    ["no text", 7, "must be a string"],
    ["a list", ["debian"], "must be a string"],
    ["null", null, "must be a string"],
    ["nothing like an image", "not an image", "must be a reference such as"],
    ["a name in upper case", "Debian", "must be a reference such as"],
    ["another digest than sha256", "debian@md5:0", "must be a reference such as"],
    ["a text without end", `a${"/a".repeat(5000)}`, "must be a reference such as"],
    ["a tar without a digest", "https://files.example.org/root.tar.gz", "must be a reference such as"],
    ["a line more", "debian\nUSER root", "must be a reference such as"],
    ["another registry", "evil.example/a:1", "from docker.io/library, quay.io/team"],
    ["another part of a registry", "quay.io/teams/a", "docker_allowed_base_images"],
    ["somebody's image at docker's", "somebody/debian", "docker_allowed_base_images"],
    ["another image of the deployment's registry", "ghcr.io/team/secret", "docker_allowed_base_images"],
    ["another server of tars", `https://evil.example/x#${digest}`, "docker_allowed_base_images"],
    ["a private address", "10.0.0.5/a", "private or loopback"],
  ])("is not %s, and nothing is stored", async (_, image, says) => {
    const answer = await ask(
      api,
      "setting/refused/",
      put({ [KEY]: image, conda_included_packages: ["pip"] }),
    );
    expect(answer).toMatchObject({ status: 400, code: "invalid_request" });
    expect(answer.message).toMatch(/^validation error for setting default_docker_base_image: /);
    expect(answer.message).toContain(says);
    expect((await ask(api, "setting/refused/")).data).toMatchObject({
      [KEY]: OWN,
      conda_included_packages: [],
    });
  });

  test("is set by who may change settings there, and by nobody who builds there", async () => {
    const developer = bearer(await api.token({ "h/*": ["developer"] }));
    const owner = bearer(await api.token({ "h/*": ["admin"] }));
    expect((await set("h/", "debian", developer)).status).toBe(403);
    expect((await set("h/", "debian", owner)).status).toBe(200);
    expect((await set("h/x/", "debian:12", owner)).status).toBe(200);
    expect((await set("i/", "debian", owner)).status).toBe(403);
    expect((await set("", "debian", owner)).status).toBe(403);
  });

  test("has a list of places that is shown, taken back as it is, and changed by no admin", async () => {
    const all = (await ask(api, "setting/h/")).data;
    expect(all["docker_allowed_base_images"]).toEqual([
      "docker.io/library",
      "quay.io/team",
      "https://files.example.org",
      "10.0.0.5",
    ]);
    const { docker_allowed_base_images } = all;
    expect((await ask(api, "setting/h/", put({ docker_allowed_base_images, [KEY]: all[KEY] }))).status).toBe(
      200,
    );
    const more = await ask(api, "setting/", put({ docker_allowed_base_images: ["evil.example"] }));
    expect(more).toMatchObject({ status: 400, code: "invalid_request" });
  });
});

describe("a build", () => {
  test("keeps what was set when it was asked for; one that is made again has what is set then", async () => {
    await set("w/", "debian:12");
    const first = await specify("w", "x");
    expect(await baseOf(first)).toBe("debian:12");
    await set("w/", "debian:13");
    expect(await baseOf(first)).toBe("debian:12");
    await set("w/x/", "ubuntu");
    expect(await baseOf(await ask(api, `build/${first.data["build_id"]}/`, { method: "PUT" }))).toBe(
      "ubuntu",
    );
    expect(await baseOf(await specify("w", "y"))).toBe("debian:13");
    expect(await baseOf(await specify("v", "x"))).toBe(OWN);
  });

  test("without an image has no base", async () => {
    await ask(api, "setting/n/", put({ build_artifacts: ["LOCKFILE"] }));
    expect(await baseOf(await specify("n", "x"))).toBeNull();
  });

  test("whose base is not allowed any more is refused with whose setting it is, and others are built as before", async () => {
    await set("z/", "quay.io/team/old");
    const { build_id } = (await specify("z", "x")).data;
    const narrow = openApi(aws, {
      settings: deploymentSettings({ [KEY]: OWN, build_artifacts: ["DOCKER_MANIFEST"] }),
    });
    const token = bearer(await narrow.token({ "*/*": ["admin"] }));
    const again = (path: string, init: RequestInit) => ask(narrow, path, init, token);
    for (const answer of [
      await specify("z", "x", narrow, token),
      await specify("z", "y", narrow, token),
      await again(`build/${build_id}/`, { method: "PUT" }),
    ]) {
      expect(answer).toMatchObject({ status: 400, code: "setting_violated" });
      expect(answer.message).toMatch(
        /^The base image quay\.io\/team\/old \(setting default_docker_base_image of namespace z\) must be the deployment's own image or from docker\.io\/library, ghcr\.io\/team\/base: /,
      );
    }
    expect(await again("environment/z/y/", {})).toMatchObject({ status: 404 });
    // As clients do that read all, change one and send all back.
    const all = (await again("setting/z/", {})).data;
    expect((await again("setting/z/", put({ ...all, conda_included_packages: ["pip"] }))).status).toBe(200);
    expect((await again("setting/z/", put({ [KEY]: "" }))).status).toBe(200);
    expect((await specify("z", "y", narrow, token)).status).toBe(200);
    expect((await specify("other", "x", narrow, token)).status).toBe(200);
  });
});
