/**
 * A real Keycloak, for the tests that are asked for it: some 180 MB from Maven Central, and a minute of both cores.
 * @module
 */
import { execFile, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { withFileLock } from "#local/file-lock.ts";
import { freePort } from "#local/ministack.ts";
import { findProgram } from "./programs.ts";
import { untilItAnswers } from "./until-it-answers.ts";

const LOCAL = new URL("../../.local", import.meta.url).pathname;
const VERSION = "26.7.3";
const UNPACK = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack";

/** Set by `npm run test:keycloak`. */
export const KEYCLOAK_WANTED = process.env["CONDA_STORE_TEST_KEYCLOAK"] === "1";

export interface Keycloak {
  readonly url: string;
  /** `host:port`, for the list of private addresses that are allowed. */
  readonly host: string;
  /** Asks the admin API as the admin; `path` begins behind `/admin/realms`. */
  admin(method: string, path: string, body?: object): Promise<unknown>;
  close(): Promise<void>;
}

/** Starts it in its development mode, with a database in memory, and waits until it answers. */
export async function startKeycloak(): Promise<Keycloak> {
  const java = need("java", "Java 17 or newer (Debian: openjdk-17-jre-headless)");
  const home = await ensureKeycloak();
  const port = await freePort();
  const url = `http://localhost:${port}`;
  const password = crypto.randomUUID();
  const arguments_ = ["start-dev", "--db=dev-mem", "--http-host=127.0.0.1", `--http-port=${port}`];
  const child = spawn("bash", [join(home, "bin/kc.sh"), ...arguments_], {
    // The script starts Java beside itself: both end with their group.
    detached: true,
    env: {
      PATH: process.env["PATH"],
      HOME: home,
      JAVA: java,
      JAVA_OPTS_APPEND: "-XX:TieredStopAtLevel=1",
      KC_BOOTSTRAP_ADMIN_USERNAME: "admin",
      KC_BOOTSTRAP_ADMIN_PASSWORD: password,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const end = (signal: NodeJS.Signals): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    process.kill(-child.pid, signal);
  };
  const close = async (): Promise<void> => {
    end("SIGTERM");
    await ended;
  };
  process.once("exit", () => end("SIGKILL"));
  try {
    await untilItAnswers(child, `${url}/realms/master`, 900_000);
  } catch (error) {
    await close();
    throw error;
  }
  return { url, host: new URL(url).host, admin: askAs(url, password), close };
}

/** Its admin's tokens are good for a minute: each question has one of its own. */
function askAs(url: string, password: string): Keycloak["admin"] {
  return async (method, path, body) => {
    const grant = { grant_type: "password", client_id: "admin-cli", username: "admin", password };
    const token = await fetch(`${url}/realms/master/protocol/openid-connect/token`, {
      method: "POST",
      body: new URLSearchParams(grant),
    });
    const { access_token } = (await token.json()) as { access_token: string };
    const response = await fetch(`${url}/admin/realms${path}`, {
      method,
      headers: { authorization: `Bearer ${access_token}`, "content-type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? null : JSON.parse(text);
  };
}

/**
 * Gets the distribution, once; Maven compares it with the checksum beside it.
 * @returns its folder
 */
async function ensureKeycloak(): Promise<string> {
  const home = join(LOCAL, `keycloak-${VERSION}`);
  await withFileLock(`${home}.lock`, async () => {
    if (existsSync(home)) return;
    const maven = need("mvn", "Maven (Debian: maven)");
    mkdirSync(LOCAL, { recursive: true });
    const folder = mkdtempSync(join(LOCAL, "keycloak-new-"));
    try {
      const arguments_ = [
        ...["--batch-mode", "--quiet", "--strict-checksums"],
        `-Dmaven.repo.local=${join(folder, "repository")}`,
        UNPACK,
        `-Dartifact=org.keycloak:keycloak-quarkus-dist:${VERSION}:zip`,
        `-DoutputDirectory=${folder}`,
      ];
      // Where there is no project, its marks are left in the working directory.
      await promisify(execFile)(maven, arguments_, { cwd: folder }).catch((error: { stdout?: string }) => {
        throw new Error(`Keycloak ${VERSION} could not be had: ${error.stdout ?? ""}`, { cause: error });
      });
      renameSync(join(folder, `keycloak-${VERSION}`), home);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
  return home;
}

function need(program: string, what: string): string {
  const path = findProgram(program);
  if (path === null) throw new Error(`The tests with Keycloak need ${what}: install it and run them again.`);
  return path;
}
