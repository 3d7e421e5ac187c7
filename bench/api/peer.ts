/**
 * The original's API server from PyPI, over a store as large as ours: a process of its own, asked over HTTP.
 * @module
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { LocalError } from "#local/local-error.ts";
import { freePort } from "#local/ministack.ts";
import { processCpuMs } from "../cpu.ts";
import { type Load, load, type Measured } from "./load.ts";
import { BENCH_ROUTES, type RouteName } from "./routes.ts";
import { DEPENDENCIES, ENVIRONMENTS_PER_NAMESPACE, PACKAGES, type World } from "./seed.ts";

export interface Peer {
  /** null when it does not answer this as it should. */
  measure(route: RouteName, load: Load): Promise<Measured | null>;
  stop(): Promise<void>;
}

const HERE = join(import.meta.dirname, "peer");
/** Its first environment, in the first namespace. */
const WORLD: World = { namespace: "namespace-0", environment: "environment-0", build: 1 };
const TOKEN = "bench";
const START_MS_MAX = 120_000;
const run = promisify(execFile);

/**
 * @param venv made once, with what `peer/requirements.txt` names
 * @throws LocalError when it cannot be installed or started
 */
export async function openPeer(
  { venv, python, home }: { readonly venv: string; readonly python: string; readonly home: string },
  environments: number,
): Promise<Peer> {
  await install(venv, python);
  mkdirSync(home, { recursive: true });
  const program = join(venv, "bin", "python");
  const sizes = [environments, ENVIRONMENTS_PER_NAMESPACE, PACKAGES].map(String);
  const database = `sqlite:///${home}/peer.sqlite`;
  await run(program, [join(HERE, "seed.py"), database, ...sizes, ...DEPENDENCIES]);
  const port = await freePort();
  const env = {
    PATH: process.env["PATH"],
    HOME: home,
    PEER_HOME: home,
    PEER_PORT: String(port),
    PEER_TOKEN: TOKEN,
  };
  const child = spawn(program, [join(HERE, "serve.py")], { env, cwd: home, stdio: "ignore" });
  const ended = once(child, "exit");
  const stop = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  process.once("exit", () => child.kill("SIGKILL"));
  const url = `http://127.0.0.1:${port}`;
  const deadline = performance.now() + START_MS_MAX;
  while (!(await answers(url))) {
    if (child.exitCode === null && performance.now() < deadline) continue;
    await stop();
    throw new LocalError("conda-store-server could not be started.");
  }
  const cpuMs = (): number => processCpuMs(child.pid ?? 0);
  return {
    stop,
    measure: async (name, order) => {
      const route = BENCH_ROUTES.find((each) => each.name === name);
      if (!route) throw new Error(`no route ${name}`);
      const call = async (n: number): Promise<void> => {
        const { method, path, query, body } = route.ask(WORLD, n);
        const response = await fetch(`${url}${path}${query && `?${query}`}`, {
          method,
          redirect: "manual",
          headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
          ...(body === undefined ? {} : { body }),
        });
        await response.arrayBuffer();
        if (response.status !== route.status) throw new Refusal();
      };
      return await load(call, order, cpuMs).catch((error: unknown) => {
        if (error instanceof Refusal) return null;
        throw error;
      });
    },
  };
}

class Refusal extends Error {}

async function answers(url: string): Promise<boolean> {
  try {
    await fetch(`${url}/api/v1/`);
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 100));
    return false;
  }
}

async function install(venv: string, python: string): Promise<void> {
  const requirements = join(HERE, "requirements.txt");
  const wanted = readFileSync(requirements, "utf8");
  const stamp = join(venv, ".installed");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  try {
    rmSync(venv, { recursive: true, force: true });
    await run(python, ["-m", "venv", venv]);
    const quiet = ["--quiet", "--disable-pip-version-check"];
    await run(join(venv, "bin", "python"), ["-m", "pip", "install", ...quiet, "-r", requirements]);
    writeFileSync(stamp, wanted);
  } catch {
    throw new LocalError(
      "conda-store-server cannot be installed from PyPI here: leave --with-peer out to compare with what it was measured to need.",
    );
  }
}
