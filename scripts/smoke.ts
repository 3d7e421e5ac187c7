/**
 * `npm run smoke -- URL`: proves a deployed stack from outside, as its users meet it; builds one small environment.
 * @module
 */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import * as v from "valibot";

const USAGE = `usage: CONDA_STORE_TOKEN=… npm run smoke -- URL [--namespace NAME] [--token TOKEN]

Checks the deployment at URL (with its prefix, if it has one): both spellings of addresses, errors as JSON, refusals, HEAD
beside GET, the registry's challenge and manifests where there is a registry, and a build of "python" from its POST to
its artifacts by signed address; says what took how long, and removes what it made. The token needs the rights to create,
read and delete environments in the namespace (default: default); from the variable it is seen by nobody else on this
machine. Exit status 1 when a check fails.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    namespace: { type: "string", default: "default" },
    token: { type: "string" },
    help: { type: "boolean", short: "h" },
  },
});
const url = positionals[0]?.replace(/\/$/, "");
const token = values.token ?? process.env["CONDA_STORE_TOKEN"];
if (values.help || !url || !URL.canParse(url) || !token) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
const { namespace } = values;
/** Nobody else's: it is removed at the end. */
const environment = `smoke-${randomBytes(4).toString("hex")}`;
/** MiniStack answers unsigned reads, so what S3 refuses can be seen on AWS only. */
const isEmulated = ["localhost", "127.0.0.1"].includes(new URL(url).hostname);
const bearer = { authorization: `Bearer ${token}` };

const Failure = v.object({ status: v.literal("error"), message: v.string(), code: v.string() });
const Submitted = v.object({ data: v.object({ build_id: v.number() }) });
const Lines = v.object({
  lines: v.array(v.object({ text: v.string() })),
  cursor: v.string(),
  ended: v.boolean(),
});
const Build = v.object({
  data: v.object({
    status: v.string(),
    status_info: v.nullable(v.string()),
    build_artifacts: v.nullish(v.array(v.object({ artifact_type: v.string() }))),
  }),
});
const Lockfile = v.object({ package: v.array(v.object({ name: v.string(), url: v.string() })) });

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}${path}`, { redirect: "manual", ...init });

let failures = 0;
async function check(promise: string, prove: () => Promise<unknown>): Promise<void> {
  const startedMs = performance.now();
  const took = (): string => `${Math.round(performance.now() - startedMs)} ms`;
  try {
    const said = await prove();
    console.log(`ok      ${promise} (${typeof said === "string" ? `${said}, ` : ""}${took()})`);
  } catch (error) {
    failures += 1;
    console.log(`FAILED  ${promise}: ${error instanceof Error ? error.message : String(error)} (${took()})`);
  }
}
/** Fails unless HEAD has GET's status, length and the named headers. */
async function sameAsHead(
  address: string,
  headers: Record<string, string>,
  ...names: string[]
): Promise<void> {
  const got = await fetch(address, { headers, redirect: "manual" });
  const { byteLength } = await got.arrayBuffer();
  const head = await fetch(address, { method: "HEAD", headers, redirect: "manual" });
  equal(head.status, got.status, "status of HEAD");
  equal(head.headers.get("content-length"), String(byteLength), "length that HEAD tells");
  for (const name of names) equal(head.headers.get(name), got.headers.get(name), `${name} of HEAD`);
}
function equal(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what} is ${String(actual)}, not ${String(expected)}`);
}
async function read<T>(response: Response, schema: v.GenericSchema<unknown, T>): Promise<T> {
  return v.parse(schema, await response.json());
}
/** The signed address that a route redirects to. */
async function signed(path: string): Promise<string> {
  const response = await ask(path, { headers: bearer });
  equal(response.status, 307, `status of ${path}`);
  const location = response.headers.get("location") ?? "";
  if (new URL(location).origin === new URL(url ?? "").origin) throw new Error("the address is the API's own");
  return location;
}

for (const path of ["/api/v1/", "/api/v1"]) {
  await check(`${path} answers directly`, async () => equal((await ask(path)).status, 200, "status"));
}
await check("an unknown address is an error as JSON", async () => {
  const response = await ask("/api/v1/nowhere/");
  equal(response.status, 404, "status");
  await read(response, Failure);
});
await check("a stranger may not build", async () => {
  const response = await ask("/api/v1/specification/", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ namespace: "smoke-of-a-stranger", specification: "name: smoke" }),
  });
  equal(response.status, 403, "status");
});
await check("names with escaped characters reach their route", async () => {
  const response = await ask("/api/v1/environment/no%2Bsuch/a%26b/");
  equal((await read(response, Failure)).code, "permission_denied", "code");
});

await check("HEAD has the status of GET", async () => {
  for (const path of ["/api/v1/", "/openapi.json", "/api/v1/nowhere/"]) {
    const { status } = await ask(path);
    equal((await ask(path, { method: "HEAD" })).status, status, `status of HEAD ${path}`);
  }
});

/** What a docker client needs: the registry lies at the root of the host, whatever the prefix. */
const registry = `${new URL(url).origin}/v2`;
const challenge = await fetch(`${registry}/`);
const hasRegistry = challenge.status === 401;
let registryToken = "";
if (hasRegistry) {
  await check("the registry's challenge arrives, and leads to a token", async () => {
    const header = challenge.headers.get("www-authenticate") ?? "";
    const part = (name: string): string => new RegExp(`${name}="([^"]*)"`).exec(header)?.[1] ?? "";
    if (!URL.canParse(part("realm"))) throw new Error(`WWW-Authenticate is ${JSON.stringify(header)}`);
    const query = new URLSearchParams({
      service: part("service"),
      scope: `repository:${namespace}/${environment}:pull`,
    });
    const basic = Buffer.from(`smoke:${token}`).toString("base64");
    const response = await fetch(`${part("realm")}?${query}`, {
      headers: { authorization: `Basic ${basic}` },
    });
    registryToken = (await read(response, v.object({ token: v.string() }))).token;
  });
} else console.log("skipped the registry: there is none at this host");

