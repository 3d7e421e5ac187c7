import { describe, expect, it, test } from "vitest";
import { AppError } from "#core/errors.ts";
import { parseCondaLock } from "#core/lock/parse-conda-lock.ts";
import { deploymentSettings, type Settings } from "#core/settings/settings.ts";
import { LOCKFILE_BYTES_MAX } from "#core/specification/limits.ts";
import { completeLockfile, type LockfileSpecification, readLockfile } from "#core/specification/lockfile.ts";
import { parseYaml } from "#core/specification/yaml.ts";

const FORGE = "https://conda.anaconda.org/conda-forge";
const entry = (name: string, changes: object = {}) => ({
  name,
  version: "1.0",
  manager: "conda",
  platform: "linux-64",
  dependencies: {},
  url: `${FORGE}/linux-64/${name}-1.0-h1_0.conda`,
  hash: { md5: "a".repeat(32), sha256: "b".repeat(64) },
  category: "main",
  optional: false,
  ...changes,
});
const wheel = (name: string, changes: object = {}) =>
  entry(name, {
    manager: "pip",
    url: `https://files.example.org/${name}-1.0-py3-none-any.whl`,
    hash: { sha256: "c".repeat(64) },
    ...changes,
  });
const lockfile = (packages: readonly object[], metadata: object = {}): string =>
  JSON.stringify({
    version: 1,
    metadata: {
      content_hash: { "linux-64": "d".repeat(64) },
      channels: [{ url: "conda-forge", used_env_vars: [] }],
      platforms: ["linux-64"],
      sources: ["environment.yml"],
      ...metadata,
    },
    package: packages,
  });

function accept(text: string, changes: Partial<Settings> = {}, name = "demo"): LockfileSpecification {
  const settings = { ...deploymentSettings({}), ...changes };
  return completeLockfile(readLockfile(parseYaml(text, LOCKFILE_BYTES_MAX), name, "").document, {
    settings,
    allowPrivateHosts: [],
  });
}

function refusal(work: () => unknown): { code: string; message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("was accepted");
}

describe("a lockfile as a specification", () => {
  it("keeps what a package needs, also where that is called as what every object has", () => {
    const needs = { constructor: ">=3", prototype: "", pip: "*" };
    const { spec } = accept(lockfile([entry("a", { dependencies: needs }), entry("constructor")]));
    expect(spec.lockfile.package[0]?.dependencies).toEqual(needs);
    const { packages } = parseCondaLock(spec.lockfile, "linux-64");
    expect(packages.find(({ name }) => name === "a")?.depends).toEqual([
      "constructor >=3",
      "prototype",
      "pip *",
    ]);
  });

  it.each([
    [["pip"], /Input should be a valid dictionary .*'dependencies'\)/],
    [{ pip: 1 }, /Input should be a valid string .*'dependencies', 'pip'\)/],
  ])("says where what a package needs is wrong: %j", (dependencies, says) => {
    expect(refusal(() => accept(lockfile([entry("a", { dependencies })]))).message).toMatch(says);
  });

  it("is kept whole, other platforms included, and what is null is left out", () => {
    const mac = entry("zlib", { platform: "osx-arm64", url: `${FORGE}/osx-arm64/zlib-1.0-h1_0.conda` });
    const { spec } = accept(lockfile([{ ...entry("zlib"), build: null }, mac], { git_metadata: null }));

    expect(spec).toMatchObject({ name: "demo", description: "" });
    expect(spec.lockfile.package).toEqual([entry("zlib"), mac]);
    expect(spec.lockfile.metadata).not.toHaveProperty("git_metadata");
    expect(Object.keys(spec.lockfile)[0]).toBe("version");
  });

  it("may be as large as the limit, and no larger", () => {
    const packages = Array.from({ length: 3500 }, (_, index) => entry(`package-${index}`));
    const text = lockfile(packages);

    expect(text.length).toBeGreaterThan(LOCKFILE_BYTES_MAX / 2);
    expect(accept(text).spec.lockfile.package).toHaveLength(3500);
    const larger = text + " ".repeat(LOCKFILE_BYTES_MAX);
    expect(refusal(() => accept(larger)).message).toMatch(/the limit is 2097152/);
  });

  it("is held to the settings of packages by the names in it", () => {
    const text = lockfile([entry("pip"), entry("ipykernel"), wheel("Flask_App")]);

    expect(() =>
      accept(text, {
        conda_allowed_channels: ["conda-forge"],
        conda_required_packages: ["IPykernel >=6"],
        conda_included_packages: ["ipykernel"],
        pypi_required_packages: ["flask-app"],
        conda_default_packages: ["never-asked"],
      }),
    ).not.toThrow();
  });
});

