import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { signClaims, verifyToken } from "#adapters/secrets/tokens.ts";
import { DOCKER_MANIFEST, digestOf, inDockersWords, OCI_MANIFEST } from "#core/image/manifest.ts";
import { REGISTRY_AUDIENCE, registryClaims } from "#core/token/registry-claims.ts";
import { audited } from "#test/kit/audited.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { openRegistry, type Registry, type StoredImage, storeImage } from "#test/kit/registry.ts";
import { building, sha256Of, submitted } from "#test/kit/submissions.ts";

const aws = useMiniStack();
let registry: Registry;
let image: StoredImage;
let secret: StoredImage;
let open: StoredImage;
let viewer: Record<string, string>;

/** Of services that the deployment names. */
const robot = { token: "any text at all", roleBindings: { "team/*": ["viewer"] } };
const gone = { token: "another text", roleBindings: { "*/*": ["admin"] }, expires: "2026-01-01T00:00:00Z" };

beforeAll(async () => {
  const named = { robot, gone };
  registry = await openRegistry(
    aws,
    Object.entries(named).map(([name, { token, ...rest }]) => ({ name, sha256: sha256Of(token), ...rest })),
  );
  const { services } = registry;
  image = await storeImage(services, { namespace: "team", environment: "demo" }, "the first");
  secret = await storeImage(services, { namespace: "secret", environment: "hidden" }, "the hidden");
  open = await storeImage(services, { namespace: "default", environment: "open" }, "the open");
  viewer = basic(await registry.token({ "team/*": ["viewer"] }));
});
afterAll(() => registry.close());

const basic = (password: string) => ({
  authorization: `Basic ${Buffer.from(`anybody:${password}`).toString("base64")}`,
});
const ask = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}): Promise<Response> =>
  fetch(`${registry.address}${path}`, { redirect: "manual", headers, ...init });
const refusal = async (response: Response) => {
  const { errors } = (await response.json()) as { errors: { code: string; message: string }[] };
  return { status: response.status, code: errors[0]?.code, message: errors[0]?.message };
};
async function bearer(scope: string, headers: Record<string, string> = {}): Promise<Record<string, string>> {
  const response = await ask(`/v2/token?service=x&scope=${encodeURIComponent(scope)}`, headers);
  const { token } = (await response.json()) as { token: string };
  return { authorization: `Bearer ${token}` };
}

