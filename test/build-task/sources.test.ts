import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Mirror, startMirror } from "#build-task/mirror/mirror.ts";
import { openChannelKeys } from "#core/channel/credentials.ts";

/** What the channel has, by path: a status, or a validator of a file. */
let files: Record<string, { etag?: string; modified?: string; status?: number }>;
let server: Server;
let channel: string;
let mirror: Mirror;

beforeEach(async () => {
  files = {};
  server = createServer((request, response) => {
    const file = files[(request.url ?? "").replace("/main/", "")];
    if (file?.etag !== undefined) response.setHeader("etag", file.etag);
    if (file?.modified !== undefined) response.setHeader("last-modified", file.modified);
    response.writeHead(file?.status ?? (file ? 200 : 404)).end(request.method === "HEAD" ? "" : "{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  channel = `http://${host}/main`;
  mirror = await startMirror({
    allowPrivateHosts: [host],
    keys: openChannelKeys({}, "", []),
    signal: new AbortController().signal,
  });
});
afterEach(async () => {
  await mirror.close();
  server.closeAllConnections();
  server.close();
});

const read = async (...paths: string[]): Promise<void> => {
  const headers = { authorization: `Bearer ${mirror.token}` };
  const { address } = mirror.addressOf(channel);
  for (const path of paths) await (await fetch(`${address}/${path}`, { headers })).text();
};
const unchanged = async (): Promise<boolean> => await mirror.areUnchanged(mirror.sources() ?? []);

describe("what was read of a channel's index", () => {
  it("is noted with what tells it apart, a file that is not there too, a shard by its index alone", async () => {
    const shard = `linux-64/shards/${"a".repeat(64)}.msgpack.zst`;
    files = { "noarch/one": { etag: '"1"', modified: "then" }, "noarch/two": { modified: "then" } };
    files[shard] = { etag: '"s"' };

    await read("noarch/one", "noarch/two", "noarch/three", shard, "noarch/one");

    expect(mirror.sources()).toEqual([
      { channel, path: "noarch/one", status: 200, validator: '"1"' },
      { channel, path: "noarch/two", status: 200, validator: "then" },
      { channel, path: "noarch/three", status: 404, validator: null },
    ]);
    expect(await unchanged()).toBe(true);
  });

  it.each<[string, () => void]>([
    ["a file is another", () => Object.assign(files, { one: { etag: '"2"' } })],
    ["a file has gone", () => Reflect.deleteProperty(files, "one")],
    ["a file that was missing is there", () => Object.assign(files, { two: { etag: '"1"' } })],
    ["the channel fails", () => Object.assign(files, { one: { etag: '"1"', status: 503 } })],
    ["the channel does not answer", () => server.close().closeAllConnections()],
  ])("has changed when %s", async (_what, change) => {
    files = { one: { etag: '"1"' } };
    await read("one", "two");
    expect(await unchanged()).toBe(true);
    change();
    expect(await unchanged()).toBe(false);
  });

  it.each<[string, () => Promise<void>]>([
    ["nothing tells a file's versions apart", async () => await read("plain")],
    [
      "a file changed between two reads",
      async () => {
        await read("one");
        files["one"] = { etag: '"2"' };
        await read("one");
      },
    ],
    ["the channel failed", async () => await read("broken")],
  ])("is not to be relied on when %s", async (_what, act) => {
    files = { plain: {}, one: { etag: '"1"' }, broken: { status: 500, etag: '"x"' } };
    await act();
    expect(mirror.sources()).toBeNull();
  });
});
