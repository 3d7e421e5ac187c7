/** The solver in a function gives the very locks that an engine of build tasks gives. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { openFetchIndex } from "#adapters/channel/fetch-index.ts";
import { openEngine } from "#adapters/conda/open-engine.ts";
import { solveByWasm } from "#adapters/conda/wasm/wasm-solver.ts";
import { runCommand } from "#adapters/process/command.ts";
import { openChannelKeys } from "#core/channel/credentials.ts";
import { renderCondaLock } from "#core/lock/conda-lock.ts";
import type { LockedPackage } from "#core/lock/lock.ts";
import { parseCondaLock } from "#core/lock/parse-conda-lock.ts";
import type { EngineError } from "#core/ports.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { fiftySpecs } from "#test/kit/fifty-specs.ts";

const demo = useDemoChannel();
const platform = "linux-64";
const virtualPackages = { __linux: "5.10", __glibc: "2.39", __archspec: "x86_64" };
const { signal } = new AbortController();
const scratch = mkdtempSync(join(tmpdir(), "wasm-solver-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

test("of fifty specifications each has the lock that py-rattler, the engine of builds, gives, or both have none", async () => {
  const names = [...new Set(demo.channel().packages.map(({ name }) => name))].sort();
  const engine = await openEngine({ kind: "rattler", program: demo.python(), run: runCommand, signal });
  const channels = [demo.url()];
  let solved = 0;
  const { host } = new URL(demo.url());
  for (const [i, specs] of fiftySpecs(names).entries()) {
    const home = mkdtempSync(join(scratch, `${i}-`));
    const run = { workDirectory: home, home, signal, run: runCommand, onLine: () => {} };
    const named = [{ url: demo.url(), address: demo.url() }];
    const theirs = await engine
      .solve({ specs, channels: named, platform, virtualPackages }, run)
      .catch((error: EngineError) => error.failure);
    const request = { specs, channels, platform, virtualPackages };
    const ours = await solveByWasm(
      request,
      openFetchIndex(openChannelKeys({}, "", []), [host], signal),
      signal,
    ).then(
      ({ packages }) => packages,
      (error: EngineError) => error.failure,
    );
    if (typeof theirs === "string" || typeof ours === "string") {
      expect([specs, ours]).toEqual([specs, theirs]);
      continue;
    }
    const lockOf = (packages: readonly LockedPackage[]) =>
      renderCondaLock({ platform, channels, virtualPackages, packages, pipPackages: [] });
    expect([specs, lockOf(ours).digest]).toEqual([specs, lockOf(theirs).digest]);
    // What a task does that is handed this lock: it reads it back.
    const handed = parseCondaLock(JSON.parse(lockOf(ours).text), platform);
    expect(renderCondaLock(handed).digest).toBe(lockOf(ours).digest);
    solved += 1;
  }
  expect(solved).toBeGreaterThan(25);
}, 600_000);
