import { randomBytes } from "node:crypto";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import {
  CreateSecretCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { ScanCommand } from "@aws-sdk/lib-dynamodb";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getObject, listObjects } from "#adapters/s3/objects.ts";
import { channelSecretName, PREFIXES, VARIABLES } from "#core/layout.ts";
import { type Api, bearer, openApi } from "#test/kit/api.ts";
import { CHANNEL_SECRETS, type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { openDocuments } from "#test/kit/documents.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { scripted, useStrangerChannel } from "#test/kit/stranger-channel.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const mark = (what: string): string => `marked-${what}-${randomBytes(12).toString("hex")}`;
const SECRETS = {
  password: mark("password"),
  bearer: mark("bearer"),
  token: mark("token"),
  refused: mark("refused"),
} as const;
const basic = Buffer.from(`robot:${SECRETS.password}`).toString("base64");

/** Each channel's own package, whose script shows what packages' own code sees of its environment. */
const channels = ["basic", "bearer", "token"].map((kind) => {
  const name = `private-${kind}`;
  const script = `env > "$PREFIX/share/${name}/environment.txt"`;
  return { kind, name, served: useStrangerChannel(demo.python, [scripted(name, script)]) };
});

/** The channels of one server, which each want to be shown something. */
let server: Server;
/** Paths that were asked for with what is right, and with anything else. */
const granted: string[] = [];
const denied: string[] = [];
const site = (): string => `http://localhost:${(server.address() as AddressInfo).port}`;
const RIGHT: Readonly<Record<string, (path: string, header: string | undefined) => boolean>> = {
  basic: (_, header) => header === `Basic ${basic}`,
  bearer: (_, header) => header === `Bearer ${SECRETS.bearer}`,
  token: (path, header) => path.startsWith(`/t/${SECRETS.token}/token/`) && header === undefined,
};

const home = mkdtempSync(join(tmpdir(), "private-channels-"));
const seen = join(home, "engine.txt");
/** The engine's program, which writes down what it is started with. */
const program = join(home, "python");
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  settings: {
    build_artifacts: ["LOCKFILE", "YAML", "CONDA_PACK", "CONSTRUCTOR_INSTALLER", "DOCKER_MANIFEST"],
  },
  privateHosts: () => [new URL(site()).host],
});
const put = async (namespace: string, text: string): Promise<void> => {
  const client = new SecretsManagerClient();
  const Name = channelSecretName(CHANNEL_SECRETS, namespace);
  await client
    .send(new CreateSecretCommand({ Name, SecretString: text }))
    .catch(() => client.send(new PutSecretValueCommand({ SecretId: Name, SecretString: text })));
};
const specification = (): string =>
  [
    "name: private",
    `channels: [${channels.map(({ kind }) => `${site()}/${kind}`).join(", ")}, ${demo.url()}]`,
    `dependencies: [python, ${channels.map(({ name }) => name).join(", ")}]`,
  ].join("\n");

let api: Api;
let ended: Ended;
let refused: Ended;
let stranger: Ended;

