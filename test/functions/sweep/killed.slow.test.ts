/**
 * Deletions by real processes that are killed by -9 at one request, or one removed file, after the other: the next run finishes what
 * was begun, and takes nothing else.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { deleteBuild } from "#adapters/dynamodb/delete-build.ts";
import { getThings } from "#adapters/dynamodb/holds.ts";
import { getPackages } from "#adapters/dynamodb/packages.ts";
import { listObjects } from "#adapters/s3/objects.ts";
import { directoryThing } from "#core/build/thing.ts";
import { VARIABLES } from "#core/layout.ts";
import { plausibleEnvironment } from "#scripts/budget.ts";
import { auditTable } from "#test/kit/audit.ts";
import { GRACE_MINUTES, STORE, useLeftovers } from "#test/kit/leftovers.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { sha256Of } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const left = useLeftovers(aws, "killed");
const SWEEP = fileURLToPath(new URL("../../kit/sweep-process.ts", import.meta.url));
const STORE_HANDLER = new URL("../../../functions/store/handler.ts", import.meta.url).href;

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
}

/** @param preload code that runs in front of the program, in which `kill()` is kill -9 of itself */
async function run(
  args: readonly string[],
  preload: string,
  env: Record<string, string> = {},
): Promise<Ended> {
  const code = `const kill = () => process.kill(process.pid, "SIGKILL");
    import { syncBuiltinESMExports } from "node:module"; import fs from "node:fs"; import http from "node:http";
    ${preload}
    syncBuiltinESMExports();`;
  const child = spawn(
    process.execPath,
    ["--import", `data:text/javascript,${encodeURIComponent(code)}`, ...args],
    {
      env: { ...process.env, ...env },
      stdio: ["ignore", "ignore", "inherit"],
    },
  );
  const [exitCode, signal] = await once(child, "exit");
  return { code: exitCode, signal };
}

/** Sweep's jobs at this time of the clock. @param dies at which of its requests, before it was sent or after it was answered */
async function sweep(dies?: { readonly at: number; readonly when: "before" | "after" }): Promise<Ended> {
  const { table } = left.db;
  const order = {
    table,
    bucket: aws.bucket,
    queue: aws.linkQueue,
    graceMinutes: GRACE_MINUTES,
    at: left.now,
  };
  const preload = dies
    ? `const { request } = http; let asked = 0;
       http.request = (...all) => {
         asked += 1;
         if (asked === ${dies.at} && ${dies.when === "before"}) kill();
         const sent = request(...all);
         if (asked === ${dies.at}) sent.once("response", kill);
         return sent;
       };`
    : "";
  return await run([SWEEP, JSON.stringify(order)], preload);
}

/** One after the other, as far apart as sweep waits for somebody who may still be at work. */
async function untilNothingIsLeft(): Promise<void> {
  for (let round = 0; round < 4; round += 1) await left.work(GRACE_MINUTES + 30);
}

// What a deletion does first: it gives back what the build held; and later: it removes what nobody holds.
test.each(["gives back", "removes"] as const)(
  "a sweep that is killed at any request while it %s leaves a deletion that the next one finishes",
  async (stage) => {
    let deaths = 0;
    for (let at = 1; ; at += 5) {
      const [old, current] = [await left.made(), await left.made()];
      const borrower = await left.made({ lender: current });
      await deleteBuild(left.db, old.id, [], left.now);
      left.later(10);
      if (stage === "removes") {
        expect((await sweep()).code).toBe(0);
        left.later(GRACE_MINUTES + 10);
      }
      const { signal } = await sweep({ at, when: at % 2 === 0 ? "before" : "after" });
      await left.store();
      // What was not begun or broke off is in no one's way; what others hold never goes.
      expect(await left.isThere(current, "CONDA_PACK")).toBe(true);

      await untilNothingIsLeft();

      expect([await left.isThere(old, "CONDA_PACK"), await left.isThere(old, "LOCKFILE")]).toEqual([
        false,
        false,
      ]);
      expect([left.onDisk(old), await listObjects(left.context.bucket, `logs/${old.id}/`)]).toEqual([[], []]);
      expect(await getPackages(left.db, sha256Of(old.lock))).toBeNull();
      expect(await left.itemsThatName(old)).toEqual([]);
      expect([await left.isThere(borrower, "CONDA_PACK"), left.onDisk(current).length]).toEqual([true, 2]);
      expect(await auditTable(left.db)).toEqual([]);
      if (signal === null) break;
      deaths += 1;
    }
    // It had five times as many requests.
    expect(deaths).toBeGreaterThan(2);
  },
  400_000,
);

test("a store that is killed in the middle of a directory has it vanish at once, and the next message finishes it", async () => {
  const [old, current] = [await left.made(), await left.made()];
  const parent = join(left.disk, "team");
  for (let n = 0; n < 30; n += 1) {
    const folder = join(parent, old.buildKey, "lib", `module-${n}`);
    mkdirSync(folder, { recursive: true });
    for (let file = 0; file < 50; file += 1) writeFileSync(join(folder, `${file}.py`), "");
  }
  await deleteBuild(left.db, old.id, [], left.now);
  left.later(10);
  expect((await sweep()).code).toBe(0);
  left.later(GRACE_MINUTES + 10);
  expect((await sweep()).code).toBe(0);
  const body = JSON.stringify({ namespace: "team", directory: old.buildKey });
  const event = { Records: [{ messageId: "1", body }] };
  const store = (preload: string): Promise<Ended> =>
    run(
      [
        "--input-type=module",
        "--eval",
        `import { handler } from "${STORE_HANDLER}"; await handler(${JSON.stringify(event)});`,
      ],
      preload,
      {
        ...plausibleEnvironment(),
        [VARIABLES.table]: left.db.table,
        [VARIABLES.diskDirectory]: left.disk,
        [VARIABLES.storeDirectory]: STORE,
        [VARIABLES.logLevel]: "WARN",
        [VARIABLES.environmentLink]: "{namespace}/envs/{name}",
      },
    );

  const killed = await store(
    `const { unlink } = fs.promises; let gone = 0;
     fs.promises.unlink = async (path) => { await unlink(path); gone += 1; if (gone === 700) kill(); };`,
  );

  expect(killed.signal).toBe("SIGKILL");
  const filesLeft = readdirSync(parent, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".py"),
  );
  expect(filesLeft.length).toBeGreaterThan(0);
  expect(filesLeft.length).toBeLessThanOrEqual(800);
  expect(existsSync(join(parent, old.buildKey))).toBe(false);
  const thing = directoryThing("team", old.buildKey);
  expect((await getThings(left.db, [thing])).get(thing)?.condemned).toBeTruthy();

  expect(await store("")).toEqual({ code: 0, signal: null });

  expect(left.onDisk(old)).toEqual([]);
  expect(left.onDisk(current)).toHaveLength(2);
  expect((await getThings(left.db, [thing])).size).toBe(0);
  expect(await auditTable(left.db)).toEqual([]);
}, 120_000);
