/**
 * Notebooks as tests, run by the real nbclient, papermill and ipykernel, which pip installs into the environment from an index
 * of this test's own that has the wheels of PyPI.
 */

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getTests } from "#adapters/dynamodb/attempts.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { type Ended, processesOf, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { useIndex } from "#test/kit/wheels.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const index = useIndex(demo.python, [], new URL("./notebooks/requirements.txt", import.meta.url));

/** A notebook as a user writes it; each cell is one text. */
const notebook = (...cells: readonly string[]): string => inLanguage({}, cells);
const inLanguage = (metadata: object, cells: readonly string[]): string =>
  JSON.stringify({
    ...{ nbformat: 4, nbformat_minor: 5, metadata },
    cells: cells.map((source, id) => ({
      ...{ cell_type: "code", id: `cell-${id}`, metadata: {}, execution_count: null, outputs: [] },
      source,
    })),
  });
const GREEN = notebook("import packaging", "assert packaging.__version__");
const RED = notebook("x = 1", "1 / 0");
const FOREIGN = inLanguage({ kernelspec: { name: "of-another-language", display_name: "Another" } }, ["1"]);
const STUCK = notebook("import time\nwhile True:\n    time.sleep(1)");
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** For a task whose limits of minutes are over in seconds. */
const HURRIED = `data:text/javascript,${encodeURIComponent(
  "const real = AbortSignal.timeout; AbortSignal.timeout = (ms) => real.call(AbortSignal, ms / 30);",
)}`;

const secrets = mkdtempSync(join(tmpdir(), "notebooks-"));
const files = new Map<string, string>([
  ["/green.ipynb", GREEN],
  ["/changed.ipynb", notebook("import antigravity")],
  ["/large.ipynb", notebook("#".repeat(1024 * 1024))],
]);
let site: Server;
let inner: Server;
const askedInside: string[] = [];
const portOf = (server: Server): number => (server.address() as AddressInfo).port;
const at = (path: string): string => `https://127.0.0.1:${portOf(site)}${path}`;

beforeAll(async () => {
  const [key, cert] = [join(secrets, "key.pem"), join(secrets, "cert.pem")];
  const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
  execFileSync(
    "openssl",
    [
      ...["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"],
      ...["-days", "1", "-keyout", key, "-out", cert, ...subject],
    ],
    { stdio: "ignore" },
  );
  inner = createHttpServer((request, response) => {
    askedInside.push(request.url ?? "");
    response.end(GREEN);
  });
  site = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
    const text = files.get(request.url ?? "");
    if (text !== undefined) response.end(text);
    else if (request.url === "/inward.ipynb") {
      response.writeHead(302, { location: `http://127.0.0.1:${portOf(inner)}/green.ipynb` }).end();
    } else response.writeHead(404).end();
  });
  for (const server of [site, inner]) {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  }
});
afterAll(() => {
  for (const server of [site, inner]) server?.close();
  rmSync(secrets, { recursive: true, force: true });
});

const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  privateHosts: () => [index.host(), `127.0.0.1:${portOf(site)}`],
});

const PLACE = { namespace: "team", name: "notebooks" };
async function build(runner: string, notebooks: readonly object[]): Promise<Ended> {
  const pip = [`--index-url ${index.url()}`, "ipykernel", runner];
  const specification = { name: PLACE.name, dependencies: ["python", { pip }], tests: { notebooks } };
  const more = { artifactsWanted: ["LOCKFILE"] as const };
  const id = await workshop.order(JSON.stringify(specification), PLACE.namespace, more);
  const ended = await workshop.build(id, {
    NODE_EXTRA_CA_CERTS: join(secrets, "cert.pem"),
    NODE_OPTIONS: `--import ${HURRIED}`,
  });
  if (ended.result !== null) await workshop.settle(ended);
  return ended;
}
const resultsOf = ({ build: { id }, attempt }: Ended) => getTests(workshop.db, id, attempt);
const currentBuild = async () =>
  (await getEnvironment(workshop.db, PLACE.namespace, PLACE.name))?.currentBuildId;

describe("notebooks as tests", () => {
  let current: number;

  it("that run to their end let the build complete, inline or by https with their sha256, and are not run again", async () => {
    const notebooks = [
      { ipynb: GREEN },
      { ipynb: notebook() },
      { url: at("/green.ipynb"), sha256: sha256(GREEN) },
    ];
    const first = await build("nbclient", notebooks);
    expect(first.result, first.log).toMatchObject({ outcome: "completed" });
    expect(await resultsOf(first)).toMatchObject([
      { name: "notebook 1", outcome: "passed", last_lines: [] },
      { name: "notebook 2", outcome: "passed" },
      { name: `notebook ${at("/green.ipynb")}`, outcome: "passed" },
    ]);

    const again = await build("nbclient", notebooks);
    expect(again.result, again.log).toMatchObject({ outcome: "completed" });
    expect(again.log).toMatch(/3 tests passed on such an environment before/);
    expect(await resultsOf(again)).toEqual(await resultsOf(first));
    current = again.build.id;
    expect(await currentBuild()).toBe(current);
  }, 400_000);

  it("that do not are told of one by one with what they said, and the build that was current stays it", async () => {
    const ended = await build("papermill", [
      { ipynb: GREEN },
      { ipynb: RED },
      { ipynb: STUCK },
      { ipynb: FOREIGN },
      { url: at("/changed.ipynb"), sha256: sha256(GREEN) },
      { url: at("/large.ipynb"), sha256: sha256(files.get("/large.ipynb") ?? "") },
      { url: at("/inward.ipynb"), sha256: sha256(GREEN) },
      { url: at("/nothing.ipynb"), sha256: sha256(GREEN) },
    ]);
    expect(ended.result, ended.log).toMatchObject({
      outcome: "failed",
      step: "test",
      reason: expect.stringMatching(
        /^The test "notebook 2" failed: ZeroDivisionError: division by zero\. 7 of 8 tests failed\. /,
      ),
    });
    const results = (await resultsOf(ended)) ?? [];
    expect(results.map(({ outcome }) => outcome)).toEqual(["passed", ...Array(7).fill("failed")]);
    const [, red, , foreign, changed, large, inward, missing] = results.map(({ last_lines }) => last_lines);
    // The cell and where it failed: no colours, and nothing of how the notebook is run.
    expect(red).toContain("1 / 0");
    expect(red?.at(-1)).toBe("ZeroDivisionError: division by zero");
    expect(red?.join("\n")).not.toMatch(/\[\d+m|run_notebook|nbclient/);
    expect(ended.log).toMatch(/FAILED in [\d.]+ s: notebook 3 \(it took longer than 10 minutes\)/);
    expect(foreign).toEqual([
      "No such kernel named of-another-language: add its package to dependencies, ipykernel for a Python notebook",
    ]);
    expect(changed).toEqual([expect.stringMatching(/has the sha256 [0-9a-f]{64}, not [0-9a-f]{64}$/)]);
    expect(large).toEqual(["it has more than 1048576 bytes"]);
    expect(inward).toEqual([expect.stringMatching(/^it cannot be fetched: .*private or loopback/)]);
    expect(missing).toEqual(["its address answers 404"]);
    expect(askedInside).toEqual([]);
    expect(processesOf(workshop.work)).toEqual([]);

    expect(await currentBuild()).toBe(current);
    expect(existsSync(join(workshop.disk, PLACE.namespace, ended.build.buildKey))).toBe(false);
  }, 400_000);
});