describe("a manifest", () => {
  it("is found by build key, build id, lock digest, latest and its own digest, each with one read of the table or two", async () => {
    const { build, manifest } = image;
    const names = [build.buildKey, String(build.id), digestOf(manifest), build.lockDigest ?? "", "latest"];
    const reads: number[] = [];
    for (const name of names) {
      registry.calls.length = 0;
      const response = await ask(`/v2/team/demo/manifests/${name}`, viewer);
      reads.push(registry.calls.length);
      expect(await response.text()).toBe(manifest);
      expect(response.headers.get("content-type")).toBe(OCI_MANIFEST);
      expect(response.headers.get("docker-content-digest")).toBe(digestOf(manifest));
    }
    expect(reads).toEqual([1, 1, 1, 2, 2]);
  });

  it.each([
    "/v2/",
    "/v2/team/demo/manifests/latest",
    "/v2/team/demo/manifests/none",
    "/v2/team/demo/tags/list",
    "/v2/x",
  ])("%s has one length by HEAD and by GET", async (path) => {
    const got = await ask(path, viewer);
    const { byteLength } = await got.arrayBuffer();
    const head = await ask(path, viewer, { method: "HEAD" });
    expect([head.status, head.headers.get("content-length")]).toEqual([got.status, String(byteLength)]);
  });

  it("has docker's words for a client that knows no others, under a digest of its own", async () => {
    const dockers = inDockersWords(image.manifest);
    const response = await ask("/v2/team/demo/manifests/latest", { ...viewer, accept: DOCKER_MANIFEST });
    expect(response.headers.get("content-type")).toBe(DOCKER_MANIFEST);
    expect(await response.text()).toBe(dockers);
    const again = await ask(`/v2/team/demo/manifests/${digestOf(dockers)}`, viewer);
    expect([again.headers.get("content-type"), await again.text()]).toEqual([DOCKER_MANIFEST, dockers]);
    for (const accept of ["nonsense", `${DOCKER_MANIFEST}, ${OCI_MANIFEST}`, "*/*"]) {
      const other = await ask("/v2/team/demo/manifests/latest", { ...viewer, accept });
      expect(other.headers.get("content-type"), accept).toBe(OCI_MANIFEST);
    }
  });

  it("by its digest is the same for ever, by a tag is asked for each time, and a refusal is kept nowhere", async () => {
    const kept = async (path: string) =>
      (await ask(`/v2/team/demo/${path}`, viewer)).headers.get("cache-control");
    expect(await kept(`manifests/${digestOf(image.manifest)}`)).toBe("private, max-age=31536000, immutable");
    for (const tag of ["latest", image.build.buildKey, String(image.build.id)]) {
      expect(await kept(`manifests/${tag}`), tag).toBe("private, no-cache");
    }
    // Where a blob lies is signed for a while only.
    for (const path of ["manifests/none", `blobs/${digestOf(image.layer)}`, "tags/list"]) {
      expect(await kept(path), path).toBe("no-store");
    }
  });

  it("tells HEAD its length, and who has it already that it is the same", async () => {
    const head = await ask("/v2/team/demo/manifests/latest", viewer, { method: "HEAD" });
    expect(head.headers.get("content-length")).toBe(String(Buffer.byteLength(image.manifest)));
    const etag = head.headers.get("etag") ?? "";
    const same = await ask("/v2/team/demo/manifests/latest", { ...viewer, "if-none-match": etag });
    expect([same.status, await same.text()]).toEqual([304, ""]);
  });

  it("that is not there says why", async () => {
    const { db } = registry.services;
    const queued = await submitted(db, { environment: "later" });
    const { id: failed, attempt } = await building(db, "task", { environment: "broken" });
    const reason = "Nothing provides nonsense.";
    await makeMove(audited(db), failed, {
      name: "fail",
      by: "finish",
      at: new Date(),
      attempt,
      reason,
      artifacts: [],
    });
    const why = async (path: string) => await refusal(await ask(`/v2/team/${path}`, viewer));
    expect(await why(`later/manifests/${queued}`)).toMatchObject({
      status: 404,
      code: "MANIFEST_UNKNOWN",
      message: expect.stringContaining("QUEUED"),
    });
    expect(await why("broken/manifests/latest")).toMatchObject({ message: expect.stringContaining(reason) });
    for (const tag of [
      "nonsense",
      "0",
      "99999999999999",
      `${image.build.buildKey}x`,
      ".x",
      "x".repeat(300),
      "%00",
      "%F0%9F%90%8D",
    ]) {
      expect(await why(`demo/manifests/${tag}`), tag).toMatchObject({
        status: 404,
        code: "MANIFEST_UNKNOWN",
      });
    }
    // No tag is so long, and no key of the table.
    registry.calls.length = 0;
    expect(await why(`demo/manifests/${"x".repeat(5000)}`)).toMatchObject({ code: "MANIFEST_UNKNOWN" });
    expect(registry.calls).toEqual([]);
    // Another environment's build.
    expect(await why(`later/manifests/${image.build.id}`)).toMatchObject({ code: "MANIFEST_UNKNOWN" });
    expect(await why("nowhere/manifests/latest")).toMatchObject({ status: 404, code: "NAME_UNKNOWN" });
  });
});

