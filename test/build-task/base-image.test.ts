/** Copying a base image: what is taken from a registry that may say anything, and what whoever names it is told. */
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDb } from "#adapters/dynamodb/db.ts";
import { getObject, putObject } from "#adapters/s3/objects.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { type BaseImage, baseImage } from "#build-task/image/base-image.ts";
import type { StepContext, Task } from "#build-task/task.ts";
import { DOCKER_MANIFEST, digestOf, hexOf, OCI_CONFIG, OCI_LAYER } from "#core/image/manifest.ts";
import { blobKey } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { audited } from "#test/kit/audited.ts";
import { newBuild } from "#test/kit/builds.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { useServers } from "#test/kit/servers.ts";
import { building } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const root = mkdtempSync(join(tmpdir(), "base-image-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));
let db: ReturnType<typeof audited>;
beforeAll(() => {
  db = audited(openDb({ table: aws.table }));
});
const bucket = () => openBucket(aws.bucket, db.client);

/** Copies the base image of a build that runs. */
async function copy(name: string, hosts: readonly string[], own = "scratch"): Promise<BaseImage | null> {
  const { id, attempt } = await building(db, "task");
  const work = join(root, String(id));
  mkdirSync(work);
  const lines: string[] = [];
  const step = { signal: AbortSignal.timeout(60_000), line: (line: string) => lines.push(line) };
  const task = {
    config: { allowedPrivateHosts: hosts, channelSecrets: `none/${id}/` },
    settings: deploymentSettings({ default_docker_base_image: own }),
    build: { ...newBuild(id), baseImage: name },
    who: { build: id, attempt },
    paths: { work },
    db,
    bucket: bucket(),
    lost: () => {},
  };
  return await baseImage(task as unknown as Task, step as unknown as StepContext, "linux-64");
}

const serve = useServers();

interface Image {
  readonly manifest: string;
  readonly blobs: ReadonlyMap<string, string | Buffer>;
}
interface Parts {
  readonly architecture?: string;
  readonly os?: string;
  readonly layers?: readonly Buffer[];
  readonly diffIds?: number;
  readonly sizes?: number;
}
function imageOf({ architecture = "amd64", os = "linux", layers, diffIds, sizes }: Parts = {}): Image {
  const made = layers ?? [gzipSync(randomBytes(1000))];
  const diff_ids = Array.from({ length: diffIds ?? made.length }, (_, n) => digestOf(String(n)));
  const config = JSON.stringify({ architecture, os, rootfs: { type: "layers", diff_ids } });
  const manifest = JSON.stringify({
    schemaVersion: 2,
    config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: config.length },
    layers: made.map((layer) => ({
      mediaType: OCI_LAYER,
      digest: digestOf(layer),
      size: sizes ?? layer.byteLength,
    })),
  });
  const blobs = new Map<string, string | Buffer>(made.map((layer) => [digestOf(layer), layer]));
  return { manifest, blobs: blobs.set(digestOf(config), config) };
}
const configOf = (junk: Buffer): string =>
  JSON.stringify({
    ...{ architecture: "amd64", os: "linux" },
    config: { Labels: { junk: junk.toString("hex") } },
    rootfs: { type: "layers", diff_ids: [digestOf("x")] },
  });
/** @returns the host and what it was asked for */
async function registryOf({ manifest, blobs }: Image): Promise<{ host: string; asked: string[] }> {
  const asked: string[] = [];
  const host = await serve(({ url = "" }, response) => {
    asked.push(url);
    if (url.includes("/manifests/")) response.end(manifest);
    else {
      const blob = blobs.get(url.split("/").at(-1) ?? "");
      if (blob === undefined) response.writeHead(404).end();
      else response.end(blob);
    }
  });
  return { host, asked };
}
const layersIn = (urls: readonly string[], { blobs }: Image): string[] =>
  urls.filter((url) => Buffer.isBuffer(blobs.get(url.split("/").at(-1) ?? "")));

describe("a base image", () => {
  it("is copied once, whoever asks for it next and by whatever name", async () => {
    const image = imageOf({ layers: [gzipSync("a"), gzipSync("b")] });
    const { host, asked } = await registryOf(image);
    const base = await copy(`${host}/a/b:1`, [host]);
    expect(base?.digest).toBe(digestOf(image.manifest));
    expect(base?.layers.map(({ digest }) => digest)).toEqual([...image.blobs.keys()].slice(0, 2));
    expect(layersIn(asked, image)).toHaveLength(2);
    asked.length = 0;
    await copy(`${host}/a/b:1`, [host]);
    expect(asked).toEqual([]);
    expect((await copy(`${host}/a/b@${digestOf(image.manifest)}`, [host]))?.digest).toBe(base?.digest);
    expect(layersIn(asked, image)).toEqual([]);
  });

  it("may have one layer several times, as empty ones often are", async () => {
    const empty = gzipSync(randomBytes(10));
    const image = imageOf({ layers: [empty, gzipSync(randomBytes(10)), empty] });
    const { host, asked } = await registryOf(image);
    for (let time = 0; time < 2; time += 1) {
      const base = await copy(`${host}/a/b`, [host]);
      const digests = base?.layers.map(({ digest }) => digest) ?? [];
      expect([digests.length, digests[2]]).toEqual([3, digests[0]]);
    }
    expect(layersIn(asked, image)).toHaveLength(2);
    const { layers, ...rest } = JSON.parse(image.manifest) as { layers: object[] };
    const lying = {
      ...image,
      manifest: JSON.stringify({ ...rest, layers: [...layers.slice(0, 2), { ...layers[0], size: 1 }] }),
    };
    const liar = await registryOf(lying);
    await expect(copy(`${liar.host}/a/b`, [liar.host])).rejects.toThrow(/arrived with other bytes/);
  });

  it("does not get a layer by naming its digest: who gives a manifest gives the bytes too", async () => {
    const private_ = gzipSync(randomBytes(500));
    const key = blobKey(hexOf(digestOf(private_)) ?? "");
    await putObject(bucket(), key, private_, { contentType: "application/octet-stream" });
    const image = imageOf({ layers: [private_] });
    const claimed = { ...image, blobs: new Map([...image.blobs].filter(([, blob]) => blob !== private_)) };
    const { host } = await registryOf(claimed);
    await expect(copy(`${host}/a/b`, [host])).rejects.toThrow(/answers 404 for blobs\//);
    await expect(copy(`${host}/a/b`, [host])).rejects.toThrow(/answers 404 for blobs\//);
    const honest = await registryOf(image);
    expect((await copy(`${honest.host}/a/b`, [honest.host]))?.layers).toHaveLength(1);
    expect(await getObject(bucket(), key)).toEqual(private_);
  });

  it.each<[string, Parts, RegExp]>([
    [
      "another architecture",
      { architecture: "arm64" },
      /it is for linux on arm64, and this environment for linux on amd64/,
    ],
    ["another system", { os: "windows" }, /it is for windows on amd64/],
    ["other layers than its configuration's", { diffIds: 3 }, /it has 1 layers, and 3 by its configuration/],
    ["a layer that is longer than announced", { sizes: 10 }, /arrived with other bytes than it should have/],
    [
      "a layer that is shorter than announced",
      { sizes: 5000 },
      /arrived with other bytes than it should have/,
    ],
    ["layers without end", { sizes: 2 ** 50 }, /it is too large: its layers have 1126 TB.*taskDiskGiB/],
    [
      "more layers than a container can have",
      { layers: Array.from({ length: 38 }, (_, n) => gzipSync(String(n))) },
      /it has 38 layers, and 37 are the most/,
    ],
  ])("with %s is refused in one sentence", async (_, parts, says) => {
    const { host } = await registryOf(imageOf(parts));
    const failure = copy(`${host}/a/b`, [host]);
    await expect(failure).rejects.toThrow(says);
    await expect(failure).rejects.toMatchObject({ name: "BuildFailure" });
    await expect(failure).rejects.toThrow(/Set another one \(default_docker_base_image\) and build again/);
  });

  it("that is no image is refused in one sentence", async () => {
    const texts = ["", "null", "[]", '{"schemaVersion":1}', '{"schemaVersion":2,"manifests":[]}', "\u0000"];
    const valid = JSON.parse(imageOf().manifest) as { layers: object[] };
    texts.push(JSON.stringify({ ...valid, layers: [{ ...valid.layers[0], digest: "md5:0" }] }));
    for (const manifest of texts) {
      const { host } = await registryOf({ manifest, blobs: new Map() });
      await expect(copy(`${host}/a/b`, [host]), manifest).rejects.toMatchObject({
        name: "BuildFailure",
        message: expect.stringMatching(/^The base image .* cannot be (used|copied): .*Set another one/),
      });
    }
  });

  it.each<[string, string, RegExp]>([
    ["is no JSON", "nonsense", /cannot be used/],
    ["says nothing", "{}", /no configuration of an image/],
    ["is larger than can be kept", configOf(randomBytes(600_000)), /its configuration is too large/],
    ["has no end", configOf(randomBytes(3_000_000)), /is longer than 4194304 bytes/],
  ])("whose configuration %s is refused in one sentence", async (_, config, says) => {
    const layer = gzipSync("x");
    const manifest = JSON.stringify({
      schemaVersion: 2,
      mediaType: DOCKER_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: config.length },
      layers: [{ mediaType: OCI_LAYER, digest: digestOf(layer), size: layer.byteLength }],
    });
    const blobs = new Map<string, string | Buffer>([
      [digestOf(config), config],
      [digestOf(layer), layer],
    ]);
    const { host } = await registryOf({ manifest, blobs });
    const failure = copy(`${host}/a/b`, [host]);
    await expect(failure).rejects.toThrow(says);
    await expect(failure).rejects.toMatchObject({ name: "BuildFailure" });
  });

  it.each<[number, RegExp]>([
    [404, /404 for manifests\/latest, which is not there: look at its name and tag/],
    [403, /403 for manifests\/latest, which is not there or not given to who we are/],
    [429, /429 for manifests\/latest, since it was asked too often: try again later/],
    [500, /the registry answers 500 for manifests\/latest\./],
    [401, /it is given to those alone who log in, for which credentials must be stored/],
  ])("to which the registry answers %i says what to do", async (status, says) => {
    const host = await serve((_, response) => response.writeHead(status).end());
    await expect(copy(`${host}/a/b`, [host])).rejects.toThrow(says);
  });

  it("of the deployment is the operator's to mend, another one that of whose setting it is", async () => {
    const host = await serve((_, response) => response.writeHead(404).end());
    const name = `${host}/a/b`;
    await expect(copy(name, [host], name)).rejects.toThrow(/Ask the operator to look at it \(baseImage\)\.$/);
    await expect(copy(name, [host])).rejects.toThrow(/Set another one \(default_docker_base_image\)/);
  });

  it("on a private address is not asked for, unless the operator allows the host; nor is where a registry leads", async () => {
    const image = imageOf();
    const { host, asked } = await registryOf(image);
    await expect(copy(`${host}/a/b`, [])).rejects.toThrow(/private or loopback/);
    expect(asked).toEqual([]);
    const leading = await serve(({ url = "" }, response) => {
      if (url.includes("/manifests/")) response.end(image.manifest);
      else response.writeHead(307, { location: `http://${host}${url}` }).end();
    });
    await expect(copy(`${leading}/a/b`, [leading])).rejects.toThrow(/private or loopback/);
    expect(asked).toEqual([]);
  });
});
