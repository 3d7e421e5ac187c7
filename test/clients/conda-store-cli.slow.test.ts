/**
 * conda-store's own command line, as it comes from PyPI, against the API behind a socket and below a prefix. Builds are
 * made by the adapters' own writers; the archive is a small one of ours.
 */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { putObject } from "#adapters/s3/objects.ts";
import { archiveKey } from "#core/layout.ts";
import { type Api, DUMMY_PASSWORD, openApi } from "#test/kit/api.ts";
import { ensureCondaStoreClient } from "#test/kit/conda-store-client.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { type Ended, runProgram } from "#test/kit/run-program.ts";
import { type Served, serveApp } from "#test/kit/serve-app.ts";
import { openSolving, type Solving } from "#test/kit/solving.ts";
import { building, complete, completedResult, sha256Of, submitted } from "#test/kit/submissions.ts";
import { makeWorld, type World } from "../functions/api/world.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
let solving: Solving;
let api: Api;
let served: Served;
let world: World;
/** A build that everybody may read. */
let open: number;
let bin: string;
let scratch: string;
let token: string;

beforeAll(async () => {
  bin = await ensureCondaStoreClient();
  scratch = mkdtempSync(join(tmpdir(), "conda-store-client-"));
  const allowPrivateHosts = [new URL(demo.url()).host];
  // What the machine has that the demo channel was made on.
  solving = openSolving(aws, { conda_virtual_packages: { __glibc: "2.39" } }, { allowPrivateHosts });
  api = openApi(aws, {
    prefix: "/conda-store",
    allowPrivateHosts,
    askForSolve: solving.askForSolve,
    // As long as API Gateway lets it.
    solveWaitMs: 24_000,
  });
  world = await makeWorld(api.services);
  await putObject(api.services.bucket, archiveKey(sha256Of("reuse")), archive(), {
    contentType: "application/gzip",
  });
  open = await completedInDefault(world.completed);
  const { db } = api.services;
  for (let n = 0; n < BUILDS_IN_DEFAULT - 1; n++) {
    await submitted(db, { namespace: "default", environment: `e${n}`, at: new Date() });
  }
  served = await serveApp(api.services);
  token = await api.token({ "*/*": ["admin"] });
});
afterAll(async () => {
  await served?.close();
  await solving?.rest();
  if (scratch) rmSync(scratch, { recursive: true, force: true });
});

/** More than two pages of the client's. */
const BUILDS_IN_DEFAULT = 230;

/** `default/open`, with the artifacts of another build. */
async function completedInDefault(other: number): Promise<number> {
  const { db } = api.services;
  const { id, attempt } = await building(db, "task", { namespace: "default", environment: "open" });
  const artifacts = (await getBuild(db, other))?.artifacts ?? [];
  const result = completedResult({ artifacts });
  await complete(db, { id, attempt }, result);
  return id;
}

/** What `run` needs of an archive: `bin/activate`, entries at the root. */
function archive(): Buffer {
  const tree = join(scratch, "tree");
  mkdirSync(join(tree, "bin"), { recursive: true });
  writeFileSync(join(tree, "bin", "activate"), "export FROM_ARCHIVE=yes\n");
  chmodSync(join(tree, "bin", "activate"), 0o755);
  return execFileSync("tar", ["-C", tree, "-czf", "-", "bin"]);
}

const AUTHS = ["none", "token", "basic"] as const;
type Auth = (typeof AUTHS)[number];

const environment = (auth: Auth): Record<string, string> => ({
  PATH: `${bin}:/usr/bin:/bin`,
  HOME: scratch,
  TMPDIR: scratch,
  COLUMNS: "300",
  CONDA_STORE_URL: `${served.address}/conda-store`,
  ...(auth === "token" ? { CONDA_STORE_TOKEN: token } : {}),
  ...(auth === "basic" ? { CONDA_STORE_USERNAME: "alice", CONDA_STORE_PASSWORD: DUMMY_PASSWORD } : {}),
});

