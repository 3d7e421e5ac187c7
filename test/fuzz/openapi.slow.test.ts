/**
 * Schemathesis reads the published document and asks the API whatever follows from it: each parameter at and beyond its
 * bounds, bodies that fit and bodies that do not, and one call's answer as the next one's question.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OPENAPI_FILE, openApiDocument } from "#scripts/openapi.ts";
import { type Api, openApi } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { runProgram } from "#test/kit/run-program.ts";
import { type Served, serveApp } from "#test/kit/serve-app.ts";
import { ensureVenv } from "#test/kit/venv.ts";
import { makeWorld } from "../functions/api/world.ts";

/** Generated cases of one operation in each phase that generates any. */
const EXAMPLES = 15;

/** Nobody solves here. */
const SOLVE_GOES_ON = "The solve takes longer than this request may";

const aws = useMiniStack();
let api: Api;
let served: Served;
let bin: string;
let scratch: string;

beforeAll(async () => {
  bin = await ensureVenv("schemathesis", "test/fuzz/requirements.txt");
  scratch = mkdtempSync(join(tmpdir(), "conda-store-fuzz-"));
  api = openApi(aws);
  await makeWorld(api.services);
  served = await serveApp(api.services);
});
afterAll(async () => {
  await served?.close();
  if (scratch) rmSync(scratch, { recursive: true, force: true });
});

test.each([
  ["an admin", { "*/*": ["admin"] }],
  ["a viewer of one namespace", { "team/*": ["viewer"] }],
])(
  "every answer to %s is one that the document promises",
  async (_, bindings) => {
    const before = served.requests.length;
    const { code, stdout, stderr } = await schemathesis(await api.token(bindings));
    expect(code, `${stdout}${stderr}`).toBe(0);
    const asked = served.requests.slice(before);
    expect(unasked(asked)).toEqual([]);
    expect(asked.length).toBeGreaterThan(1_000);
    const faults = api.lines.filter(({ level }) => level === "error");
    expect(faults.filter((line) => !JSON.stringify(line).includes(SOLVE_GOES_ON))).toEqual([]);
  },
  900_000,
);

const schemathesis = (token: string) =>
  runProgram(
    join(bin, "st"),
    [
      ...["--config-file", join(import.meta.dirname, "schemathesis.toml"), "run", OPENAPI_FILE],
      ...["--url", served.address, "--header", `Authorization: Bearer ${token}`],
      ...["--checks", "all", "--continue-on-failure", "--seed", "1", "--max-examples", String(EXAMPLES)],
      // The seconds at which API Gateway cuts.
      ...["--max-response-time", "29"],
      ...["--generation-database", "none", "--no-color"],
    ],
    {
      PATH: "/usr/bin:/bin",
      HOME: scratch,
      TMPDIR: scratch,
      SCHEMATHESIS_HOOKS: join(import.meta.dirname, "hooks.py"),
    },
  );

/** Operations of the document that none of the requests was for. */
function unasked(requests: readonly string[]): string[] {
  const paths = openApiDocument()["paths"] as Record<string, Record<string, unknown>>;
  return Object.entries(paths)
    .flatMap(([path, operations]) => Object.keys(operations).map((method) => ({ path, method })))
    .filter(({ path, method }) => {
      const address = path.replaceAll(".", "\\.").replace(/\{\w+\}/g, "[^/?]+");
      const wanted = new RegExp(`^${method.toUpperCase()} ${address}(\\?|$)`);
      return !requests.some((request) => wanted.test(request));
    })
    .map(({ path, method }) => `${method} ${path}`);
}
