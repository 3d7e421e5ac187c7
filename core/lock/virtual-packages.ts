/**
 * What a solve may assume of the machines that environments run on, instead of asking the machine it runs on.
 * @module
 */

/** Old enough for what is in use, new enough for what conda-forge builds; `__glibc` 2.28 is RHEL 8's. */
const DEFAULTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "linux-64": { __linux: "5.10", __glibc: "2.28", __archspec: "x86_64" },
  "linux-aarch64": { __linux: "5.10", __glibc: "2.28", __archspec: "aarch64" },
  "osx-64": { __osx: "11.0", __archspec: "x86_64" },
  "osx-arm64": { __osx: "11.0", __archspec: "m1" },
  "win-64": { __win: "0", __archspec: "x86_64" },
};

/**
 * @param settings the operator's; an empty value takes a package away
 * @param variables the specification's `variables`, of which only `CONDA_OVERRIDE_CUDA` counts, as in conda-store
 */
export function virtualPackagesFor(
  platform: string,
  settings: Readonly<Record<string, string>>,
  variables: Readonly<Record<string, string>>,
): Record<string, string> {
  const cuda = variables["CONDA_OVERRIDE_CUDA"];
  const all = { ...DEFAULTS[platform], ...settings, ...(cuda === undefined ? {} : { __cuda: cuda }) };
  return Object.fromEntries(Object.entries(all).filter(([, version]) => version !== ""));
}