function cli(auth: Auth, args: readonly string[], more: Record<string, string> = {}): Promise<Ended> {
  const variables = { ...environment(auth), ...more };
  return runProgram(join(bin, "conda-store"), ["--auth", auth, ...args], variables);
}

async function said(auth: Auth, args: readonly string[], more: Record<string, string> = {}): Promise<string> {
  const { code, stdout, stderr } = await cli(auth, args, more);
  expect(code, `${args.join(" ")}: ${stdout}${stderr}`).toBe(0);
  return stdout;
}

describe("info", () => {
  test.each<[Auth, RegExp]>([
    ["none", /default/],
    ["token", /alice/],
    ["basic", /alice/],
  ])("with %s", async (auth, shows) => {
    expect(await said(auth, ["info"])).toMatch(shows);
  });

  test("with a wrong password fails", async () => {
    expect((await cli("basic", ["info"], { CONDA_STORE_PASSWORD: "wrong" })).code).not.toBe(0);
  });
});

describe("token", () => {
  const permission = async (jwt: string) => {
    const headers = { authorization: `Bearer ${jwt}` };
    const response = await api.request("/conda-store/api/v1/permission/", { headers });
    return ((await response.json()) as { data: Record<string, unknown> }).data;
  };

  test.each(AUTHS)("with %s prints one that is good", async (auth) => {
    const jwt = await said(auth, ["token"]);
    expect(jwt).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(await permission(jwt)).toMatchObject({ authenticated: true });
  });

  test("with fewer permissions and a sooner end is as asked for, also the end", async () => {
    const jwt = await said("token", ["token", "--permission", "team/*:viewer", "--expiration", "60"]);
    const { entity_roles, expiration } = await permission(jwt);
    expect(entity_roles).toMatchObject({ "team/*": ["viewer"] });
    expect(entity_roles).not.toHaveProperty("*/*");
    expect(Date.parse(String(expiration)) - Date.now()).toBeLessThanOrEqual(60_000);
  });

  test("with more permissions is refused with the server's sentence", async () => {
    const viewer = await api.token({ "team/*": ["viewer"] });
    const args = ["token", "--permission", "team/*:admin"];
    const { code, stdout, stderr } = await cli("token", args, { CONDA_STORE_TOKEN: viewer });
    expect(`${stdout}${stderr}`).toContain("not a subset");
    expect(code).not.toBe(0);
  });
});

