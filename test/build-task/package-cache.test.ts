import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { type Mirror, startMirror } from "#build-task/mirror/mirror.ts";
import { openPackageCache } from "#build-task/mirror/package-cache.ts";
import { type ChannelCredentials, openChannelKeys } from "#core/channel/credentials.ts";
import { sha256 } from "#test/kit/index-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
let directory: string;
let servers: Server[];
let mirrors: Mirror[];
let asked: number;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "package-cache-"));
  [servers, mirrors, asked] = [[], [], 0];
});
afterEach(async () => {
  for (const mirror of mirrors) await mirror.close();
  for (const server of servers) server.close();
  rmSync(directory, { recursive: true, force: true });
});

const PACKAGE = Buffer.alloc(6 * 1024 * 1024, "package ");
const FILE = "noarch/a-1.0-0.conda";
async function serve(answer: RequestListener = (_, response) => void response.end(PACKAGE)): Promise<string> {
  const server = createServer((request, response) => {
    asked += 1;
    answer(request, response);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Build {
  readonly namespace?: string;
  readonly credentials?: ChannelCredentials;
  readonly wanted?: string;
}

/** A build that fetches the package, and what it got. */
async function fetched(
  channel: string,
  { namespace = "team", credentials = {}, wanted = sha256(PACKAGE) }: Build = {},
) {
  const hosts = servers.map((server) => `127.0.0.1:${(server.address() as AddressInfo).port}`);
  const keys = openChannelKeys(credentials, "https://conda.anaconda.org", hosts);
  const bucket = openBucket(aws.bucket, openDb({ table: aws.table }).client);
  const signal = AbortSignal.timeout(60_000);
  const packages = openPackageCache({ bucket, namespace, keys, directory, signal });
  const mirror = await startMirror({ allowPrivateHosts: hosts, keys, signal, packages });
  mirrors.push(mirror);
  mirror.expect([{ url: `${channel}/${FILE}`, channel, sha256: wanted }]);
  const response = await fetch(`${mirror.addressOf(channel).address}/${FILE}`, {
    headers: { authorization: `Bearer ${mirror.token}` },
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  await packages.settled();
  expect(readdirSync(directory)).toEqual([]);
  return { same: bytes.equals(PACKAGE), hits: packages.counts.hits, status: response.status };
}

describe("a package that a build fetched", () => {
  it("is given to the next without asking the channel, byte by byte", async () => {
    const channel = `${await serve()}/one`;

    expect(await fetched(channel)).toMatchObject({ same: true, hits: 0 });
    expect(await fetched(channel, { namespace: "other" })).toMatchObject({ same: true, hits: 1 });
    expect(asked).toBe(1);
  });

  it("is never another channel's: who names it there is answered by that channel", async () => {
    const origin = await serve((request, response) => {
      if (request.url?.startsWith("/two/")) response.end(PACKAGE);
      else response.writeHead(404).end();
    });

    expect(await fetched(`${origin}/two`)).toMatchObject({ same: true });
    expect(await fetched(`${origin}/stranger`)).toMatchObject({ same: false, hits: 0, status: 404 });
  });

  it("with a namespace's credentials is given to no other namespace", async () => {
    const channel = `${await serve((request, response) => {
      const knows = request.headers.authorization === "Bearer b";
      response.writeHead(knows ? 200 : 401).end(knows ? PACKAGE : "no");
    })}/three`;
    const credentials = { [channel]: { bearer: "b" } };

    expect(await fetched(channel, { credentials })).toMatchObject({ same: true, hits: 0 });
    expect(await fetched(channel, { credentials })).toMatchObject({ same: true, hits: 1 });
    expect(await fetched(channel, { namespace: "stranger" })).toMatchObject({
      same: false,
      hits: 0,
      status: 401,
    });
    expect(await fetched(channel, { namespace: "stranger", credentials })).toMatchObject({ hits: 0 });
  });

  it("is not kept when it is not what the lock says, and not when it breaks off", async () => {
    const channel = `${await serve()}/four`;
    const wanted = "0".repeat(64);
    expect(await fetched(channel, { wanted })).toMatchObject({ same: true, hits: 0 });
    expect(await fetched(channel, { wanted })).toMatchObject({ hits: 0 });

    const broken = `${await serve((_, response) => {
      response.writeHead(200, { "content-length": PACKAGE.length });
      response.write(PACKAGE.subarray(0, 100_000), () => response.destroy());
    })}/five`;
    await expect(fetched(broken)).rejects.toThrow();
    await expect(fetched(broken)).rejects.toThrow();
  });
});
