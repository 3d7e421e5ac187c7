/** Where base images come from: registries that want to know who asks, and tars. */
import type { IncomingMessage } from "node:http";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openRegistry as openSource, type PullOptions } from "#build-task/image/pull.ts";
import { openTar } from "#build-task/image/tar-base.ts";
import { type ChannelCredentials, openChannelKeys } from "#core/channel/credentials.ts";
import { parseBaseConfig } from "#core/image/config.ts";
import { digestOf, parseManifest } from "#core/image/manifest.ts";
import { isBaseImage, parseReference, parseTarReference } from "#core/image/reference.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { openRegistry, type Registry, type StoredImage, storeImage } from "#test/kit/registry.ts";
import { useServers } from "#test/kit/servers.ts";

const aws = useMiniStack();
let registry: Registry;
let host: string;
let image: StoredImage;
beforeAll(async () => {
  registry = await openRegistry(aws);
  host = new URL(registry.address).host;
  image = await storeImage(registry.services, { namespace: "team", environment: "base" }, "the base");
});
afterAll(() => registry.close());

const serve = useServers();

function options(hosts: readonly string[], stored: ChannelCredentials = {}): PullOptions {
  return {
    allowPrivateHosts: hosts,
    keys: async () => openChannelKeys(stored, "https://conda.anaconda.org", hosts),
    signal: AbortSignal.timeout(60_000),
    advice: "Ask the operator.",
  };
}
function source(name: string, how: PullOptions) {
  const reference = parseReference(name);
  if (reference === null) throw new Error(`${name} is no reference`);
  return openSource(reference, how);
}
async function bytesOf(response: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString("base64")}`;

describe("a registry that wants to know who asks", () => {
  const name = () => `${host}/team/base:latest`;
  const hosts = () => [host, new URL(aws.endpoint).host];

  it("gives a private image for what the operator stored for it, to the last blob", async () => {
    const password = await registry.token({ "team/*": ["viewer"] });
    const stored = { [registry.address]: { username: "anybody", password } };
    const from = source(name(), options(hosts(), stored));
    const { text, digest } = await from.manifest("amd64");
    expect([text, digest]).toEqual([image.manifest, digestOf(image.manifest)]);
    const { config, layers } = parseManifest(text);
    expect(await from.text(config.digest)).toBe(image.config);
    expect(await bytesOf(await from.blob(layers[0]?.digest ?? ""))).toEqual(image.layer);
  });

  it("gives it to nobody else, and the operator is told", async () => {
    const wrong = { [registry.address]: { username: "anybody", password: "wrong" } };
    const elsewhere = { "https://other.example": { username: "anybody", password: "wrong" } };
    for (const stored of [{}, wrong, elsewhere]) {
      const asked = source(name(), options(hosts(), stored)).manifest("amd64");
      await expect(asked).rejects.toThrow(/cannot be copied.*(401|403).*Ask the operator/);
    }
  });

  it("may want it itself, without tokens, and whoever it sends us to does not get it", async () => {
    const seen: (string | undefined)[] = [];
    const blobs = await serve(({ headers }, response) => {
      seen.push(headers.authorization);
      response.end("a blob");
    });
    const plain = await serve(({ headers, url = "" }, response) => {
      if (headers.authorization !== basic("me:secret")) {
        response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      } else if (url.includes("/blobs/")) {
        response.writeHead(307, { location: `http://${blobs}/x` }).end();
      } else response.end(image.manifest);
    });
    const stored = { [`http://${plain}`]: { username: "me", password: "secret" } };
    const from = source(`${plain}/a/b`, options([plain, blobs], stored));
    expect((await from.manifest("amd64")).text).toBe(image.manifest);
    expect(String(await bytesOf(await from.blob(digestOf("a blob"))))).toBe("a blob");
    expect(seen).toEqual([undefined]);
  });

  it("does not get the password sent to a place of its own choice without TLS", async () => {
    const asked: string[] = [];
    const thief = await serve(({ url = "" }, response) => {
      asked.push(url);
      response.end("{}");
    });
    const greedy = await serve((_, response) => {
      response.writeHead(401, { "www-authenticate": `Bearer realm="http://${thief}/token"` }).end();
    });
    const stored = { [`http://${greedy}`]: { username: "me", password: "secret" } };
    const from = source(`${greedy}/a/b`, options([greedy], stored));
    await expect(from.manifest("amd64")).rejects.toThrow("without TLS");
    expect(asked).toEqual([]);
  });

  it("that speaks no sense ends in one sentence", async () => {
    const answers = ["", "not json", "[]", '{"token":7}', "{}"];
    for (const answer of answers) {
      const mad: string = await serve(({ url = "" }, response) => {
        if (url.startsWith("/token")) response.end(answer);
        else
          response
            .writeHead(401, { "www-authenticate": `Bearer realm="http://${mad}/token",service="x"` })
            .end();
      });
      const asked = source(`${mad}/a/b`, options([mad])).manifest("amd64");
      await expect(asked, answer).rejects.toThrow(/gives no token\. Ask the operator/);
    }
  });
});

