/**
 * `npm run smoke -- URL`: proves a deployed stack from outside, as its users meet it; builds one small environment.
 * @module
 */
import { parseArgs } from "node:util";
import * as v from "valibot";

const USAGE = `usage: CONDA_STORE_TOKEN=… npm run smoke -- URL [--namespace NAME]

Checks the deployment at URL (with its prefix, if it has one): both spellings of addresses, errors as JSON, refusals,
a build of "python" followed by its log to the end, its lockfile and its archive by signed address. The token needs
the rights to create environments in the namespace (default: default). Exit status 1 when a check fails.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { namespace: { type: "string", default: "default" }, help: { type: "boolean", short: "h" } },
});
const url = positionals[0]?.replace(/\/$/, "");
const token = process.env["CONDA_STORE_TOKEN"];
if (values.help || !url || !URL.canParse(url) || !token) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
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
const Build = v.object({ data: v.object({ status: v.string(), status_info: v.nullable(v.string()) }) });
const Lockfile = v.object({ package: v.array(v.object({ name: v.string(), url: v.string() })) });

const ask = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(`${url}${path}`, { redirect: "manual", ...init });

let failures = 0;
async function check(promise: string, prove: () => Promise<void>): Promise<void> {
  try {
    await prove();
    console.log(`ok      ${promise}`);
  } catch (error) {
    failures += 1;
    console.log(`FAILED  ${promise}: ${error instanceof Error ? error.message : String(error)}`);
  }
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

let buildId = 0;
await check("a specification is accepted", async () => {
  const response = await ask("/api/v1/specification/", {
    method: "POST",
    headers: { "content-type": "application/json", ...bearer },
    body: JSON.stringify({
      namespace: values.namespace,
      specification: "name: smoke\ndependencies: [python]\n",
    }),
  });
  if (!response.ok) throw new Error((await read(response, Failure)).message);
  buildId = (await read(response, Submitted)).data.build_id;
});
if (buildId > 0) {
  const build = `/api/v1/build/${buildId}`;
  await check(`build ${buildId} ends COMPLETED, its log followed by long poll`, async () => {
    for (let after = "", ended = false; !ended; ) {
      const path = `${build}/logs/?after=${encodeURIComponent(after)}&wait=20`;
      const page = await read(await ask(path, { headers: bearer }), Lines);
      for (const { text } of page.lines) console.log(`          ${text}`);
      after = page.cursor;
      ended = page.ended;
    }
    const { data } = await read(await ask(`${build}/`, { headers: bearer }), Build);
    equal(data.status, "COMPLETED", `status (${data.status_info ?? "no reason given"})`);
  });
  await check("its lockfile is JSON behind a signed address", async () => {
    const lockfile = await read(await fetch(await signed(`${build}/lockfile/`)), Lockfile);
    equal(
      lockfile.package.some(({ name }) => name === "python"),
      true,
      "python in the lockfile",
    );
  });
  await check("its archive is gzip behind a signed address", async () => {
    const response = await fetch(await signed(`${build}/archive/`), { headers: { range: "bytes=0-1" } });
    equal(response.status, 206, "status of a range");
    equal(Buffer.from(await response.arrayBuffer()).toString("hex"), "1f8b", "first bytes");
  });
  if (!isEmulated) {
    await check("without its signature the archive is refused", async () => {
      const address = new URL(await signed(`${build}/archive/`));
      address.search = "";
      equal((await fetch(address)).status, 403, "status");
    });
  }
}
console.log(failures === 0 ? "The deployment works." : `${failures} checks failed.`);
process.exit(failures === 0 ? 0 : 1);
