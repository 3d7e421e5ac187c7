/**
 * How mamba and micromamba 2.x are called: arguments, environment and input files. Every choice has its reason in
 * what mamba does otherwise.
 * @module
 */
import { join } from "node:path";
import type { ChannelAddress, EngineRun, InstallRequest, SolveRequest } from "#core/ports.ts";
import type { AddressedPackage } from "../check-request.ts";

export interface MambaCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Input files below the work directory: path and text. */
  readonly files: Readonly<Record<string, string>>;
  /** Programs below the work directory: path and text. */
  readonly programs?: Readonly<Record<string, string>>;
}

/** `--rc-file` alone keeps every other configuration file out; the sharded index is cached for a day unless told here. */
const RC_FILE = "mambarc.yaml";
const RC = [
  "repodata_shards_ttl: 0",
  "local_repodata_ttl: 0",
  "channel_priority: strict",
  "show_anaconda_channel_warnings: false",
  "",
].join("\n");
/** mamba tells formats by the name: this one must not end in `-lock.yml`, `.yml` or `.json`. */
const LOCK_FILE = "explicit.txt";
/** An empty override removes a virtual package, so that the host's own never shows through. */
const OVERRIDES = {
  __glibc: "CONDA_OVERRIDE_GLIBC",
  __linux: "CONDA_OVERRIDE_LINUX",
  __cuda: "CONDA_OVERRIDE_CUDA",
  __osx: "CONDA_OVERRIDE_OSX",
  __archspec: "CONDA_OVERRIDE_ARCHSPEC",
};

/**
 * Releases up to 2.8.1 cannot be told to leave link scripts alone. They run them by the `bash` that is first on PATH,
 * and need none for anything else here, so for them it is a program that does nothing.
 */
const NO_SCRIPTS = "no-scripts";
const DOES_NOTHING = "#!/bin/sh\nexit 0\n";

export interface SolveCall extends MambaCall {
  /** Where this call leaves the indexes it read. */
  readonly indexCache: string;
}

/** @param specs as checked, with channels by their mirrors. */
export function solveCall(request: SolveRequest, specs: readonly string[], run: EngineRun): SolveCall {
  const packageCache = join(run.home, "pkgs");
  const overrides = Object.entries(OVERRIDES).map(([name, variable]) => [
    variable,
    request.virtualPackages[name] ?? "",
  ]);
  return {
    args: [
      "create",
      "--dry-run",
      "--json",
      "--yes",
      "--rc-file",
      join(run.workDirectory, RC_FILE),
      "--override-channels",
      ...request.channels.flatMap(({ address }) => ["-c", address]),
      "--platform",
      request.platform,
      "-p",
      join(run.workDirectory, "nowhere"),
      "--",
      ...specs,
    ],
    env: {
      ...environment(run, packageCache),
      // Releases up to 2.8.1 keep the solver's explanation out of the JSON, and with `--json` off stderr as well.
      MAMBA_LOG_LEVEL: "error",
      ...Object.fromEntries(overrides),
    },
    files: { [RC_FILE]: RC },
    indexCache: join(packageCache, "cache"),
  };
}

/** @param hasSkipFlag whether this release knows `--skip-run-link-scripts` */
export function installCall(
  request: InstallRequest,
  packages: readonly AddressedPackage[],
  run: EngineRun,
  hasSkipFlag: boolean,
): MambaCall {
  const env = environment(run, request.packageCache);
  return {
    args: [
      "create",
      "--yes",
      "-v",
      "--rc-file",
      join(run.workDirectory, RC_FILE),
      "-p",
      request.prefix,
      ...(hasSkipFlag ? ["--skip-run-link-scripts"] : []),
      "--no-pyc",
      "--file",
      join(run.workDirectory, LOCK_FILE),
      ...(request.targetPrefix === undefined ? [] : ["--relocate-prefix", request.targetPrefix]),
    ],
    env: hasSkipFlag ? env : { ...env, PATH: `${join(run.workDirectory, NO_SCRIPTS)}:${env["PATH"]}` },
    files: { [RC_FILE]: RC, [LOCK_FILE]: explicitLock(packages) },
    ...(hasSkipFlag ? {} : { programs: { [`${NO_SCRIPTS}/bash`]: DOES_NOTHING } }),
  };
}

/** Below its HOME mamba looks for what to show to a host: the mirror's token, which no command line must name. */
export const TOKENS_FILE = ".mamba/auth/authentication.json";
export function tokensFile(token: string, channels: readonly ChannelAddress[]): string {
  const hosts = new Set(channels.map(({ address }) => new URL(address).host));
  return JSON.stringify(Object.fromEntries([...hosts].map((host) => [host, { type: "BearerToken", token }])));
}

/** A HOME of its own: mamba reads credentials, caches shards and lists environments there. */
function environment(run: EngineRun, packageCache: string): Record<string, string> {
  return {
    HOME: run.home,
    TMPDIR: run.home,
    PATH: "/usr/bin:/bin",
    LANG: "C.UTF-8",
    MAMBA_ROOT_PREFIX: join(run.home, "root"),
    CONDA_PKGS_DIRS: packageCache,
  };
}

function explicitLock(packages: readonly AddressedPackage[]): string {
  return ["@EXPLICIT", ...packages.map(({ address, sha256 }) => `${address}#sha256:${sha256}`), ""].join(
    "\n",
  );
}