beforeAll(async () => {
  server = createServer((request, response) => {
    const [, kind = ""] = /^(?:\/t\/[^/]+)?\/(\w+)\//.exec(request.url ?? "") ?? [];
    const isRight = RIGHT[kind]?.(request.url ?? "", request.headers.authorization) ?? false;
    (isRight ? granted : denied).push(request.url ?? "");
    const file = (request.url ?? "").replace(/^(?:\/t\/[^/]+)?\/\w+\//, "");
    const folder = channels.find((each) => each.kind === kind)?.served.folder ?? home;
    if (!isRight) return response.writeHead(401).end(`You showed ${request.headers.authorization}.`);
    const path = join(folder, file);
    if (!existsSync(path)) return response.writeHead(404).end();
    return response.writeHead(200, { etag: '"1"' }).end(readFileSync(path));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  writeFileSync(seen, "");
  writeFileSync(
    program,
    `#!/bin/sh\n(env; tr '\\0' '\\n' < /proc/$$/cmdline) >> ${seen}\nexec ${demo.python()} "$@"\n`,
  );
  chmodSync(home, 0o755);
  chmodSync(seen, 0o666);
  chmodSync(program, 0o755);

  const credentials = {
    [`${site()}/basic`]: { username: "robot", password: SECRETS.password },
    [`${site()}/bearer`]: { bearer: SECRETS.bearer },
    [`${site()}/token`]: { token: SECRETS.token },
  };
  await put("team", JSON.stringify(credentials));
  const wrong = { ...credentials, [`${site()}/bearer`]: { bearer: SECRETS.refused } };
  await put("wrong", JSON.stringify(wrong));
  const run = async (namespace: string): Promise<Ended> =>
    await workshop.build(await workshop.order(specification(), namespace), {
      [VARIABLES.engineProgram]: program,
    });
  ended = await run("team");
  if (ended.result?.outcome !== "completed") throw new Error(`${ended.output}\n${ended.log}`);
  await workshop.settle(ended);
  refused = await run("wrong");
  stranger = await run("strangers");
  api = openApi(aws);
}, 600_000);
afterAll(() => {
  server.close();
  rmSync(home, { recursive: true, force: true });
});

/** As they are, and as headers and addresses have them. */
const MARKED = [...Object.values(SECRETS), basic, ...Object.values(SECRETS).map(encodeURIComponent)];
/** Where some of these bytes have a secret in them. */
const secretsIn = (bytes: Buffer | string): string[] => MARKED.filter((secret) => bytes.includes(secret));
/** The mirror's own address: the channels are asked by another name of this machine. */
const mirrorIn = (bytes: Buffer | string): string[] =>
  bytes
    .toString("latin1")
    .match(/127\.0\.0\.1:\d+\/c\/\d+/g)
    ?.slice(0, 3) ?? [];
const clean = { secrets: [], mirror: [] };
const looked = (bytes: Buffer | string) => ({ secrets: secretsIn(bytes), mirror: mirrorIn(bytes) });

/** What is compressed in it, too: an installer is a script in front of an archive. */
function opened(bytes: Buffer): Buffer {
  const at = bytes.indexOf(Buffer.from([0x1f, 0x8b, 0x08]));
  if (at < 0) return bytes;
  return Buffer.concat([bytes.subarray(0, at), gunzipSync(bytes.subarray(at))]);
}

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .map((name) => join(directory, name))
    .filter((path) => lstatSync(path).isFile());
}

it("the channels' packages are installed, each asked for with what its channel wants and nothing else", () => {
  const share = join(workshop.store, "team", ended.build.buildKey, "share");
  for (const { name } of channels) {
    expect(readFileSync(join(share, name, "readme.txt"), "utf8")).toBe(`${name}\n`);
  }
  for (const kind of ["basic/", "bearer/", "t/"]) {
    expect(granted.filter((path) => path.startsWith(`/${kind}`)).length).toBeGreaterThan(1);
  }
});

describe("no credential of a channel and no address of the mirror", () => {
  it("is in an object of the store: archive, installer, image, lockfile, export, logs, kept packages", async () => {
    const objects = await listObjects(workshop.bucket, "");
    const kinds = new Set(objects.map(({ key }) => key.split("/")[0]));
    const expected = ["archives", "blobs", "exports", "locks", "logs", "manifests", "packages"];
    expect([...kinds].sort()).toEqual(expected);
    const withPackages = new Set<string>();
    for (const { key } of objects) {
      const stored = (await getObject(workshop.bucket, key)) ?? Buffer.alloc(0);
      // A package is kept as its channel has it.
      const bytes = key.startsWith(PREFIXES.packages) ? stored : opened(stored);
      expect({ key, ...looked(bytes) }).toEqual({ key, ...clean });
      if (bytes.includes("share/private-token/environment.txt")) withPackages.add(key.split("/")[0] ?? "");
    }
    // What was looked at is the environment, not its wrapping.
    expect([...withPackages].sort()).toEqual(["archives", "blobs"]);
  });

  it("is in an item of the table, what is compressed in it included", async () => {
    const { Items = [] } = await openDocuments().send(new ScanCommand({ TableName: workshop.db.table }));
    expect(Items.length).toBeGreaterThan(20);
    for (const item of Items) {
      const text = Object.values(item).map((value) =>
        value instanceof Uint8Array ? zstdDecompressSync(value).toString() : JSON.stringify(value),
      );
      expect({ pk: item["pk"], ...looked(text.join("\n")) }).toEqual({ pk: item["pk"], ...clean });
    }
  });

  it("is in a file of the environment or of the task's disks, conda-meta and what packages' own code saw included", () => {
    const files = [workshop.store, workshop.disk, workshop.work].flatMap(filesBelow);
    expect(files.some((path) => path.includes("conda-meta/private-basic"))).toBe(true);
    expect(files.some((path) => path.endsWith("private-token/environment.txt"))).toBe(true);
    for (const path of files) {
      const found = looked(readFileSync(path));
      if (found.secrets.length + found.mirror.length > 0) expect({ path, ...found }).toEqual(clean);
    }
  });

  it("is in what the task said, when it worked and when it did not", () => {
    for (const each of [ended, refused, stranger]) {
      expect(looked(`${each.output}\n${each.log}\n${JSON.stringify(each.result)}`)).toEqual(clean);
    }
  });

  it("is in an answer of the API", async () => {
    const headers = bearer(await api.token({ "*/*": ["admin"] }));
    for (const { id } of [ended.build, refused.build, stranger.build]) {
      for (const path of [
        "",
        "logs/",
        "packages/",
        "yaml/",
        "lockfile/",
        "archive/",
        "installer/",
        "docker/",
      ]) {
        const response = await api.request(`/api/v1/build/${id}/${path}`, { headers });
        const text = `${JSON.stringify([...response.headers])}\n${await response.text()}`;
        expect({ path, ...looked(text) }).toEqual({ path, ...clean });
      }
    }
    for (const path of ["/api/v1/audit/", "/api/v1/setting/", "/api/v1/environment/", "/api/v1/namespace/"]) {
      expect({ path, ...looked(await (await api.request(path, { headers })).text()) }).toEqual({
        path,
        ...clean,
      });
    }
  });

  it("but for the mirror's address, which it asks, is in an engine's environment or command line", () => {
    const text = readFileSync(seen, "utf8");
    expect(text).toContain("PATH=");
    expect(text.split("\n").length).toBeGreaterThan(6);
    expect(secretsIn(text)).toEqual([]);
  });
});

describe("a build that is refused", () => {
  it("says which channel refuses what is stored for it, and ends there", () => {
    expect(refused.result).toMatchObject({
      outcome: "failed",
      reason: expect.stringContaining(
        `The channel ${site()}/bearer refuses the credentials that are stored for it (HTTP 401)`,
      ),
    });
  });

  it("in a namespace without credentials shows none of another's, and says what is wanted", () => {
    expect(stranger.result).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(/wants credentials/),
    });
    expect(denied.filter((path) => path.startsWith("/t/"))).toEqual([]);
  });

  it.each([
    ["is not JSON", "{"],
    ["has a channel without username and password, without bearer and without token", '{"a": {}}'],
    ["has a bearer with characters that it cannot have", '{"a": {"bearer": "a\\r\\nHost: b"}}'],
  ])("because the secret %s says so, and not what is in it", async (why, text) => {
    await put("careless", text);
    const id = await workshop.order("name: careless\ndependencies: [demo-hello]\n", "careless");
    const { result } = await workshop.build(id);

    expect(result).toMatchObject({
      outcome: "failed",
      reason: expect.stringContaining(`The secret with the credentials of careless's channels ${why}`),
    });
  });
});
