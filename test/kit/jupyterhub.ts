/**
 * A real JupyterHub with its real proxy, and a service behind it.
 * @module
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "#local/ministack.ts";
import { untilItAnswers } from "./until-it-answers.ts";
import { ensureVenv } from "./venv.ts";

const ROOT = new URL("../..", import.meta.url).pathname;

export interface Hub {
  /** Where browsers find it. */
  readonly url: string;
  readonly host: string;
  /** The service's, which is its OAuth client's secret. */
  readonly serviceToken: string;
  /** Of every user. */
  readonly password: string;
  close(): Promise<void>;
}

/**
 * Starts it and waits until it answers.
 * @param serviceUrl where the hub's proxy finds the service
 */
export async function startHub(serviceUrl: string): Promise<Hub> {
  const bin = await ensureVenv("jupyterhub", "test/hub/requirements.txt");
  const directory = mkdtempSync(join(tmpdir(), "conda-store-hub-"));
  const [port, hubPort, apiPort] = [await freePort(), await freePort(), await freePort()];
  const url = `http://127.0.0.1:${port}`;
  const serviceToken = crypto.randomUUID().replaceAll("-", "");
  const password = crypto.randomUUID();
  const child = spawn(join(bin, "jupyterhub"), ["-f", join(ROOT, "test/hub/jupyterhub_config.py")], {
    cwd: directory,
    env: {
      PATH: process.env["PATH"],
      HOME: directory,
      HUB_URL: url,
      HUB_PORT: String(hubPort),
      NODE: process.execPath,
      PROXY: join(ROOT, "node_modules/configurable-http-proxy/bin/configurable-http-proxy"),
      PROXY_API_PORT: String(apiPort),
      PROXY_TOKEN: crypto.randomUUID(),
      SERVICE_URL: serviceUrl,
      SERVICE_TOKEN: serviceToken,
      PASSWORD: password,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  // It ends its proxy itself.
  const close = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await untilItAnswers(child, `${url}/hub/health`, 120_000);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, host: new URL(url).host, serviceToken, password, close };
}
