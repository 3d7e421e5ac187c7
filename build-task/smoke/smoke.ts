/**
 * The smoke part of the engines' suite, which the image's own build ends with: an image whose engine does not solve, check and
 * link, or whose conda-pack does not pack what it linked, is none.
 * @module
 */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runCommand } from "#adapters/process/command.ts";
import { type Engine, EngineError, type EngineRun } from "#core/ports.ts";
import { nativePlatform } from "../platform.ts";
import { PACK } from "../steps/archive.ts";
import { serveSmokeChannel } from "./channel.ts";

/** Where the channel says that it is; the engine is given its address on this machine. */
const CHANNEL = "https://conda.example.org/smoke";
const SECONDS_MAX = 300;

/**
 * @param packPython a Python with conda-pack
 * @throws AssertionError, EngineError or Error: what is not done as it should be
 */
export async function smoke(engine: Engine, packPython: string): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "conda-store-smoke-"));
  try {
    await smokeBelow(root, engine, packPython);
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

async function smokeBelow(root: string, engine: Engine, packPython: string): Promise<void> {
  const signal = AbortSignal.timeout(SECONDS_MAX * 1000);
  let folders = 0;
  const folder = async (): Promise<string> => {
    folders += 1;
    const path = join(root, String(folders));
    await mkdir(path);
    return path;
  };
  const run = async (): Promise<EngineRun> => ({
    workDirectory: await folder(),
    home: await folder(),
    signal,
    run: runCommand,
    onLine: () => {},
  });
  const output = async (program: string, ...args: string[]): Promise<string> => {
    const env = { PATH: "/usr/bin:/bin", HOME: root, TMPDIR: root, LANG: "C.UTF-8" };
    const { code, stdout, stderr } = await runCommand({ program, args, env, cwd: root }, signal);
    assert.equal(code, 0, `${program} ended with ${code}: ${stderr}`);
    return stdout;
  };
  const platform = nativePlatform();
  const channel = await serveSmokeChannel(join(root, "channel"), platform);
  try {
    const channels = [{ url: CHANNEL, address: channel.address }];
    const virtualPackages = { __glibc: "2.28", __linux: "5.10" };
    const packages = await engine.solve(
      { specs: ["smoke"], channels, platform, virtualPackages },
      await run(),
    );
    const solved = packages.map(({ name }) => name).sort();
    assert.deepEqual(solved, ["smoke", "smoke-data"], `solved: ${solved}`);

    const prefix = join(await folder(), "env");
    const packageCache = await folder();
    await engine.install({ packages, channels, platform, prefix, packageCache }, await run());
    assert.equal(
      await output(join(prefix, "bin/smoke")),
      `${prefix}\n`,
      "the prefix is not written into files",
    );

    const archive = join(root, "smoke.tar.gz");
    await output("sh", "-c", '"$0" -E -s -B "$@" > smoke.tar.gz', packPython, PACK, prefix, packageCache);
    const entries = (await output("tar", "-tzf", archive)).split("\n");
    assert.ok(entries.includes("bin/smoke"), `conda-pack packed: ${entries}`);

    const wrong = packages.map((each) => ({ ...each, sha256: "0".repeat(64), md5: null }));
    const elsewhere = { prefix: join(await folder(), "env"), packageCache: await folder() };
    await assert.rejects(
      engine.install({ packages: wrong, channels, platform, ...elsewhere }, await run()),
      (error) => error instanceof EngineError && error.failure === "checksum",
      "a package that is not what the lock names is installed",
    );
  } finally {
    await channel.close();
  }
}
