/**
 * The calls of docs/api/README.md, as they stand there, made by a shell.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Route } from "#core/contract/route.ts";
import { ROUTES } from "#core/contract/routes.ts";
import { EXAMPLES } from "#scripts/api-examples.ts";
import { API_PAGE_FILE } from "#scripts/openapi.ts";
import { type Api, DUMMY_PASSWORD, openApi } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { runProgram } from "#test/kit/run-program.ts";
import { type Served, serveApp } from "#test/kit/serve-app.ts";
import { makeWorld } from "./world.ts";

const aws = useMiniStack();
const folder = mkdtempSync(join(tmpdir(), "conda-store-examples-"));
const page = readFileSync(API_PAGE_FILE, "utf8");
let api: Api;
let served: Served;
let token: string;
let tokenId: string;
let solveId: string;
beforeAll(async () => {
  api = openApi(aws);
  ({ token: tokenId, solve: solveId } = await makeWorld(api.services));
  served = await serveApp(api.services);
  token = await api.token({ "*/*": ["admin"] });
});
afterAll(async () => {
  await served?.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the lines with a curl that prints nothing but the status, and keeps the answer in a file. */
async function run(lines: string): Promise<{ status: number; answer: string }> {
  const answer = join(folder, "answer");
  const quiet = `curl() { command curl -sS -w '%{http_code}' "$@" -o "$ANSWER"; }`;
  const { code, stdout, stderr } = await runProgram("bash", ["-c", `cd "$0"\n${quiet}\n${lines}`, folder], {
    PATH: process.env["PATH"] ?? "/usr/bin:/bin",
    ANSWER: answer,
    URL: served.address,
    TOKEN: token,
    TOKEN_ID: tokenId,
    SOLVE_ID: solveId,
    PASSWORD: DUMMY_PASSWORD,
  });
  expect(code, stderr).toBe(0);
  return { status: Number(stdout.trim()), answer: readFileSync(answer, "utf8") };
}

describe("the example of the reference page", () => {
  const routes = new Map<string, Route>(ROUTES.map((route) => [route.id, route]));
  test.each(Object.keys(EXAMPLES))("%s works as it stands there", async (id) => {
    const [, section = ""] = page.split(`\n## ${id}\n`);
    const [, lines = ""] = /```bash\n([\s\S]*?)\n```/.exec(section) ?? [];
    const { status, answer } = await run(lines);
    // A return from a provider is a browser's: nobody can begin one in a line.
    const isExpected = id === "finishLogin" ? status === 401 : status < 400;
    expect([lines, isExpected], answer).toEqual([EXAMPLES[id as keyof typeof EXAMPLES], true]);
    const { reply } = routes.get(id) ?? {};
    if (reply) expect(v.is(reply, JSON.parse(answer)), answer).toBe(true);
  });
});
