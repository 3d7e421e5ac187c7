/**
 * Entry of every npm script: brings the pinned Node and the dependencies of package-lock.json into the project's own
 * folder, then runs the TypeScript file named by the first argument under that Node. Plain JavaScript, because it must
 * run on any Node from 20 up before anything is installed.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const [script, ...args] = process.argv.slice(2);
const node = join(root, "node_modules", "node", "bin", "node");
const stamp = join(root, "node_modules", ".installed");

function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(1);
}

function install() {
  const wanted = createHash("sha256")
    .update(readFileSync(join(root, "package-lock.json")))
    .digest("hex");
  if (existsSync(node) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return;
  process.stderr.write(
    "Installing the pinned Node and the packages of package-lock.json into node_modules …\n",
  );
  rmSync(stamp, { force: true });
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", "ignore", "pipe"],
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (npm.error)
    fail(`npm could not be started (${npm.error.message}). Install Node.js with npm, then try again.`);
  if (npm.status !== 0) fail(installFailure(npm.stderr));
  if (!existsSync(node))
    fail(
      "The pinned Node did not arrive. Allow install scripts (npm config get ignore-scripts) and try again.",
    );
  writeFileSync(stamp, wanted);
}

/** The shell and npm, as far as the system tells. */
function parents() {
  try {
    const [, , npm] = readFileSync(`/proc/${process.ppid}/stat`, "utf8")
      .replace(/^.*\) /, "0 ")
      .split(" ");
    return `${process.ppid} ${npm}`;
  } catch {
    return String(process.ppid);
  }
}

function installFailure(output) {
  if (/ENOSPC/.test(output)) return "The disk is full: free about 1 GB, then try again.";
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH/.test(output)) {
    return "The npm registry cannot be reached: check the network or the proxy settings, then try again.";
  }
  return `npm ci failed:\n${output.trim().split("\n").slice(0, 12).join("\n")}`;
}

if (Number(process.versions.node.split(".")[0]) < 20) {
  fail(`Node ${process.versions.node} is too old to begin with: install Node 20 or newer.`);
}
if (!script) fail("usage: node scripts/bootstrap.mjs SCRIPT [ARGUMENT …]");
install();
const child = spawn(node, [join(root, script), ...args], {
  cwd: root,
  stdio: "inherit",
  env: {
    ...process.env,
    PATH: `${dirname(node)}:${join(root, "node_modules", ".bin")}:${process.env.PATH ?? ""}`,
    NODE_NO_WARNINGS: "1",
  },
});
// The terminal signals the whole group; the child decides when it has cleaned up, so this parent only waits.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
// npm runs this through a shell, and neither passes a signal of its own on: when one of them has gone, nobody is left who
// could end the child.
if (process.env.npm_lifecycle_event) {
  const before = parents();
  setInterval(() => {
    if (parents() !== before) child.kill("SIGTERM");
  }, 1000).unref();
}
child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