describe("list", () => {
  const rows = async (auth: Auth, args: readonly string[]): Promise<Record<string, string>[]> =>
    JSON.parse(await said(auth, ["list", ...args, "--output", "json"]));

  test.each<[Auth, number]>([
    ["none", BUILDS_IN_DEFAULT],
    ["token", BUILDS_IN_DEFAULT + 4],
    ["basic", BUILDS_IN_DEFAULT + 4],
  ])("build with %s goes through three pages", async (auth, builds) => {
    served.requests.length = 0;
    const listed = await rows(auth, ["build"]);
    expect(served.requests.filter((each) => each.startsWith("GET /conda-store/api/v1/build"))).toEqual([
      "GET /conda-store/api/v1/build/",
      "GET /conda-store/api/v1/build?page=2/",
      "GET /conda-store/api/v1/build?page=3/",
    ]);
    expect(new Set(listed.map((row) => JSON.stringify(row))).size).toBe(listed.length);
    expect(listed).toHaveLength(builds);
  });

  test.each<[Auth, number]>([
    ["none", BUILDS_IN_DEFAULT],
    ["token", BUILDS_IN_DEFAULT + 3],
    ["basic", BUILDS_IN_DEFAULT + 3],
  ])("environment with %s has all of them in one answer", async (auth, environments) => {
    served.requests.length = 0;
    expect(await rows(auth, ["environment"])).toHaveLength(environments);
    expect(served.requests.filter((each) => each.startsWith("GET"))).toHaveLength(1);
  });

  test("namespace", async () => {
    expect(JSON.stringify(await rows("token", ["namespace"]))).toContain("secret");
    expect(JSON.stringify(await rows("basic", ["namespace"]))).toContain("secret");
    const names = (await rows("none", ["namespace"])).map((row) => row["name"]);
    expect(names).toEqual(["default"]);
  });

  test("is filtered by status, artifact and packages, as the client sends them", async () => {
    expect(await rows("token", ["build", "--status", "COMPLETED"])).toHaveLength(2);
    expect(await rows("none", ["build", "--status", "COMPLETED"])).toHaveLength(1);
    expect(await rows("token", ["build", "--package", "numpy", "--package", "zlib"])).toHaveLength(2);
    expect(await rows("token", ["environment", "--artifact", "CONDA_PACK"])).toHaveLength(2);
    const having = async (auth: Auth, ...packages: string[]): Promise<string[]> => {
      const args = ["list", "environment", ...packages.flatMap((each) => ["--package", each])];
      const found: { namespace: { name: string }; name: string }[] = JSON.parse(
        await said(auth, [...args, "--output", "json"]),
      );
      return found.map(({ namespace, name }) => `${namespace.name}/${name}`);
    };
    expect(await having("token", "numpy")).toEqual(["default/open", "team/demo"]);
    expect(await having("none", "numpy")).toEqual(["default/open"]);
    expect(await having("token", "numpy", "zlib>=1.2,<1.4")).toEqual(["default/open", "team/demo"]);
    expect(await having("token", "numpy<2.1")).toEqual([]);
    expect(await having("token", "numpy", "scipy")).toEqual([]);
  }, 300_000);
});

describe("solve", () => {
  const file = () => join(scratch, "solve.yaml");
  const cliSolve = (dependency: string, auth: Auth = "token") => {
    const document = { name: "mine", channels: [demo.url()], dependencies: [dependency] };
    writeFileSync(file(), JSON.stringify(document));
    return cli(auth, ["solve", file(), "--output", "json"]);
  };

  test("prints name, version, channel and size of every package", async () => {
    const { code, stdout, stderr } = await cliSolve("demo-hello");
    expect(code, stderr).toBe(0);
    expect(stdout).toContain("demo-hello");
    expect(stdout).toMatch(/version/);
  }, 300_000);

  test("of what no channel has fails; so does that of nobody", async () => {
    expect((await cliSolve("demo-hello >99")).code).not.toBe(0);
    expect((await cliSolve("demo-hello", "none")).code).not.toBe(0);
  }, 300_000);
});

describe("download", () => {
  const CONTENTS = [
    ["lockfile", /^\{"version": 1\}$/],
    ["yaml", /^name: demo\n$/],
    ["logs", /^whole log\n$/],
  ] as const;
  const download = (auth: Auth, uri: string, artifact: string, file: string): Promise<string> =>
    said(auth, ["download", uri, "--artifact", artifact, "--output-filename", file]);

  test.each(CONTENTS)("%s, by name and by id", async (artifact, content) => {
    for (const uri of ["team/demo", String(world.completed), `team/demo:${world.completed}`]) {
      const file = join(scratch, `${artifact}.out`);
      await download("token", uri, artifact, file);
      expect(readFileSync(file, "utf8")).toMatch(content);
      rmSync(file);
    }
  });

  test.each(AUTHS)("each artifact with %s", async (auth) => {
    for (const [artifact, content] of CONTENTS) {
      const file = join(scratch, `${artifact}.${auth}`);
      await download(auth, "default/open", artifact, file);
      expect(readFileSync(file, "utf8")).toMatch(content);
    }
    const file = join(scratch, `${auth}.tar.gz`);
    await download(auth, "default/open", "archive", file);
    expect(execFileSync("tar", ["-tzf", file]).toString()).toContain("bin/activate");
  });

  test("of what the caller may not read fails", async () => {
    const file = join(scratch, "none");
    const args = ["download", "secret/hidden", "--artifact", "yaml", "--output-filename", file];
    expect((await cli("none", args)).code).not.toBe(0);
  });
});