describe("a blob", () => {
  it("is a redirect to where it lies, whole or in part, after one read of the table", async () => {
    registry.calls.length = 0;
    const response = await ask(`/v2/team/demo/blobs/${digestOf(image.layer)}`, viewer);
    expect(response.status).toBe(307);
    expect(registry.calls).toHaveLength(1);
    const location = response.headers.get("location") ?? "";
    expect(Buffer.from(await (await fetch(location)).arrayBuffer())).toEqual(image.layer);
    const part = await fetch(location, { headers: { range: "bytes=2-5" } });
    expect(Buffer.from(await part.arrayBuffer())).toEqual(image.layer.subarray(2, 6));
  });

  it("tells HEAD what it is without leading anywhere", async () => {
    const digest = digestOf(image.config);
    const head = await ask(`/v2/team/demo/blobs/${digest}`, viewer, { method: "HEAD" });
    expect([
      head.status,
      head.headers.get("content-length"),
      head.headers.get("docker-content-digest"),
    ]).toEqual([200, String(Buffer.byteLength(image.config)), digest]);
  });

  it("of an image that the caller may not read is refused though its digest is known", async () => {
    const digest = digestOf(secret.layer);
    expect(await refusal(await ask(`/v2/team/demo/blobs/${digest}`, viewer))).toMatchObject({
      status: 404,
      code: "BLOB_UNKNOWN",
    });
    const denied = await refusal(await ask(`/v2/secret/hidden/blobs/${digest}`, viewer));
    expect(denied).toMatchObject({ status: 403, code: "DENIED" });
    expect(await refusal(await ask(`/v2/secret/nowhere/blobs/${digest}`, viewer))).toEqual(denied);
  });

  it("or anything else of a repository that the caller may not read tells nothing of whether there is one", async () => {
    const nobody = {};
    for (const headers of [viewer, nobody]) {
      for (const rest of ["manifests/latest", `manifests/${secret.build.id}`, "tags/list"]) {
        const [there, nowhere] = [
          await ask(`/v2/secret/hidden/${rest}`, headers),
          await ask(`/v2/secret/nowhere/${rest}`, headers),
        ];
        expect(await refusal(there), rest).toEqual(await refusal(nowhere));
        const length = (from: Response, name: string) =>
          from.headers.get("www-authenticate")?.replace(name, "");
        expect(length(there, "hidden")).toBe(length(nowhere, "nowhere"));
      }
      // Its blobs and builds are nothing elsewhere either.
      const elsewhere = await ask(`/v2/default/open/manifests/${secret.build.id}`, headers);
      expect(await refusal(elsewhere)).toMatchObject({ status: 404, code: "MANIFEST_UNKNOWN" });
      const digest = digestOf(secret.manifest);
      expect(await refusal(await ask(`/v2/default/open/manifests/${digest}`, headers))).toMatchObject({
        status: 404,
        code: "MANIFEST_UNKNOWN",
      });
    }
  });

  it("has a digest in one spelling", async () => {
    const hex = digestOf(image.layer).slice("sha256:".length);
    const wrong = [
      `sha256:${hex.toUpperCase()}`,
      `sha512:${hex}`,
      `sha256:${hex.slice(1)}`,
      "sha256:",
      "x",
      "x:y",
    ];
    for (const digest of wrong) {
      const response = await ask(`/v2/team/demo/blobs/${digest}`, viewer);
      expect(await refusal(response), digest).toMatchObject({ status: 400, code: "DIGEST_INVALID" });
    }
    const manifest = digestOf(image.manifest);
    expect(await refusal(await ask(`/v2/team/demo/blobs/${manifest}`, viewer))).toMatchObject({
      code: "BLOB_UNKNOWN",
    });
    const asManifest = await ask(`/v2/team/demo/manifests/sha256:${hex}`, viewer);
    expect(await refusal(asManifest)).toMatchObject({ code: "MANIFEST_UNKNOWN" });
  });
});

