/**
 * Images pulled by the programs that people use, and run; and the conformance tests of the distribution specification.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getObject } from "#adapters/s3/objects.ts";
import { digestOf, type Manifest, parseManifest } from "#core/image/manifest.ts";
import { openApi } from "#test/kit/api.ts";
import { useWorkshop } from "#test/kit/build-task.ts";
import { ensureCondaStoreClient } from "#test/kit/conda-store-client.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { findProgram } from "#test/kit/programs.ts";
import { openRegistry, type Registry, type StoredImage, storeImage } from "#test/kit/registry.ts";
import { runProgram } from "#test/kit/run-program.ts";
import { serveApp } from "#test/kit/serve-app.ts";
import { submitted } from "#test/kit/submissions.ts";
import { unpackLayers } from "#test/kit/unpack-image.ts";

const CRANE = findProgram("crane");
const SKOPEO = findProgram("skopeo");
const CONFORMANCE = findProgram("oci-conformance");
/** Said where a program is missing, by the test that skips. */
const without = (name: string, program: string | null): string =>
  program === null ? `${name} (skipped: it is not installed, see .ci/run)` : name;
const isRoot = process.getuid?.() === 0;

const aws = useMiniStack();
const demo = useDemoChannel();
const folder = mkdtempSync(join(tmpdir(), "pulls-"));
let registry: Registry;
let host: string;
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  settings: { build_artifacts: ["DOCKER_MANIFEST"] },
  baseImage: () => `${host}/default/base:latest`,
  privateHosts: () => [host, new URL(aws.endpoint).host],
});
let base: StoredImage;
let manifest: Manifest;
let tag: string;
let token: string;