let buildId = 0;
let requestId = "";
const postedMs = performance.now();
await check("a specification is accepted", async () => {
  const response = await ask("/api/v1/specification/", {
    method: "POST",
    headers: { "content-type": "application/json", ...bearer },
    body: JSON.stringify({ namespace, specification: `name: ${environment}\ndependencies: [python]\n` }),
  });
  if (!response.ok) throw new Error((await read(response, Failure)).message);
  requestId = response.headers.get("x-request-id") ?? "";
  buildId = (await read(response, Submitted)).data.build_id;
});
if (buildId > 0) {
  try {
    await checkBuild(`/api/v1/build/${buildId}`);
  } finally {
    await check("what was made is removed", removeEverything);
  }
}
console.log(failures === 0 ? "The deployment works." : `${failures} checks failed.`);
process.exit(failures === 0 ? 0 : 1);

async function checkBuild(build: string): Promise<void> {
  const lines: string[] = [];
  await check(`build ${buildId} ends COMPLETED, its log followed by long poll`, async () => {
    for (let after = "", ended = false; !ended; ) {
      const path = `${build}/logs/?after=${encodeURIComponent(after)}&wait=20`;
      const page = await read(await ask(path, { headers: bearer }), Lines);
      for (const { text } of page.lines) console.log(`          ${text}`);
      lines.push(...page.lines.map(({ text }) => text));
      after = page.cursor;
      ended = page.ended;
    }
    const { data } = await read(await ask(`${build}/`, { headers: bearer }), Build);
    equal(data.status, "COMPLETED", `status (${data.status_info ?? "no reason given"})`);
    return `${((performance.now() - postedMs) / 1000).toFixed(1)} s from POST to end`;
  });
  await check("its log names the request that asked for it", async () =>
    equal(
      requestId !== "" && lines.some((line) => line.includes(requestId)),
      true,
      "the request's id in the log",
    ),
  );
  const rate = lines
    .map((line) => /(\d+) files a second/.exec(line)?.[1])
    .find((found) => found !== undefined);
  console.log(`        shared disk: ${rate ? `${rate} files a second written` : "nothing was copied to it"}`);
  const { data } = await read(await ask(`${build}/`, { headers: bearer }), Build);
  const types = data.build_artifacts?.map(({ artifact_type }) => artifact_type) ?? [];
  console.log(`        artifacts: ${types.join(", ")}`);
  await check("its lockfile is JSON behind a signed address", async () => {
    const lockfile = await read(await fetch(await signed(`${build}/lockfile/`)), Lockfile);
    equal(
      lockfile.package.some(({ name }) => name === "python"),
      true,
      "python in the lockfile",
    );
  });
  for (const [type, path, start] of [
    ["YAML", "yaml", null],
    ["CONDA_PACK", "archive", "1f8b"],
    ["CONSTRUCTOR_INSTALLER", "installer", "2321"],
  ] as const) {
    if (!types.includes(type)) continue;
    await check(`its ${path} lies behind a signed address, in its size`, async () => {
      const response = await fetch(await signed(`${build}/${path}/`), { headers: { range: "bytes=0-1" } });
      equal(response.status, 206, "status of a range");
      const first = Buffer.from(await response.arrayBuffer()).toString("hex");
      if (start !== null) equal(first, start, "first bytes");
      const size = Number(response.headers.get("content-range")?.split("/")[1]);
      if (!(size > 0)) throw new Error("S3 does not tell its size");
      return `${size} bytes`;
    });
  }
  if (!isEmulated) {
    await check("without its signature the archive is refused", async () => {
      const address = new URL(await signed(`${build}/archive/`));
      address.search = "";
      equal((await fetch(address)).status, 403, "status");
    });
  }
  if (hasRegistry) {
    await check("its image's manifest is the same by HEAD and by GET", async () => {
      const headers = {
        authorization: `Bearer ${registryToken}`,
        accept:
          "application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json",
      };
      const manifest = `${registry}/${namespace}/${environment}/manifests/latest`;
      await sameAsHead(manifest, headers, "docker-content-digest", "content-type");
      equal((await fetch(manifest, { headers })).status, 200, "status of the manifest");
    });
  }
}

async function removeEverything(): Promise<void> {
  const path = `/api/v1/environment/${encodeURIComponent(namespace)}/${environment}/`;
  const response = await ask(path, { method: "DELETE", headers: bearer });
  if (!response.ok) throw new Error((await read(response, Failure)).message);
  await response.arrayBuffer();
  equal((await ask(path, { headers: bearer })).status, 404, "status of what was removed");
}
