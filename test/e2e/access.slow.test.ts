/**
 * Every route, asked by every role of docs/access.md, on the whole deployed stack.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { cacheSecret, readSecret } from "#adapters/secrets/secret.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import type { Route } from "#core/contract/route.ts";
import { ROUTES } from "#core/contract/routes.ts";
import { TEST_CREDENTIALS } from "#local/ministack.ts";
import { showProgress } from "#local/progress.ts";
import { removeTree } from "#local/run-task/launch.ts";
import { Closers, type LocalStack, openStack } from "#local/stack.ts";
import { type Answer, ASKERS, type Asker, documentedAnswer } from "#scripts/access-table.ts";
import { bearer, post, put } from "#test/kit/api.ts";
import { runProgram } from "#test/kit/run-program.ts";
import { ROUTE_CASES } from "../functions/api/cases/all.ts";
import type { RouteCase } from "../functions/api/cases/case.ts";
import { makeWorld, type World } from "../functions/api/world.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "conda-store-access-"));
const closers = new Closers();
let stack: LocalStack;
let world: World;
const tokens = new Map<Asker, string>();

beforeAll(async () => {
  const progress = showProgress(() => {});
  stack = await openStack({ root: ROOT, port: 0, demoChannel: true, directory }, progress, closers);
  Object.assign(process.env, TEST_CREDENTIALS, { AWS_ENDPOINT_URL: stack.endpoint });
  const db = openDb({ table: stack.deployed.table });
  const secret = cacheSecret(readSecret(stack.deployed.secretId));
  world = await makeWorld({ db, bucket: openBucket(stack.deployed.bucket, db.client), secret });
  for (const asker of ASKERS) {
    const { bindings: roleBindings, primaryNamespace } = asker;
    if (roleBindings === null) continue;
    const expiresAt = new Date(Date.now() + 3_600_000);
    tokens.set(asker, await mintToken(secret, { primaryNamespace, roleBindings, expiresAt }));
  }
  // What waits would be built: nobody needs it.
  const all = ASKERS.at(-1);
  for (const id of [world.queued, world.hidden]) {
    if (all) await ask(all, `/api/v1/build/${id}/cancel/`, { method: "PUT" });
  }
}, 400_000);
afterAll(async () => {
  await closers.close();
  removeTree(directory);
}, 60_000);

function ask(asker: Asker, path: string, init: RequestInit = {}): Promise<Response> {
  const token = tokens.get(asker);
  const headers = { ...(init.headers as Record<string, string>), ...(token && bearer(token)) };
  return fetch(`${stack.url}${path}`, { ...init, headers, redirect: "manual" });
}

type Question = Pick<RouteCase, "path" | "init">;
/** Where the case that works would build something, or is about another namespace: what comes behind the gate says no. */
const QUESTIONS: Readonly<Record<string, Question>> = {
  createNamespace: { path: () => "/api/v1/namespace/team/", init: { method: "POST" } },
  // Its case gives a role on another namespace, which an admin of this one has not.
  updateNamespace: { path: () => "/api/v1/namespace/team/", init: put({ metadata: { owner: "us" } }) },
  deleteRoles: { path: () => "/api/v1/namespace/team/roles", init: { method: "DELETE" } },
  rebuild: { path: (w) => `/api/v1/build/${w.failed}/?frozen=true`, init: { method: "PUT" } },
  cancelBuild: { path: (w) => `/api/v1/build/${w.completed}/cancel/`, init: { method: "PUT" } },
  postSpecification: {
    path: () => "/api/v1/specification/",
    init: post({
      namespace: "team",
      specification: "name: demo\nchannels: ['http://169.254.1.1/c']\ndependencies: [a]\n",
    }),
  },
};

function questionOf({ id }: Route): Question {
  const own = QUESTIONS[id];
  if (own) return own;
  const happy = ROUTE_CASES[id]?.find(({ kind }) => kind === "happy");
  if (!happy) throw new Error(`no case of ${id} works`);
  return happy;
}

const isRefused = (text: string): boolean => text.includes('"code":"permission_denied"');

describe("what is read", () => {
  const reading = (ROUTES as readonly Route[]).filter(
    ({ method, access, reply }) => method === "get" && access.kind === "permission" && reply !== null,
  );
  test.each(reading.map((route) => [route.id, route] as const))(
    "%s succeeds for each who may",
    async (_, route) => {
      const { path, init } = questionOf(route);
      const may = ASKERS.filter((asker) => documentedAnswer(route, asker) === "yes");
      expect(may.length).toBeGreaterThan(0);
      const answers = await Promise.all(
        may.map(async (asker) => (await ask(asker, path(world), init)).status),
      );
      expect(answers.filter((status) => status !== 200 && status !== 307)).toEqual([]);
    },
  );
});

describe.each((ROUTES as readonly Route[]).map((route) => [route.id, route] as const))("%s", (_, route) => {
  test("answers each role as docs/access.md says", async () => {
    const { path, init } = questionOf(route);
    const answers: Record<string, Answer | number> = {};
    const documented: Record<string, Answer> = {};
    for (const asker of ASKERS) {
      const wanted = documentedAnswer(route, asker);
      documented[asker.name] = wanted;
      const response = await ask(asker, path(world), init);
      const text = await response.text();
      if (isRefused(text)) answers[asker.name] = response.status === 403 ? "403" : response.status;
      else
        answers[asker.name] = response.status < 500 ? (wanted === "403" ? "yes" : wanted) : response.status;
      const seesAll = asker.name === "service" || asker.name === "admin of all";
      if (!seesAll) expect([asker.name, text]).not.toEqual([asker.name, expect.stringContaining("hidden")]);
    }
    expect(answers).toEqual(documented);
  });
});

test("npm run rotate-keys rotates the keys of what npm start runs, and nobody is logged out", async () => {
  const rotate = (...args: string[]) =>
    runProgram(process.execPath, ["scripts/rotate-keys.ts", "--local", "--state", directory, ...args]);
  const dry = await rotate();
  expect([dry.code, dry.stdout], dry.stderr).toEqual([0, expect.stringContaining("Nothing was changed")]);
  const applied = await rotate("--apply");
  expect([applied.code, applied.stdout], applied.stderr).toEqual([0, expect.stringContaining("Done.")]);
  const [, viewer] = ASKERS;
  if (!viewer) throw new Error("no askers");
  expect((await ask(viewer, "/api/v1/environment/team/demo/")).status).toBe(200);
});