describe("logging in", () => {
  it("begins with a challenge that names the place and the scope", async () => {
    const response = await ask("/v2/team/demo/manifests/latest");
    expect(response.status).toBe(401);
    const host = new URL(registry.address).host;
    const challenge = `Bearer realm="http://${host}/v2/token",service="${host}",scope="repository:team/demo:pull"`;
    expect(response.headers.get("www-authenticate")).toBe(challenge);
    expect(response.headers.get("x-registry-challenge")).toBe(challenge);
    expect(await refusal(response)).toMatchObject({ code: "UNAUTHORIZED" });
    expect((await ask("/v2/")).status).toBe(401);
    expect((await ask("/v2/", viewer)).status).toBe(200);
  });

  it("gives a token for what the caller may read of what was asked for, and for nothing else", async () => {
    const scope = "repository:team/demo:pull,push repository:secret/hidden:pull";
    const token = await bearer(scope, viewer);
    expect((await ask("/v2/team/demo/manifests/latest", token)).status).toBe(200);
    for (const path of ["/v2/secret/hidden/manifests/latest", "/v2/team/other/manifests/latest"]) {
      expect(await refusal(await ask(path, token))).toMatchObject({ status: 403, code: "DENIED" });
    }
    expect(await refusal(await ask("/v2/_catalog", token))).toMatchObject({ status: 401 });
  });

  it("works by a form as well", async () => {
    const conda = await registry.token({ "team/*": ["viewer"] });
    const shown = { service: "x", scope: "repository:team/demo:pull", client_id: "docker" };
    for (const credentials of [
      { grant_type: "password", username: "anybody", password: conda },
      { grant_type: "refresh_token", refresh_token: conda },
    ]) {
      const body = new URLSearchParams({ ...shown, ...credentials });
      const response = await ask("/v2/token", {}, { method: "POST", body });
      const { access_token, expires_in } = (await response.json()) as {
        access_token: string;
        expires_in: number;
      };
      expect(expires_in).toBe(300);
      const pulled = await ask("/v2/team/demo/manifests/latest", { authorization: `Bearer ${access_token}` });
      expect(pulled.status).toBe(200);
    }
    const wrong = new URLSearchParams({ ...shown, grant_type: "password", password: "wrong" });
    expect((await ask("/v2/token", {}, { method: "POST", body: wrong })).status).toBe(401);
  });

  it("is not needed for what everybody may read", async () => {
    const { manifest } = open;
    expect(await (await ask("/v2/default/open/manifests/latest")).text()).toBe(manifest);
    const nobody = await bearer("repository:default/open:pull repository:team/demo:pull");
    expect((await ask("/v2/default/open/manifests/latest", nobody)).status).toBe(200);
    expect((await ask("/v2/team/demo/manifests/latest", nobody)).status).toBe(403);
  });

  it("takes the token of a service that the deployment names, as long as it is good", async () => {
    const scope = "repository:team/demo:pull repository:secret/hidden:pull";
    for (const headers of [basic(robot.token), await bearer(scope, basic(robot.token))]) {
      expect((await ask("/v2/team/demo/manifests/latest", headers)).status).toBe(200);
      expect(await refusal(await ask("/v2/secret/hidden/manifests/latest", headers))).toMatchObject({
        status: 403,
      });
    }
    expect((await ask("/v2/team/demo/manifests/latest", basic(gone.token))).status).toBe(401);
    expect((await ask("/v2/", { authorization: "Bearer any" })).status).toBe(401);
  });

  it("takes no token that has ended, is somebody else's work, or was changed", async () => {
    const claims = registryClaims({ pull: ["team/demo"], catalogue: null });
    const now = new Date();
    const sign = (from: Registry["services"], seconds: number, audience: string) =>
      signClaims(from.secret, claims, { audience, expiresAt: new Date(now.getTime() + seconds * 1000), now });
    const { services } = registry;
    const pull = async (token: string) =>
      (await ask("/v2/team/demo/manifests/latest", { authorization: `Bearer ${token}` })).status;
    const good = await sign(services, 60, REGISTRY_AUDIENCE);
    expect(await pull(good)).toBe(200);
    const other = await openRegistry(aws);
    const [head = "", payload = "", signature = ""] = good.split(".");
    const more = JSON.parse(Buffer.from(payload, "base64url").toString()) as { access: object[] };
    more.access.push({ type: "repository", name: "secret/hidden", actions: ["pull"] });
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    try {
      for (const token of [
        await sign(services, -1, REGISTRY_AUDIENCE),
        await sign(other.services, 60, REGISTRY_AUDIENCE),
        await sign(services, 60, "another"),
        `${head}.${encode(more)}.${signature}`,
        `${encode({ alg: "none", typ: "JWT" })}.${payload}.`,
        `${head}.${payload}.`,
        `${head}.${payload}`,
      ]) {
        expect(await pull(token), token).toBe(401);
      }
    } finally {
      await other.close();
    }
  });

  it("takes no token for another one's", async () => {
    const conda = await registry.token({ "*/*": ["admin"] });
    const pull = await bearer("repository:team/demo:pull", basic(conda));
    // The API's tokens are passwords here, and the registry's are nothing elsewhere and no way to further ones.
    expect((await ask("/v2/", { authorization: `Bearer ${conda}` })).status).toBe(401);
    const own = pull["authorization"]?.slice("Bearer ".length) ?? "";
    expect(await verifyToken(registry.services.secret, own)).toBeNull();
    expect((await ask("/v2/", basic(own))).status).toBe(401);
    expect((await ask("/v2/token?scope=repository:team/demo:pull", pull)).status).toBe(401);
    for (const authorization of ["Bearer x", "Basic x", "Basic", "Digest x", "Bearer a.b.c"]) {
      expect((await ask("/v2/default/open/manifests/latest", { authorization })).status, authorization).toBe(
        401,
      );
    }
  });
});