beforeAll(async () => {
  registry = await openRegistry(aws);
  host = new URL(registry.address).host;
  base = await storeImage(registry.services, { namespace: "default", environment: "base" }, machinesOwn());
  const id = await workshop.order("name: demo\ndependencies: [python, flask, demo-prefix-binary]\n");
  const ended = await workshop.build(id);
  if (ended.result?.outcome !== "completed") throw new Error(`${ended.output}\n${ended.log}`);
  await workshop.settle(ended);
  tag = ended.build.buildKey;
  const key = ended.result.artifacts.find(({ type }) => type === "DOCKER_MANIFEST")?.key ?? "";
  manifest = parseManifest(String(await getObject(workshop.bucket, key)));
  token = await registry.token({ "team/*": ["viewer"] });
}, 600_000);
afterAll(async () => {
  await registry?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** A base image: a shell, and the libraries that programs of this machine ask for. */
function machinesOwn(): Buffer {
  const root = join(folder, "base");
  const python = realpathSync(demo.python());
  const libraries = ["/bin/sh", python, process.execPath].flatMap((program) =>
    [...execFileSync("ldd", [program], { encoding: "utf8" }).matchAll(/(\/\S+) \(0x/g)].map(
      ([, path = ""]) => path,
    ),
  );
  for (const path of new Set(["/bin/sh", ...libraries])) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    cpSync(realpathSync(path), join(root, path));
  }
  mkdirSync(join(root, "tmp"));
  return execFileSync("tar", ["-c", "-C", root, "."], { maxBuffer: 2 ** 30 });
}

/** What the pulled image does when it is run as its configuration says, with what every container has: its own `/proc`. */
async function run(root: string, ...args: readonly string[]): Promise<string> {
  const env = { PATH: "/opt/conda/bin:/usr/bin:/bin", CONDA_PREFIX: "/opt/conda", HOME: "/home/conda" };
  const proc = join(root, "proc");
  mkdirSync(proc, { recursive: true });
  const inside = ["--userspec=1000:1000", root, "/opt/conda/bin/conda-store-entrypoint", ...args];
  const { code, stdout, stderr } = await runProgram(
    "/usr/bin/unshare",
    ["-m", "-p", "-f", `--mount-proc=${proc}`, "/usr/sbin/chroot", ...inside],
    env,
  );
  if (code !== 0) throw new Error(`${args.join(" ")} ended with ${code}: ${stderr}`);
  return stdout;
}

async function runs(root: string): Promise<void> {
  expect(await run(root, "python", "-c", "import sys; print(sys.prefix)")).toBe("/opt/conda\n");
  expect(await run(root, "flask", "--version")).toContain("Flask");
  expect(await run(root, "demo-prefix-binary")).toContain("/opt/conda");
}

it("an image has the layers of its base below its own, which were copied once", () => {
  expect(manifest.layers[0]?.digest).toBe(digestOf(base.layer));
  expect(gunzipSync(base.layer).byteLength).toBeGreaterThan(1_000_000);
  const asked = registry.requests.filter((each) => each.includes(digestOf(base.layer)));
  expect(asked).toHaveLength(1);
});

it("conda-store's own command line waits for an image", async () => {
  const bin = await ensureCondaStoreClient();
  const api = openApi(aws);
  const served = await serveApp(api.services);
  try {
    const env = {
      PATH: `${bin}:/usr/bin:/bin`,
      HOME: folder,
      CONDA_STORE_URL: served.address,
      CONDA_STORE_TOKEN: await api.token({ "team/*": ["viewer"] }),
    };
    const wait = (uri: string) => {
      const how = ["--artifact", "docker", "--timeout", "2", "--interval", "1"];
      return runProgram(join(bin, "conda-store"), ["--auth", "token", "wait", uri, ...how], env);
    };
    expect(await wait("team/demo")).toMatchObject({ code: 0 });
    const id = await submitted(registry.services.db, { namespace: "team", environment: "later" });
    const tooLate = await wait(String(id));
    expect(tooLate.code).not.toBe(0);
  } finally {
    await served.close();
  }
}, 600_000);

describe.skipIf(CRANE === null)(without("crane", CRANE), () => {
  const crane = async (...args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await runProgram(CRANE ?? "", args, {
      HOME: folder,
      PATH: "/usr/bin:/bin",
    });
    if (code !== 0) throw new Error(`crane ${args[0]} ended with ${code}: ${stderr}`);
    return stdout;
  };

  it.skipIf(!isRoot)(
    "logs in, lists tags, pulls an image, and what is in it runs",
    async () => {
      await crane("auth", "login", host, "-u", "anybody", "-p", token, "--insecure");
      expect((await crane("ls", "--insecure", `${host}/team/demo`)).trim().split("\n")).toEqual(
        expect.arrayContaining([tag, "latest"]),
      );
      expect((await crane("digest", "--insecure", `${host}/team/demo:${tag}`)).trim()).toMatch(/^sha256:/);
      await crane("validate", "--insecure", "--remote", `${host}/team/demo:latest`);
      const root = join(folder, "crane");
      mkdirSync(root);
      await crane("export", "--insecure", `${host}/team/demo:latest`, join(folder, "crane.tar"));
      execFileSync("tar", ["-xf", join(folder, "crane.tar"), "-C", root]);
      await runs(root);
    },
    300_000,
  );
});

describe.skipIf(SKOPEO === null)(without("skopeo", SKOPEO), () => {
  const skopeo = (...args: readonly string[]) =>
    runProgram(SKOPEO ?? "", ["--insecure-policy", ...args], {
      HOME: folder,
      PATH: "/usr/bin:/bin",
      XDG_RUNTIME_DIR: folder,
    });

  it.skipIf(!isRoot)(
    "copies an image with every digest right, and what is in it runs",
    async () => {
      const to = join(folder, "skopeo");
      const from = `docker://${host}/team/demo:${tag}`;
      const copied = await skopeo(
        "copy",
        "--src-tls-verify=false",
        "--src-creds",
        `anybody:${token}`,
        from,
        `dir:${to}`,
      );
      expect(copied.stderr).toBe("");
      const root = join(folder, "skopeo-root");
      const layers = parseManifest(readFileSync(join(to, "manifest.json"), "utf8")).layers;
      unpackLayers(
        layers.map(({ digest }) => readFileSync(join(to, digest.slice("sha256:".length)))),
        root,
      );
      await runs(root);
    },
    300_000,
  );

  it("is told in words why it gets nothing", async () => {
    const to = `dir:${join(folder, "nothing")}`;
    const denied = await skopeo(
      "copy",
      "--src-tls-verify=false",
      "--src-no-creds",
      `docker://${host}/team/demo:${tag}`,
      to,
    );
    expect(denied.stderr).toMatch(/denied/);
    const creds = ["--src-tls-verify=false", "--src-creds", `anybody:${token}`];
    const unknown = await skopeo("copy", ...creds, `docker://${host}/team/demo:nonsense`, to);
    expect(unknown.stderr).toMatch(/manifest unknown/);
    const wrong = await skopeo(
      "copy",
      "--src-tls-verify=false",
      "--src-creds",
      "anybody:wrong",
      `docker://${host}/team/demo:${tag}`,
      to,
    );
    expect(wrong.code).not.toBe(0);
    expect(wrong.stderr).toMatch(/unauthorized|authentication required/);
  }, 120_000);
});

describe.skipIf(CONFORMANCE === null)(
  without("the conformance tests of the distribution specification", CONFORMANCE),
  () => {
    it("find nothing wrong with pulling", async () => {
      const results = join(folder, "results");
      const { stdout, stderr } = await runProgram(CONFORMANCE ?? "", [], {
        PATH: "/usr/bin:/bin",
        HOME: folder,
        OCI_RESULTS_DIR: results,
        OCI_REGISTRY: host,
        OCI_TLS: "disabled",
        OCI_REPO1: "team/demo",
        OCI_USERNAME: "anybody",
        OCI_PASSWORD: token,
        OCI_API_PUSH: "false",
        OCI_API_BLOBS_DELETE: "false",
        OCI_API_MANIFESTS_DELETE: "false",
        OCI_API_TAGS_DELETE: "false",
        OCI_API_REFERRER: "false",
        OCI_RO_DATA_TAGS: `${tag} latest`,
        OCI_RO_DATA_MANIFESTS: digestOf(await manifestText()),
        OCI_RO_DATA_BLOBS: [manifest.config, ...manifest.layers].map(({ digest }) => digest).join(" "),
      });
      const said = `${stdout}\n${stderr}`;
      const passed = [...stdout.matchAll(/^ {2}(\w[^.:]*)\.*: +Pass$/gm)].map(([, what]) => what);
      const pulling = ["Ping", "Blob get", "Blob head", "Manifest get by digest", "Manifest head by tag"];
      expect(passed, said).toEqual(expect.arrayContaining(pulling));
      const counted = (how: string) => new RegExp(`^ +${how}\\.*: +(\\d+)$`, "m").exec(stdout)?.[1];
      // Not its exit status: what comes after the verdict are reports in files, over which it can stumble by itself.
      expect(stdout, said).toMatch(/^OCI Conformance Result: Pass$/m);
      expect([counted("FAIL"), counted("Error"), counted("Skip")], said).toEqual(["0", "0", "0"]);
    }, 300_000);
  },
);

async function manifestText(): Promise<string> {
  const headers = { authorization: `Basic ${Buffer.from(`anybody:${token}`).toString("base64")}` };
  return await (await fetch(`${registry.address}/v2/team/demo/manifests/latest`, { headers })).text();
}