describe("wait", () => {
  test.each(AUTHS)("with %s ends with a build that is there", async (auth) => {
    await said(auth, ["wait", "default/open", "--timeout", "20", "--interval", "1"]);
    await said(auth, ["wait", String(open), "--artifact", "archive", "--timeout", "20", "--interval", "1"]);
  });

  test("ends with a build that fails", async () => {
    const { db } = api.services;
    const { id, attempt } = await building(db, "me", { namespace: "team", environment: "failing" });
    const fail = { by: "finish", at: new Date(), attempt, reason: "No.", artifacts: [] } as const;
    const waiting = cli("token", ["wait", String(id), "--timeout", "30", "--interval", "1"]);
    await makeMove(db, id, { name: "fail", ...fail });
    expect((await waiting).code).toBe(1);
  });
});

describe("run", () => {
  test.each(AUTHS)("with %s activates the archive and runs the command in it", async (auth) => {
    const command = ["run", "--no-cache", "default/open", "--", "sh", "-c", "echo $FROM_ARCHIVE"];
    expect(await said(auth, command)).toContain("yes");
  });
});

describe("a script whose first lines name an environment", () => {
  test.each(AUTHS)("runs in it with %s", async (auth) => {
    const script = join(scratch, `script-${auth}.sh`);
    writeFileSync(
      script,
      "#!/usr/bin/env conda-store\n#! conda-store run default/open -- sh\necho script $FROM_ARCHIVE\n",
    );
    const { stdout, stderr, code } = await runProgram(join(bin, "conda-store"), [script], {
      ...environment(auth),
      CONDA_STORE_AUTH: auth,
    });
    expect([code, stdout], stderr).toEqual([0, "script yes\n"]);
  });
});

describe("the class that hubs import", () => {
  test("makes a namespace, an environment and a token, finds them, and deletes what can be deleted", async () => {
    const program = `
import asyncio, json, sys
from conda_store.api import CondaStoreAPI, CondaStoreAPIError
async def main():
    async with CondaStoreAPI(sys.argv[1], auth_type="token") as api:
        before = await api.list_environments(status=None, artifact=None, packages=[])
        await api.create_namespace("hub")
        build = await api.create_environment("hub", "name: lab\\ndependencies: [python]\\n")
        environment = await api.get_environment("hub", "lab")
        token = await api.create_token(role_bindings={"hub/*": ["viewer"]})
        found = await api.list_environments(status=None, artifact=None, packages=[])
        await api.delete_environment("hub", "lab")
        try:
            await api.get_environment("hub", "lab")
            left = True
        except CondaStoreAPIError:
            left = False
        await api.create_environment("hub", "name: other\\ndependencies: [python]\\n")
        await api.delete_namespace("hub")
        namespaces = [namespace["name"] for namespace in await api.list_namespaces()]
        takes_back = [name for name in dir(api) if "token" in name and callable(getattr(api, name))]
        await api.create_namespace("hub")
        print(json.dumps([build, environment["current_build_id"], token, len(found) - len(before), left, namespaces, takes_back]))
asyncio.run(main())
`;
    const { stdout, stderr, code } = await runProgram(
      join(bin, "python"),
      ["-c", program, `${served.address}/conda-store`],
      { PATH: "/usr/bin:/bin", HOME: scratch, CONDA_STORE_TOKEN: token },
    );
    expect(code, stderr).toBe(0);
    const [build, current, made, more, left, namespaces, tokens] = JSON.parse(stdout) as [
      number,
      number,
      string,
      number,
      boolean,
      string[],
      string[],
    ];
    // The class has no way to take a token back: people do it by its id.
    expect(tokens).toEqual(["create_token"]);
    expect(left).toBe(false);
    expect(namespaces).toContain("team");
    expect(namespaces).not.toContain("hub");
    expect(build).toBe(current);
    expect(made).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
    expect(more).toBe(1);
  });
});