describe("lists", () => {
  it("show the tags of builds that have an image, page by page", async () => {
    const place = { namespace: "team", environment: "many" };
    for (const content of ["one", "two", "two"]) await storeImage(registry.services, place, content);
    const { id } = await building(registry.services.db, "task", place);
    const whole = (await (await ask("/v2/team/many/tags/list", viewer)).json()) as {
      name: string;
      tags: string[];
    };
    expect(whole.name).toBe("team/many");
    expect(whole.tags).toHaveLength(6);
    expect(whole.tags).toEqual([...whole.tags].sort());
    expect(whole.tags.at(-1)).toBe("latest");
    expect(whole.tags.join()).not.toContain(`-${id}-`);
    const paged: string[] = [];
    for (let path: string | undefined = "/v2/team/many/tags/list?n=2"; path; ) {
      const response = await ask(path, viewer);
      const { tags } = (await response.json()) as { tags: string[] };
      expect(tags.length).toBeLessThanOrEqual(2);
      paged.push(...tags);
      path = /^<([^>]+)>; rel="next"$/.exec(response.headers.get("link") ?? "")?.[1];
    }
    expect([...new Set(paged)]).toEqual(whole.tags);
    const none = await ask("/v2/team/many/tags/list?n=0", viewer);
    expect(await none.json()).toEqual({ name: "team/many", tags: [] });
    const all = whole.tags;
    for (const n of ["999999999", "9".repeat(400), "007"]) {
      const { tags } = (await (await ask(`/v2/team/many/tags/list?n=${n}`, viewer)).json()) as {
        tags: string[];
      };
      expect(tags, n).toEqual(all);
    }
    for (const n of ["-1", "x", "1e3", "", "1.5", " 1", "0x10", "%00"]) {
      const response = await ask(`/v2/team/many/tags/list?n=${n}`, viewer);
      expect(await refusal(response), n).toMatchObject({ status: 400, code: "PAGINATION_NUMBER_INVALID" });
    }
  });

  it("go on behind any text, and never leave their repository", async () => {
    const place = { namespace: "team", environment: "tagged" };
    const { build } = await storeImage(registry.services, place, "of many");
    const tagsBehind = async (last: string) => {
      const response = await ask(`/v2/team/tagged/tags/list?last=${last}`, viewer);
      expect(response.status, last).toBe(200);
      return ((await response.json()) as { tags: string[] }).tags;
    };
    const all = await tagsBehind("");
    expect(all).toContain(build.buildKey);
    for (const first of ["%00", "%23", "%24", "!", "0"]) expect(await tagsBehind(first), first).toEqual(all);
    for (const end of ["latest", "~", "zzz", "%F0%9F%90%8D", "x".repeat(5000), "%EF%BF%BF".repeat(500)]) {
      expect(await tagsBehind(end), end.slice(0, 20)).toEqual([]);
    }
    const tooLong = `${build.buildKey}${"x".repeat(2000)}`;
    expect(await tagsBehind(tooLong)).toEqual(all.filter((tag) => tag > build.buildKey));
    for (const last of ["", "%00", "zzz", "x".repeat(5000), "secret/", "%F0%9F%90%8D"]) {
      const answer = await ask(`/v2/_catalog?n=1000000&last=${last}`, viewer);
      expect(answer.status, last.slice(0, 20)).toBe(200);
      const { repositories } = (await answer.json()) as { repositories: string[] };
      expect(repositories.filter((name) => name.startsWith("secret/"))).toEqual([]);
    }
  });

  it("show the repositories that the caller may read, by a token for it as well", async () => {
    const mine = ["default/open", "team/demo"];
    for (const headers of [viewer, await bearer("registry:catalog:*", viewer)]) {
      const { repositories } = (await (await ask("/v2/_catalog", headers)).json()) as {
        repositories: string[];
      };
      expect(repositories).toEqual(expect.arrayContaining(mine));
      expect(repositories).not.toContain("secret/hidden");
    }
    const first = await ask("/v2/_catalog?n=1", viewer);
    expect(await first.json()).toEqual({ repositories: ["default/open"] });
    const next = /^<([^>]+)>/.exec(first.headers.get("link") ?? "")?.[1] ?? "";
    expect(await (await ask(next, viewer)).json()).toEqual({ repositories: ["team/demo"] });
    expect((await ask("/v2/_catalog")).headers.get("www-authenticate")).toContain(
      'scope="registry:catalog:*"',
    );
  });
});

