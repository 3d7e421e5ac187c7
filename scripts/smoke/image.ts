/**
 * Pulls an image as docker does: challenge, token, manifest, blobs, every digest computed anew.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 * @module
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import * as v from "valibot";
import { check, equal, read, sameAsHead } from "./check.ts";

const USER = "smoke";

export interface Repository {
  /** Scheme and host; `/v2/` lies at its root, whatever the prefix of the deployment. */
  readonly origin: string;
  /** `namespace/environment` */
  readonly name: string;
  /** A token of conda-store, which is docker's password. */
  readonly password: string;
}

const Described = v.object({ mediaType: v.string(), digest: v.string(), size: v.number() });
const Manifest = v.object({ config: Described, layers: v.pipe(v.array(Described), v.minLength(1)) });
const Config = v.object({ rootfs: v.object({ diff_ids: v.array(v.string()) }) });
type Described = v.InferOutput<typeof Described>;

const ACCEPT =
  "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json";

/**
 * What stands in the challenge of a 401.
 * @returns null where no registry answers
 * @throws Error when the 401 does not say where to log in
 */
export async function askChallenge(origin: string): Promise<URLSearchParams | null> {
  const response = await fetch(`${origin}/v2/`, { redirect: "manual" });
  await response.body?.cancel();
  if (response.status !== 401) return null;
  const header = response.headers.get("www-authenticate") ?? "";
  const parts = new URLSearchParams(
    [...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = "", value = ""]): [string, string] => [
      name,
      value,
    ]),
  );
  if (!header.startsWith("Bearer ") || !URL.canParse(parts.get("realm") ?? "")) {
    throw new Error(`WWW-Authenticate is ${JSON.stringify(header)}`);
  }
  return parts;
}

/** @returns headers that let us pull from the repository for some minutes */
export async function logIn({ origin, name, password }: Repository): Promise<Record<string, string>> {
  const challenge = await askChallenge(origin);
  if (challenge === null) throw new Error("the registry does not ask to log in");
  const query = new URLSearchParams({
    service: challenge.get("service") ?? "",
    scope: `repository:${name}:pull`,
  });
  const authorization = `Basic ${Buffer.from(`${USER}:${password}`).toString("base64")}`;
  const response = await fetch(`${challenge.get("realm")}?${query}`, { headers: { authorization } });
  equal(response.status, 200, "status of the registry's token");
  const { token } = await read(response, v.object({ token: v.string() }));
  return { authorization: `Bearer ${token}` };
}

/** Checks the pull of the environment's image, by the protocol and by crane where there is one. */
export async function checkImage(repository: Repository): Promise<void> {
  const { origin, name } = repository;
  const base = `${origin}/v2/${name}`;
  await check("its image's manifest is the same by HEAD and by GET", async () => {
    const headers = { ...(await logIn(repository)), accept: ACCEPT };
    await sameAsHead(`${base}/manifests/latest`, headers, "docker-content-digest", "content-type");
    await sameAsHead(`${base}/tags/list`, headers, "content-type");
  });
  await check("its image is pulled, every digest right", async () => {
    const credentials = await logIn(repository);
    const response = await fetch(`${base}/manifests/latest`, { headers: { ...credentials, accept: ACCEPT } });
    equal(response.status, 200, "status of the manifest");
    const text = await response.text();
    equal(response.headers.get("docker-content-digest"), digestOf(text), "docker-content-digest");
    const { config, layers } = v.parse(Manifest, JSON.parse(text));
    const { rootfs } = v.parse(Config, JSON.parse(String(await pullWhole(base, credentials, config))));
    equal(rootfs.diff_ids.length, layers.length, "number of layers in the configuration");
    for (const [index, layer] of layers.entries()) {
      await pullLayer(base, credentials, layer, rootfs.diff_ids[index] ?? "");
    }
    const bytes = layers.reduce((sum, { size }) => sum + size, 0);
    return `${layers.length} layers, ${bytes} bytes`;
  });
  await checkByCrane(repository);
}

async function openBlob(
  base: string,
  headers: Readonly<Record<string, string>>,
  { digest, size }: Described,
): Promise<ReadableStream<Uint8Array>> {
  const address = `${base}/blobs/${digest}`;
  const head = await fetch(address, { method: "HEAD", headers });
  equal(head.headers.get("content-length"), String(size), `content-length of HEAD ${digest}`);
  // The redirect leads to another origin, which does not get the credentials.
  const { status, body } = await fetch(address, { headers });
  equal(status, 200, `status of ${digest}`);
  if (body === null) throw new Error(`${digest} is empty`);
  return body;
}

async function pullWhole(
  base: string,
  headers: Readonly<Record<string, string>>,
  blob: Described,
): Promise<Buffer> {
  const bytes = Buffer.from(await new Response(await openBlob(base, headers, blob)).arrayBuffer());
  equal(digestOf(bytes), blob.digest, "digest of the configuration");
  return bytes;
}

/** A layer is right when what arrives has its digest and its size, and what is in it the digest that the configuration names. */
async function pullLayer(
  base: string,
  headers: Readonly<Record<string, string>>,
  layer: Described,
  diffId: string,
): Promise<void> {
  const packed = createHash("sha256");
  const unpacked = createHash("sha256");
  let size = 0;
  const count = async function* (parts: AsyncIterable<Uint8Array>) {
    for await (const part of parts) {
      packed.update(part);
      size += part.byteLength;
      yield part;
    }
  };
  const from = await openBlob(base, headers, layer);
  if (/[+.]gzip$/.test(layer.mediaType)) await pipeline(from, count, createGunzip(), unpacked);
  else await pipeline(from, count, unpacked);
  equal(size, layer.size, `size of ${layer.digest}`);
  equal(`sha256:${packed.digest("hex")}`, layer.digest, "digest of a layer");
  // Layers of a foreign base may be compressed otherwise.
  if (!/zstd$/.test(layer.mediaType))
    equal(`sha256:${unpacked.digest("hex")}`, diffId, "digest of a layer's content");
}

const digestOf = (content: string | Buffer): string =>
  `sha256:${createHash("sha256").update(content).digest("hex")}`;

const run = promisify(execFile);

async function checkByCrane({ origin, name, password }: Repository): Promise<void> {
  const isThere = await run("crane", ["version"]).then(
    () => true,
    () => false,
  );
  if (!isThere) {
    console.log("skipped crane: it is not on PATH");
    return;
  }
  await check("its image is pulled by crane", async () => {
    const home = await mkdtemp(join(tmpdir(), "smoke-"));
    try {
      const { protocol, host } = new URL(origin);
      const crane = async (args: readonly string[], input = ""): Promise<void> => {
        const insecure = protocol === "http:" ? ["--insecure"] : [];
        const promise = run("crane", [...args, ...insecure], {
          env: { ...process.env, DOCKER_CONFIG: home },
        });
        promise.child.stdin?.end(input);
        await promise;
      };
      await crane(["auth", "login", host, "-u", USER, "--password-stdin"], password);
      await crane(["validate", "--remote", `${host}/${name}:latest`]);
    } finally {
      await rm(home, { recursive: true, force: true });
    }
  });
}
