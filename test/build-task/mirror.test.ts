import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { hostname } from "node:os";
import { text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Mirror, startMirror } from "#build-task/mirror/mirror.ts";
import { isPublicIp } from "#core/address/ip.ts";
import { type ChannelCredentials, openChannelKeys } from "#core/channel/credentials.ts";
import { EngineError } from "#core/ports.ts";

let stop: AbortController;
let mirror: Mirror;
let servers: Server[];
/** What the channel was asked, newest last. */
let asked: IncomingMessage[];

beforeEach(() => {
  stop = new AbortController();
  servers = [];
  asked = [];
  credentials = {};
});
afterEach(async () => {
  stop.abort();
  await mirror.close();
  for (const server of servers) server.close();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer((incoming, response) => {
    asked.push(incoming);
    listener(incoming, response);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const ALIAS = "https://conda.anaconda.org";
/** What the namespace has for its channels. */
let credentials: ChannelCredentials;
const start = async (...allowPrivateHosts: string[]): Promise<void> => {
  mirror = await startMirror({
    allowPrivateHosts,
    keys: openChannelKeys(credentials, ALIAS, allowPrivateHosts),
    signal: stop.signal,
  });
};
/** As an engine asks: with the mirror's token. */
const ask = (address: string, init: RequestInit = {}): Promise<Response> =>
  fetch(address, { ...init, headers: { ...init.headers, authorization: `Bearer ${mirror.token}` } });
const engineSays = (failure: "channel" | "not_found") => new EngineError(failure, "status 403");

describe("credentials of a channel", () => {
  /** What each request showed: path and header. */
  const shown = () => asked.map(({ url, headers }) => [url, headers.authorization]);
  const basic = (pair: string) => `Basic ${Buffer.from(pair).toString("base64")}`;

  it.each([
    ["Basic", { username: "me", password: "p:w" }, "/main/noarch/a", basic("me:p:w")],
    ["Bearer", { bearer: "b-1" }, "/main/noarch/a", "Bearer b-1"],
    ["conda's token in the path", { token: "tk-1" }, "/t/tk-1/main/noarch/a", undefined],
  ])("are added on the way to it: %s", async (_, credential, path, header) => {
    const host = await serve((_incoming, response) => response.end("private"));
    credentials = { [`http://${host}/main`]: credential };
    await start(host);

    const answer = await ask(`${mirror.addressOf(`http://${host}/main`).address}/noarch/a`);

    expect(await answer.text()).toBe("private");
    expect(shown()).toEqual([[path, header]]);
  });

  it("are those of the longest address, and no other channel's, nor another host's", async () => {
    const host = await serve((_incoming, response) => response.end());
    const other = await serve((_incoming, response) => response.end());
    credentials = { [`http://${host}/`]: { bearer: "host" }, [`http://${host}/main`]: { bearer: "main" } };
    await start(host, other);

    for (const channel of [
      `http://${host}/main`,
      `http://${host}/mainly`,
      `http://${host}/main/label/dev`,
      `http://${other}/main`,
    ]) {
      await ask(`${mirror.addressOf(channel).address}/noarch/a`);
    }

    expect(shown().map(([, header]) => header)).toEqual([
      "Bearer main",
      "Bearer host",
      "Bearer main",
      undefined,
    ]);
  });

  it("go along with a redirect on the same host, and never to another, nor back from there", async () => {
    const second = await serve((incoming, response) =>
      response.writeHead(302, { location: `http://${first}/last${incoming.url}` }).end(),
    );
    const first = await serve((incoming, response) => {
      const location = incoming.url?.startsWith("/main") ? `/moved${incoming.url}` : `http://${second}/x`;
      if (incoming.url?.startsWith("/last")) response.end("here");
      else response.writeHead(302, { location }).end();
    });
    credentials = {
      [`http://${first}/main`]: { bearer: "first" },
      [`http://${second}`]: { bearer: "second" },
    };
    await start(first, second);

    const answer = await ask(`${mirror.addressOf(`http://${first}/main`).address}/a`);

    expect(await answer.text()).toBe("here");
    expect(shown()).toEqual([
      ["/main/a", "Bearer first"],
      ["/moved/main/a", "Bearer first"],
      ["/x", undefined],
      ["/last/x", undefined],
    ]);
  });

  it("are not sent over plain http to a host that the operator has not named", async () => {
    const keys = openChannelKeys({ "http://example.org/main": { bearer: "b" } }, ALIAS, []);
    const secure = openChannelKeys({ "https://example.org/main": { bearer: "b" } }, ALIAS, []);

    expect(keys.authorise(new URL("http://example.org/main/a")).authorization).toBeNull();
    expect(secure.authorise(new URL("http://example.org/main/a")).authorization).toBeNull();
    expect(secure.authorise(new URL("https://example.org/main/a")).authorization).toBe("Bearer b");
    expect(secure.authorise(new URL("https://example.org.evil.example/main/a")).authorization).toBeNull();
  });

  it("of a channel by name are those of the address that the name stands for", () => {
    const keys = openChannelKeys({ acme: { token: "co-1" } }, ALIAS, []);

    expect(keys.authorise(new URL(`${ALIAS}/acme/noarch/repodata.json`)).url.href).toBe(
      `${ALIAS}/t/co-1/acme/noarch/repodata.json`,
    );
  });

  it("that are refused are said to be, and the page that says no, which may repeat them, stays here", async () => {
    const host = await serve((incoming, response) =>
      response.writeHead(401, { etag: "x" }).end(`${incoming.headers.authorization} is wrong`),
    );
    credentials = { [`http://${host}/main`]: { bearer: "b-wrong" } };
    await start(host);

    const answer = await ask(`${mirror.addressOf(`http://${host}/main`).address}/a`);
    const said = mirror.explain(new EngineError("channel_auth", "status 401"));

    expect([answer.status, await answer.text(), answer.headers.get("etag")]).toEqual([401, "", null]);
    expect(said).toMatchObject({
      message: `The channel http://${host}/main refuses the credentials that are stored for it (HTTP 401): have them renewed.`,
    });
  });

  it("are asked with when a lock is to be lent, so that nobody is lent what they could not fetch", async () => {
    const host = await serve((incoming, response) => {
      const good = incoming.headers.authorization === "Bearer b-1";
      response.writeHead(good ? 200 : 401, good ? { etag: '"v1"' } : {}).end();
    });
    const channel = `http://${host}/main`;
    credentials = { [channel]: { bearer: "b-1" } };
    await start(host);
    await ask(`${mirror.addressOf(channel).address}/noarch/repodata.json`);
    const sources = mirror.sources() ?? [];
    expect(sources).toHaveLength(1);
    expect(await mirror.areUnchanged(sources)).toBe(true);
    await mirror.close();

    credentials = {};
    await start(host);

    expect(await mirror.areUnchanged(sources)).toBe(false);
  });
});

describe("the mirror of a channel", () => {
  it("passes ranges, conditions and answers through, and nothing that tells who asks", async () => {
    const host = await serve((incoming, response) => {
      if (incoming.headers["if-none-match"] === '"v1"') response.writeHead(304).end();
      else if (incoming.headers.range === "bytes=2-3") {
        response
          .writeHead(206, { "content-range": "bytes 2-3/6", "content-length": 2, "set-cookie": "a=b" })
          .end("cd");
      } else response.writeHead(200, { etag: '"v1"', "content-type": "application/json" }).end("abcdef");
    });
    await start(host);
    const { url, address } = mirror.addressOf(`http://${host}/main/`);

    const whole = await ask(`${address}/noarch/repodata.json`, {
      headers: { cookie: "a=b" },
    });
    const part = await ask(`${address}/linux-64/x.conda`, { headers: { range: "bytes=2-3" } });
    const same = await ask(`${address}/noarch/repodata.json`, { headers: { "if-none-match": '"v1"' } });

    expect(url).toBe(`http://${host}/main`);
    expect([await whole.text(), whole.headers.get("etag")]).toEqual(["abcdef", '"v1"']);
    expect([part.status, await part.text(), part.headers.get("content-range")]).toEqual([
      206,
      "cd",
      "bytes 2-3/6",
    ]);
    expect(part.headers.get("set-cookie")).toBeNull();
    expect(same.status).toBe(304);
    expect(asked[0]?.url).toBe("/main/noarch/repodata.json");
    expect(asked[0]?.headers).not.toHaveProperty("cookie");
    expect(asked[0]?.headers).not.toHaveProperty("authorization");
    expect(asked[0]?.headers.host).toBe(host);
  });

  it("gives one address to one channel, and answers nobody who lacks its token or leaves the channel", async () => {
    const host = await serve((_incoming, response) => response.end("secret"));
    await start(host);
    const { address } = mirror.addressOf(`http://${host}/main`);
    expect(mirror.addressOf(`http://${host}/main/`).address).toBe(address);
    expect(mirror.addressOf(`http://${host}/other`).address).not.toBe(address);
    const { origin, pathname } = new URL(address);

    const wrong = [
      `${origin}${pathname.replace(/\/c\/0$/, "/c/7")}/noarch/repodata.json`,
      `${address}/%2e%2e/private`,
      `${address}/..%2fprivate`,
      `${origin}/`,
    ];
    for (const each of wrong) expect((await ask(each)).status).toBe(404);
    expect((await ask(`${address}/x`, { method: "POST" })).status).toBe(405);
    for (const authorization of ["", "Bearer wrong", `Basic ${mirror.token}`]) {
      expect((await fetch(`${address}/x`, { headers: { authorization } })).status).toBe(401);
    }
    expect(address).not.toContain(mirror.token);
    expect(asked).toHaveLength(0);
  });

  it("follows a redirect to a host that is allowed", async () => {
    const target = await serve((_incoming, response) => response.end("moved"));
    const host = await serve((_incoming, response) =>
      response.writeHead(302, { location: `http://${target}/t/signed/x.conda?sig=1` }).end(),
    );
    await start(host, target);
    const { address } = mirror.addressOf(`http://${host}/main`);

    expect(await (await ask(`${address}/x.conda`)).text()).toBe("moved");
    expect(asked.at(-1)?.url).toBe("/t/signed/x.conda?sig=1");
  });

  it.each([
    ["a loopback address", "http://127.0.0.1:1/x"],
    ["the task's own metadata", "http://169.254.170.2/v2/credentials"],
    ["a private address in IPv6", "http://[::ffff:10.0.0.1]/x"],
    ["a file", "file:///etc/passwd"],
    ["credentials", "https://user:password@example.org/x"],
  ])(
    "refuses a redirect to %s, and its reason explains what the engine only calls a status",
    async (_what, location) => {
      const host = await serve((_incoming, response) => response.writeHead(302, { location }).end());
      await start(host);
      const { address } = mirror.addressOf(`http://${host}/main`);

      expect((await ask(`${address}/noarch/repodata.json`)).status).toBe(403);
      const explained = mirror.explain(engineSays("channel"));
      expect(String(explained)).toMatch(new RegExp(`The channel http://${host}/main cannot be used`));
      expect(String(explained)).not.toContain("password");
      const other = engineSays("not_found");
      expect(mirror.explain(other)).toBe(other);
    },
  );

  it("follows a redirect whose own body never ends", async () => {
    let closed = false;
    const host = await serve((incoming, response) => {
      if (incoming.url === "/main/moved") return void response.end("moved");
      response.writeHead(302, { location: "/main/moved" });
      response.once("close", () => {
        closed = true;
      });
      const more = (): void =>
        void (closed || response.write("and on".repeat(1000), () => setImmediate(more)));
      more();
    });
    await start(host);
    const { address } = mirror.addressOf(`http://${host}/main`);
    expect(await (await ask(`${address}/x`)).text()).toBe("moved");
    await expect.poll(() => closed).toBe(true);
  });

  it("gives up on redirects without an end", async () => {
    const host = await serve((incoming, response) =>
      response.writeHead(302, { location: incoming.url ?? "" }).end(),
    );
    await start(host);
    const { address } = mirror.addressOf(`http://${host}/main`);
    expect((await ask(`${address}/x`)).status).toBe(502);
    expect(asked).toHaveLength(6);
    expect(String(mirror.explain(engineSays("channel")))).toMatch(/redirects more than 5 times/);
  });

  it("refuses a name that stands for a private address, although the name looks public", async (context) => {
    const name = hostname();
    const address = await lookup(name).catch(() => null);
    if (
      address === null ||
      isPublicIp(address.address) ||
      !name.includes(".") === name.endsWith("localhost")
    ) {
      return context.skip("this machine's own name stands for no private address");
    }
    await start();
    const channel = mirror.addressOf(`http://${name}:1/main`);
    expect((await ask(`${channel.address}/x`)).status).toBe(403);
    expect(String(mirror.explain(engineSays("channel")))).toMatch(/stands for a private or loopback address/);
  });

  it("says why a channel cannot be reached", async () => {
    await start("127.0.0.1:1");
    const { address } = mirror.addressOf("http://127.0.0.1:1/main");
    expect((await ask(`${address}/x`)).status).toBe(502);
    expect(String(mirror.explain(engineSays("channel")))).toMatch(
      /The channel http:\/\/127\.0\.0\.1:1\/main cannot be reached \(connect ECONNREFUSED.*\): check its address/,
    );
  });

  it("breaks its answer off when the channel's breaks off", async () => {
    const host = await serve((_incoming, response) => {
      response.writeHead(200, { "content-length": 1000 });
      response.write("half", () => response.destroy());
    });
    await start(host);
    const { address } = mirror.addressOf(`http://${host}/main`);
    const response = await ask(`${address}/x`);
    await expect(response.text()).rejects.toThrow();
  });
});

describe("the mirror as a proxy", () => {
  /** One request through the proxy; `target` is a whole address, or host:port for a tunnel. */
  function through(target: string, options: { method?: string; password?: string } = {}) {
    const { port, username, password } = new URL(mirror.proxyUrl);
    const credentials = Buffer.from(`${username}:${options.password ?? password}`).toString("base64");
    return new Promise<{ status: number; body: string; location?: string | undefined }>((resolve, reject) => {
      const outgoing = request({
        host: "127.0.0.1",
        port,
        method: options.method ?? "GET",
        path: target,
        headers: { "proxy-authorization": `Basic ${credentials}`, authorization: "Basic c2VjcmV0" },
      });
      outgoing.once("response", (response) => {
        const { statusCode: status = 0, headers } = response;
        const told = headers.location === undefined ? {} : { location: headers.location };
        text(response).then((body) => resolve({ status, body, ...told }), reject);
      });
      outgoing.once("connect", (response, socket) => {
        if (response.statusCode !== 200) return resolve({ status: response.statusCode ?? 0, body: "" });
        socket.write("GET /in-tunnel HTTP/1.0\r\n\r\n");
        text(socket).then((body) => resolve({ status: 200, body }), reject);
      });
      outgoing.once("error", reject);
      outgoing.end();
    });
  }

  it("serves plain requests and tunnels to allowed hosts", async () => {
    const host = await serve((incoming, response) => response.end(`asked ${incoming.url}`));
    await start(host);
    expect(await through(`http://${host}/simple/`)).toEqual({ status: 200, body: "asked /simple/" });
    expect(asked[0]?.headers).not.toHaveProperty("proxy-authorization");
    expect((await through(host, { method: "CONNECT" })).body).toContain("asked /in-tunnel");
  });

  it("leaves redirects to its client, so that no other host gets the client's credentials unasked", async () => {
    const other = await serve((_incoming, response) => response.end("other"));
    const host = await serve((_incoming, response) =>
      response.writeHead(302, { location: `http://${other}/files/` }).end("moved"),
    );
    await start(host, other);
    expect(await through(`http://${host}/simple/`)).toEqual({
      status: 302,
      body: "moved",
      location: `http://${other}/files/`,
    });
    expect(asked.map(({ headers }) => headers.host)).toEqual([host]);
    expect(asked[0]?.headers.authorization).toBe("Basic c2VjcmV0");
  });

  it("serves nobody without its password", async () => {
    const host = await serve((_incoming, response) => response.end("secret"));
    await start(host);
    expect((await through(`http://${host}/`, { password: "guess" })).status).toBe(407);
    expect((await through(host, { method: "CONNECT", password: "guess" })).status).toBe(407);
    expect(asked).toHaveLength(0);
  });

  it("opens nothing to private hosts, and keeps the reason", async () => {
    await start();
    expect((await through("http://169.254.170.2/v2/credentials")).status).toBe(403);
    expect((await through("127.0.0.1:22", { method: "CONNECT" })).status).toBe(403);
    expect((await through("[::1]:22", { method: "CONNECT" })).status).toBe(403);
    expect(mirror.reasons).toHaveLength(3);
    for (const reason of mirror.reasons) expect(reason).toMatch(/private or loopback/);
  });

  it("closes its tunnels when the task stops", async () => {
    const host = await serve(() => {});
    await start(host);
    const { port, username, password } = new URL(mirror.proxyUrl);
    const socket = connect(Number(port), "127.0.0.1");
    const credentials = Buffer.from(`${username}:${password}`).toString("base64");
    socket.write(`CONNECT ${host} HTTP/1.1\r\nproxy-authorization: Basic ${credentials}\r\n\r\n`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200/);

    stop.abort();

    await once(socket, "close");
  });
});