describe("what nobody should ask is refused in the registry's own words:", () => {
  const cases: [what: string, path: string, init: RequestInit, status: number, code: string][] = [
    ["a push of a blob", "/v2/team/demo/blobs/uploads/", { method: "POST" }, 405, "UNSUPPORTED"],
    ["a push of a manifest", "/v2/team/demo/manifests/x", { method: "PUT", body: "{}" }, 405, "UNSUPPORTED"],
    ["a deletion", "/v2/team/demo/manifests/latest", { method: "DELETE" }, 405, "UNSUPPORTED"],
    ["another method for a token", "/v2/token", { method: "DELETE" }, 405, "UNSUPPORTED"],
    ["a path that is none", "/v2/nothing", {}, 404, "NAME_UNKNOWN"],
    ["another list than tags have", "/v2/team/demo/tags/all", {}, 404, "NAME_UNKNOWN"],
    ["a name of one part", "/v2/demo/manifests/latest", {}, 404, "NAME_UNKNOWN"],
    ["a name of three parts", "/v2/team/demo/more/manifests/latest", {}, 404, "NAME_UNKNOWN"],
    ["a name of 300 parts", `/v2/${"a/".repeat(300)}manifests/latest`, {}, 404, "NAME_UNKNOWN"],
    ["a name of 300 letters", `/v2/team/${"a".repeat(300)}/manifests/latest`, {}, 404, "NAME_UNKNOWN"],
    ["an empty part of a name", "/v2/team//manifests/latest", {}, 404, "NAME_UNKNOWN"],
    ["three dots", "/v2/team/..%2e/manifests/latest", {}, 404, "NAME_UNKNOWN"],
    ["a way up", "/v2/%2e%2e%2fteam/demo/manifests/latest", {}, 404, "NAME_UNKNOWN"],
    ["a part that is a way up", "/v2/team/..%2Fdemo/manifests/latest", {}, 404, "NAME_UNKNOWN"],
    ["a name in upper case, which is another", "/v2/TEAM/demo/manifests/latest", {}, 403, "DENIED"],
    ["a zero byte in a name", "/v2/te%00am/demo/manifests/latest", {}, 404, "NAME_UNKNOWN"],
    ["letters that no name has", "/v2/t%C3%A9am/demo/manifests/latest", {}, 404, "NAME_UNKNOWN"],
    ["who refers to an image", "/v2/team/demo/referrers/x", {}, 404, "NAME_UNKNOWN"],
  ];
  it.each(cases)("%s", async (_, path, init, status, code) => {
    const response = await ask(path, viewer, init);
    expect(await refusal(response)).toMatchObject({ status, code });
    expect(response.headers.get("docker-distribution-api-version")).toBe("registry/2.0");
  });

  it("a part of a manifest or of a redirect, which is sent whole: ranges are for where blobs lie", async () => {
    const headers = { ...viewer, range: "bytes=2-5" };
    const manifest = await ask("/v2/team/demo/manifests/latest", headers);
    expect([manifest.status, await manifest.text()]).toEqual([200, image.manifest]);
    const blob = await ask(`/v2/team/demo/blobs/${digestOf(image.layer)}`, headers);
    expect(blob.status).toBe(307);
    const part = await fetch(blob.headers.get("location") ?? "", { headers: { range: "bytes=2-5" } });
    expect([part.status, Buffer.from(await part.arrayBuffer())]).toEqual([206, image.layer.subarray(2, 6)]);
  });

  it("thousands of scopes, or a token that is no text: what is there is answered, and nothing breaks", async () => {
    const many = Array.from({ length: 2000 }, (_, at) => `repository:team/e${at}:pull`).join(" ");
    const body = new URLSearchParams({ scope: `repository:team/demo:pull ${many}`, grant_type: "password" });
    body.set("password", "x".repeat(100_000));
    expect((await ask("/v2/token", {}, { method: "POST", body })).status).toBe(401);
    for (const form of ["%", "grant_type=password&password=%00", "{}", "grant_type=client_credentials"]) {
      const asked = await ask("/v2/token", {}, { method: "POST", body: form });
      expect((await refusal(asked)).code, form).toBe("UNAUTHORIZED");
    }
  });
});