test.each<[string, () => unknown, string, RegExp]>([
  ["nothing", () => accept(""), "invalid_specification", /valid dictionary .*\('lockfile',\)/],
  ["a scalar", () => accept("words"), "invalid_specification", /valid dictionary/],
  ["a list", () => accept("- a"), "invalid_specification", /valid dictionary/],
  [
    "an environment.yml",
    () => accept("name: x\ndependencies: [y]"),
    "invalid_specification",
    /Field required/,
  ],
  ["no name", () => accept(lockfile([entry("zlib")]), {}, ""), "invalid_name", /environment_name/],
  ["a name with a slash", () => accept(lockfile([entry("zlib")]), {}, "a/b"), "invalid_name", /not allowed/],
  [
    "version 2",
    () => accept(lockfile([entry("zlib")]).replace('"version":1', '"version":2')),
    "invalid_specification",
    /only version 1 .*'lockfile', 'version'/,
  ],
  [
    "a key that conda-lock does not know",
    () => accept(lockfile([entry("zlib", { colour: "blue" })])),
    "invalid_specification",
    /Extra inputs are not permitted .*'package', 0, 'colour'/,
  ],
  [
    "a version that YAML reads as a number",
    () => accept(lockfile([entry("zlib", { version: 1.2 })])),
    "invalid_specification",
    /valid string .*'package', 0, 'version'/,
  ],
  ["no package", () => accept(lockfile([])), "invalid_specification", /no package for linux-64/],
  [
    "another platform only",
    () => accept(lockfile([entry("zlib", { platform: "win-64" })])),
    "invalid_specification",
    /no package for linux-64 .*win-64/,
  ],
  [
    "no sha256",
    () => accept(lockfile([entry("zlib", { hash: { md5: "a".repeat(32) } })])),
    "invalid_specification",
    /no sha256 for zlib/,
  ],
  [
    "a package on the machine",
    () => accept(lockfile([entry("zlib", { url: "file:///tmp/zlib-1.0-h1_0.conda" })])),
    "invalid_specification",
    /package zlib cannot be used.*http\(s\)/,
  ],
  [
    "a package inside the network",
    () => accept(lockfile([entry("zlib", { url: "http://10.0.0.1/c/linux-64/zlib-1.0-h1_0.conda" })])),
    "invalid_specification",
    /10\.0\.0\.1.*private/,
  ],
  [
    "a package inside the network for another platform",
    () =>
      accept(
        lockfile([
          entry("zlib"),
          entry("zlib", { platform: "win-64", url: "http://10.0.0.1/c/win-64/zlib-1.0-h1_0.conda" }),
        ]),
      ),
    "invalid_specification",
    /10\.0\.0\.1.*private/,
  ],
  [
    "credentials",
    () =>
      accept(lockfile([entry("zlib", { url: `https://me:hunter2@a.org/c/linux-64/zlib-1.0-h1_0.conda` })])),
    "invalid_specification",
    /holds credentials/,
  ],
  [
    "a channel's token",
    () =>
      accept(
        lockfile([entry("zlib")], { channels: [{ url: "https://a.org/t/hunter2/c", used_env_vars: [] }] }),
      ),
    "invalid_specification",
    /holds credentials/,
  ],
  [
    "a package of a channel that is not allowed",
    () => accept(lockfile([entry("zlib")]), { conda_allowed_channels: ["bioconda"] }),
    "setting_violated",
    /conda-forge.* not allowed .*setting conda_allowed_channels/,
  ],
  [
    "a package of a channel that is not allowed, under the name of one that is",
    () =>
      accept(lockfile([entry("zlib", { url: "https://evil.example.org/x/linux-64/zlib-1.0-h1_0.conda" })]), {
        conda_allowed_channels: ["conda-forge"],
      }),
    "setting_violated",
    /evil\.example\.org\/x.* not allowed/,
  ],
  [
    "a required package missing",
    () => accept(lockfile([entry("zlib")]), { conda_required_packages: ["ipykernel"] }),
    "setting_violated",
    /'ipykernel'.*required.*setting conda_required_packages/,
  ],
  [
    "an included package missing, which nobody can add to a lock",
    () => accept(lockfile([entry("zlib")]), { conda_included_packages: ["ipykernel"] }),
    "setting_violated",
    /'ipykernel'.*setting conda_included_packages/,
  ],
  [
    "a required pip package there from conda only",
    () => accept(lockfile([entry("flask")]), { pypi_required_packages: ["flask"] }),
    "setting_violated",
    /PyPi packages.*'flask'/,
  ],
])("a lockfile is refused with a sentence: %s", (_, work, code, says) => {
  const refused = refusal(work);
  expect(refused).toEqual({ code, message: expect.stringMatching(says) });
  expect(refused.message).not.toMatch(/hunter2|\[object|undefined/);
  expect(refused.message.length).toBeLessThan(3000);
});
