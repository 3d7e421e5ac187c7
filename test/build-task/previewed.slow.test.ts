/** What was previewed is what is built: fifty specifications through API and solver, handed over, some of them to their end. */
import { afterAll, beforeAll, expect, it } from "vitest";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { lockKey } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { type Api, bearer, openApi, post } from "#test/kit/api.ts";
import { useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { fiftySpecs } from "#test/kit/fifty-specs.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { openSolving, type Solving } from "#test/kit/solving.ts";
import { dispatched } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const SETTINGS = { conda_virtual_packages: { __glibc: "2.39" }, build_artifacts: ["LOCKFILE"] };
const workshop = useWorkshop({ aws, python: demo.python, channel: demo.url, settings: SETTINGS });
/** So many previews make one whole build: each is an environment of its own. */
const BUILT_EACH = 12;

let api: Api;
let solving: Solving;
let headers: Record<string, string>;
beforeAll(async () => {
  const allowPrivateHosts = [new URL(demo.url()).host];
  const settings = { ...SETTINGS, conda_default_channels: [demo.url()] };
  solving = openSolving(aws, settings, { allowPrivateHosts });
  api = openApi(aws, {
    settings: deploymentSettings(settings),
    askForSolve: solving.askForSolve,
    allowPrivateHosts,
  });
  headers = bearer(await api.token({ "*/*": ["admin"] }));
});
afterAll(() => solving?.rest());

async function ask<T>(path: string, init: RequestInit = {}): Promise<T> {
  const all = { ...(init.headers as Record<string, string>), ...headers };
  const response = await api.request(`/api/v1/${path}`, { ...init, headers: all });
  const { data, message } = (await response.json()) as { data: T; message: string | null };
  if (response.status !== 200) throw new Error(`${response.status} ${message}`);
  return data;
}

it("of fifty specifications each build is given the lock of its preview, and ends with that very lock", async () => {
  // Of one the script fails: no lock makes a build of that.
  const all = demo.channel().packages.filter(({ name }) => name !== "demo-post-link-fails");
  const names = [...new Set(all.map(({ name }) => name))].sort();
  const outcomes = { handed: 0, built: 0, impossible: 0 };
  for (const [i, dependencies] of fiftySpecs(names).entries()) {
    const specification = JSON.stringify({ name: `previewed-${i}`, dependencies });
    const { solve_id } = await ask<{ solve_id: string }>(
      "solve/",
      post({ specification, namespace: "team" }),
    );
    await solving.rest();
    const solve = await ask<{ status: string; lock_digest: string }>(`solve/${solve_id}/`);
    if (solve.status !== "SOLVED") {
      expect([dependencies, solve]).toEqual([
        dependencies,
        expect.objectContaining({ status: "FAILED", fault: "specification" }),
      ]);
      outcomes.impossible += 1;
      continue;
    }
    const posted = await ask<{ build_id: number }>("specification/", post({ solve_id, namespace: "team" }));
    const build = await getBuild(workshop.db, posted.build_id);
    expect(build).toMatchObject({ frozenLock: lockKey(solve.lock_digest) });
    outcomes.handed += 1;
    if (outcomes.handed % BUILT_EACH !== 1) continue;
    await dispatched(workshop.db, posted.build_id);
    const ended = await workshop.build(posted.build_id);
    expect(ended.result, ended.log).toMatchObject({ outcome: "completed", lockDigest: solve.lock_digest });
    await workshop.settle(ended);
    outcomes.built += 1;
  }
  expect(outcomes.handed + outcomes.impossible).toBe(50);
  expect(outcomes.handed).toBeGreaterThan(25);
  expect(outcomes.built).toBeGreaterThan(2);
}, 900_000);
