/**
 * pip: resolved against the installed conda packages, pinned by address and hash, then installed from exactly that.
 * @module
 */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { readPlainFile } from "#adapters/disk/read-plain-file.ts";
import type { LockedPipPackage } from "#core/lock/lock.ts";
import { parsePipReport } from "#core/lock/pip-report.ts";
import type { PipRequest } from "#core/specification/parse.ts";
import { BuildFailure } from "../failure.ts";
import type { Mirror } from "../mirror/mirror.ts";
import type { StepContext, Task } from "../task.ts";

const REPORT_BYTES_MAX = 64 * 1024 * 1024;

const COMMON = ["--isolated", "--no-input", "--disable-pip-version-check", "--no-cache-dir"];

/**
 * Asks pip what it would install.
 * @throws BuildFailure with what pip said; AppError when something cannot be pinned
 */
export async function resolvePip(
  task: Task,
  step: StepContext,
  mirror: Mirror,
  request: PipRequest,
): Promise<LockedPipPackage[]> {
  const { inbox, home } = await makeDirectories(task);
  const requirements = join(inbox, "requirements.txt");
  const report = join(home, "report.json");
  await writeFile(requirements, `${request.requirements.join("\n")}\n`);
  step.line(`resolving ${request.requirements.join(", ")}`);
  await pip(task, step, mirror, "resolve", [
    ...["install", "--dry-run", "--quiet", "--report", report, ...COMMON, ...indexOptions(request)],
    ...["--requirement", requirements],
  ]);
  const packages = parsePipReport(readReport(await readPlainFile(report, REPORT_BYTES_MAX)));
  step.line(
    `${packages.length} packages: ${packages.map(({ name, version }) => `${name} ${version}`).join(", ")}`,
  );
  return packages;
}

/** Installs exactly these; every file's hash is checked by pip. */
export async function installPip(
  task: Task,
  step: StepContext,
  mirror: Mirror,
  packages: readonly LockedPipPackage[],
  request: PipRequest,
): Promise<void> {
  if (packages.length === 0) return;
  const { inbox } = await makeDirectories(task);
  const requirements = join(inbox, "locked.txt");
  const lines = packages.map(({ name, url, sha256 }) => `${name} @ ${url} --hash=sha256:${sha256}\n`);
  await writeFile(requirements, lines.join(""));
  await pip(task, step, mirror, "install", [
    ...["install", "--no-deps", "--require-hashes", "--no-compile", "--no-warn-script-location", ...COMMON],
    ...[...indexOptions(request), "--requirement", requirements],
  ]);
}

/** What is read from others goes nowhere: in a parser's message it would go into the log. */
function readReport(text: string | null): unknown {
  try {
    return JSON.parse(text ?? "");
  } catch {
    throw new BuildFailure("pip left no report of what it would install: build again.");
  }
}

async function makeDirectories(task: Task): Promise<{ inbox: string; home: string }> {
  const { builder } = task.strangers;
  const inbox = await builder.makeInbox(join(task.paths.work, "pip"));
  return { inbox, home: await builder.makeHome(join(inbox, "home")) };
}

function indexOptions({ indexUrl, extraIndexUrls, trustedHosts }: PipRequest): string[] {
  return [
    ...(indexUrl === null ? [] : ["--index-url", indexUrl]),
    ...extraIndexUrls.flatMap((url) => ["--extra-index-url", url]),
    ...trustedHosts.flatMap((host) => ["--trusted-host", host]),
  ];
}

async function pip(
  task: Task,
  step: StepContext,
  mirror: Mirror,
  what: "resolve" | "install",
  args: readonly string[],
): Promise<void> {
  const { prefix } = task.paths;
  const { home } = await makeDirectories(task);
  const proxy = mirror.proxyUrl;
  const result = await step.run(
    {
      program: join(prefix, "bin", "python"),
      args: ["-I", "-m", "pip", ...args],
      cwd: home,
      env: {
        PATH: `${join(prefix, "bin")}:/usr/local/bin:/usr/bin:/bin`,
        HOME: home,
        TMPDIR: home,
        LANG: "C.UTF-8",
        // By environment and not by option: pip's own children, which make packages from source, need it too.
        http_proxy: proxy,
        https_proxy: proxy,
        no_proxy: "",
      },
    },
    step.signal,
  );
  if (result.code === 0) return;
  const said = result.stderr
    .split("\n")
    .filter((line) => line.startsWith("ERROR: "))
    .map((line) => line.slice("ERROR: ".length));
  const why =
    mirror.reasons[0] ?? said.at(-1) ?? `it ended with ${result.signal ?? `exit code ${result.code}`}`;
  throw new BuildFailure(
    `pip could not ${what} the pip section of the specification: ${why.replace(/\.$/, "")}. ` +
      "Change the requirements in question; the log above has pip's whole output.",
  );
}