describe("a tar", () => {
  const tar = Buffer.from("as good as a tar");
  const packed = gzipSync(tar);
  const at = async (bytes: Buffer, digest = digestOf(bytes)) => {
    const server = await serve(({ url }, response) => {
      if (url === "/root.tar.gz") response.end(bytes);
      else response.writeHead(404).end();
    });
    return { server, reference: (path = "root.tar.gz") => `http://${server}/${path}#${digest}` };
  };
  const open = (text: string, server: string) => {
    const reference = parseTarReference(text);
    if (reference === null) throw new Error(`${text} is no tar`);
    return openTar(reference, options([server]));
  };

  it("is an image of one layer, the tar itself", async () => {
    const { server, reference } = await at(packed);
    const from = open(reference(), server);
    const { text, digest } = await from.manifest("arm64");
    const { config, layers } = parseManifest(text);
    expect(digest).toBe(digestOf(packed));
    expect(layers).toMatchObject([{ digest: digestOf(packed), size: packed.byteLength }]);
    const base = parseBaseConfig(await from.text(config.digest));
    expect([base.architecture, base.rootfs.diff_ids]).toEqual(["arm64", [digestOf(tar)]]);
    expect(await bytesOf(await from.blob(digest))).toEqual(packed);
  });

  it("with other bytes than its digest says, that is none, cut off or not there is refused in one sentence", async () => {
    const other = await at(packed, digestOf("other"));
    await expect(open(other.reference(), other.server).manifest("amd64")).rejects.toThrow("other bytes");
    for (const bytes of [tar, packed.subarray(0, 20), Buffer.alloc(0)]) {
      const { server, reference } = await at(bytes);
      await expect(open(reference(), server).manifest("amd64")).rejects.toThrow(/no gzip tar/);
    }
    const { server, reference } = await at(packed);
    await expect(open(reference("gone.tar.gz"), server).manifest("amd64")).rejects.toThrow("answers 404");
  });

  it("is named by an address and a digest, and nothing less", () => {
    const digest = digestOf("x");
    expect(isBaseImage(`https://example.org/root.tar.gz#${digest}`)).toBe(true);
    for (const text of [
      "https://example.org/root.tar.gz",
      "https://example.org/root.tar.gz#sha256:1",
      `https://example.org/root.tar.gz#${digest}#${digest}`,
      `https://me:secret@example.org/root.tar.gz#${digest}`,
      `file:///root.tar.gz#${digest}`,
      `root.tar.gz#${digest}`,
      `https://example.org/${"x".repeat(500)}#${digest}`,
    ]) {
      expect(isBaseImage(text), text.slice(0, 60)).toBe(false);
    }
  });
});
