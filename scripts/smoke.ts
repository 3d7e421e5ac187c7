/**
 * `npm run smoke -- URL`: proves a deployed stack from outside, as its users meet it; builds one small environment.
 * @module
 */
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import * as v from "valibot";
import { check, countFailures, equal, read, sameAsHead, sentence } from "./smoke/check.ts";
import { askChallenge, checkImage, logIn } from "./smoke/image.ts";

const USAGE = `usage: CONDA_STORE_TOKEN=… npm run smoke -- URL [--namespace NAME] [--token TOKEN]

Checks the deployment at URL (with its prefix, if it has one): both spellings of addresses, errors as JSON, refusals, HEAD
beside GET, the registry's challenge where there is a registry, a build of "python" from its POST to each artifact by
signed address, how fast it was written to the shared disk, and its image, pulled with every digest computed (and by
crane, if that is on PATH). Says what took how long, and removes what it made.

The token needs the rights to create, read and delete environments in the namespace (default: default); with that to
update settings the build also has an image and an installer where the deployment makes none. From the variable
CONDA_STORE_TOKEN it is seen by nobody else on this machine. Exit status 1 when a check fails, 2 for wrong arguments.`;

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        namespace: { type: "string", default: "default" },
        token: { type: "string" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    console.error(`${sentence(error)}\n\n${USAGE}`);
    process.exit(2);
  }
}
const { values, positionals } = readArguments();
const url = positionals[0]?.replace(/\/$/, "");
const token = values.token ?? process.env["CONDA_STORE_TOKEN"];
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
if (!url || !/^https?:$/.test(URL.parse(url)?.protocol ?? "") || !token) {
  const missing = token ? "Say the deployment's URL: https://…" : "CONDA_STORE_TOKEN is not set.";
  console.error(`${missing}\n\n${USAGE}`);
  process.exit(2);
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

/** The signed address that a route redirects to. */
async function signed(path: string): Promise<string> {
  const response = await ask(path, { headers: bearer });
  equal(response.status, 307, `status of ${path}`);
  const location = response.headers.get("location") ?? "";
  if (new URL(location).origin === new URL(url ?? "").origin) throw new Error("the address is the API's own");
  return location;
}

try {
  await (await ask("/api/v1/")).arrayBuffer();
} catch (error) {
  console.error(`Nothing answers at ${url}: ${sentence(error)}`);
  process.exit(1);
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

await check("HEAD has the status and the length of GET", async () => {
  for (const path of ["/api/v1/", "/openapi.json", "/ui/", "/api/v1/nowhere/"]) {
    await sameAsHead(`${url}${path}`, {}, "content-type");
  }
});

/** What a docker client needs: the registry lies at the root of the host, whatever the prefix. */
const repository = {
  origin: new URL(url).origin,
  name: `${namespace}/${environment}`,
  password: token,
};
await check("the registry's challenge arrives, and leads to a token", async () => {
  if ((await askChallenge(repository.origin)) === null) throw new Error("there is no registry at /v2/");
  await logIn(repository);
});
await check("the build is to leave everything that a build can leave", wantEveryArtifact);

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
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      void check("what was made is removed", removeEverything).then(() => process.exit(1));
    });
  }
  try {
    await checkBuild(`/api/v1/build/${buildId}`);
  } finally {
    await check("what was made is removed", removeEverything);
  }
}
const failures = countFailures();
console.log(failures === 0 ? "The deployment works." : `${failures} checks failed.`);
process.exit(failures === 0 ? 0 : 1);

/** For this environment only; who may not change settings gets what the deployment makes anyway. */
async function wantEveryArtifact(): Promise<string> {
  const path = `/api/v1/setting/${encodeURIComponent(namespace)}/${environment}/`;
  const response = await ask(path, { headers: bearer });
  if (response.status === 403) return "the token may not change settings: what the deployment makes";
  const { data } = await read(
    response,
    v.object({ data: v.object({ build_artifacts: v.array(v.string()) }) }),
  );
  const wanted = new Set([...data.build_artifacts, "YAML", "CONDA_PACK", "CONSTRUCTOR_INSTALLER"]);
  wanted.add("DOCKER_MANIFEST");
  const set = await ask(path, {
    method: "PUT",
    headers: { "content-type": "application/json", ...bearer },
    body: JSON.stringify({ build_artifacts: [...wanted] }),
  });
  if (!set.ok) throw new Error((await read(set, Failure)).message);
  return [...wanted].join(", ");
}

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
  const { data } = await read(await ask(`${build}/`, { headers: bearer }), Build);
  const types = data.build_artifacts?.map(({ artifact_type }) => artifact_type) ?? [];
  console.log(`        artifacts: ${types.join(", ")}`);
  await check("its log tells how fast the shared disk was written", async () => {
    if (!types.includes("DIRECTORY")) return "there is none";
    const rate = lines.map((line) => / (\d+) files a second/.exec(line)?.[1]).find((found) => found);
    if (rate) return `${rate} files a second`;
    if (lines.some((line) => line.includes("what it made is lent")))
      return "the directory of a build like it is lent";
    throw new Error("no line of the log does");
  });
  await check("HEAD has the status and the length of GET for the build", () =>
    sameAsHead(`${url}${build}/`, bearer, "content-type"),
  );
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
  if (!types.includes("DOCKER_MANIFEST")) {
    console.log("skipped its image: it has none");
    return;
  }
  await check("its image is named as docker takes it", async () => {
    const response = await ask(`${build}/docker/`, { headers: bearer });
    const [host = ""] = (await response.text()).split(`/${repository.name}:`);
    equal(host, new URL(repository.origin).host, "host of the image's name");
  });
  await checkImage(repository);
}

async function removeEverything(): Promise<void> {
  const path = `/api/v1/environment/${encodeURIComponent(namespace)}/${environment}/`;
  const response = await ask(path, { method: "DELETE", headers: bearer });
  if (!response.ok) throw new Error((await read(response, Failure)).message);
  await response.arrayBuffer();
  equal((await ask(path, { headers: bearer })).status, 404, "status of what was removed");
}
