import { describe, expect, it } from "vitest";
import { AppError } from "#core/errors.ts";
import { deploymentSettings, type Settings } from "#core/settings/settings.ts";
import { applySettings } from "#core/specification/apply-settings.ts";
import type { EnvironmentDocument } from "#core/specification/environment.ts";

const document = (parts: Partial<EnvironmentDocument> = {}): EnvironmentDocument => ({
  channels: ["conda-forge"],
  dependencies: ["python"],
  description: "",
  name: "demo",
  prefix: null,
  variables: null,
  ...parts,
});

const apply = (parts: Partial<EnvironmentDocument>, settings: Partial<Settings>): EnvironmentDocument =>
  applySettings(document(parts), { ...deploymentSettings({}), ...settings });

const refusal = (parts: Partial<EnvironmentDocument>, settings: Partial<Settings>): string => {
  try {
    apply(parts, settings);
  } catch (error) {
    if (error instanceof AppError && error.code === "setting_violated") return error.message;
    throw error;
  }
  throw new Error("was accepted");
};

describe("channels", () => {
  it("are the default ones only when the specification names none", () => {
    const settings = { conda_default_channels: ["a", "b"] };

    expect(apply({ channels: [] }, settings).channels).toEqual(["a", "b"]);
    expect(apply({ channels: ["c"] }, settings).channels).toEqual(["c"]);
  });

  it.each([
    ["conda-forge", "conda-forge"],
    ["conda-forge", "https://conda.anaconda.org/conda-forge"],
    ["https://conda.anaconda.org/conda-forge/", "conda-forge"],
    ["https://Conda.Anaconda.org/conda-forge", "conda-forge"],
    ["defaults", "defaults"],
    ["pkgs/main", "defaults"],
    ["nodefaults", "conda-forge"],
  ])("%s is allowed by %s", (channel, allowed) => {
    expect(apply({ channels: [channel] }, { conda_allowed_channels: [allowed] }).channels).toEqual([channel]);
  });

  it("are compared under the alias of the settings", () => {
    const settings = {
      conda_channel_alias: "https://mirror.example/conda/",
      conda_allowed_channels: ["team"],
    };

    expect(apply({ channels: ["https://mirror.example/conda/team"] }, settings).channels).toHaveLength(1);
    expect(refusal({ channels: ["https://conda.anaconda.org/team"] }, settings)).toBe(
      "Conda channels {'https://conda.anaconda.org/team'} not allowed in specification (setting conda_allowed_channels)",
    );
  });

  it("that are not allowed are all named, the default ones included", () => {
    expect(
      refusal({ channels: ["main", "bioconda", "main"] }, { conda_allowed_channels: ["conda-forge"] }),
    ).toBe(
      "Conda channels {'https://conda.anaconda.org/bioconda', 'https://conda.anaconda.org/main'} not allowed in specification (setting conda_allowed_channels)",
    );
    expect(
      refusal({ channels: [] }, { conda_allowed_channels: ["b"], conda_default_channels: ["a"] }),
    ).toContain("/a'} not allowed");
  });
});

describe("packages", () => {
  it("are the default ones only when the specification asks for nothing", () => {
    const settings = { conda_default_packages: ["numpy", "pandas"] };

    expect(apply({ dependencies: [] }, settings).dependencies).toEqual(["numpy", "pandas"]);
    expect(apply({ dependencies: ["x"] }, settings).dependencies).toEqual(["x"]);
    expect(apply({ dependencies: [{ pip: ["x"] }] }, settings).dependencies).toEqual([{ pip: ["x"] }]);
  });

  it("of conda are defaulted although pip's are too", () => {
    const settings = { conda_default_packages: ["python"], pypi_default_packages: ["flask"] };

    expect(apply({ dependencies: [] }, settings).dependencies).toEqual(["python", { pip: ["flask"] }]);
  });

  it("of pip are defaulted into the first section, or into a new one", () => {
    const settings = { pypi_default_packages: ["flask"] };

    expect(apply({ dependencies: [{ pip: [] }, "a"] }, settings).dependencies).toEqual([
      { pip: ["flask"] },
      "a",
    ]);
    expect(apply({ dependencies: ["a"] }, settings).dependencies).toEqual(["a", { pip: ["flask"] }]);
    expect(apply({ dependencies: ["a", { pip: ["b"] }] }, settings).dependencies).toEqual([
      "a",
      { pip: ["b"] },
    ]);
  });

  it("are included unless their name is there, however it is written", () => {
    const settings = {
      conda_included_packages: ["NumPy>=2", "ipykernel"],
      pypi_included_packages: ["Foo_Bar>1", "b"],
    };

    expect(
      apply({ dependencies: ["conda-forge::numpy 1.26", { pip: ["foo.bar"] }, { pip: ["c"] }] }, settings)
        .dependencies,
    ).toEqual(["conda-forge::numpy 1.26", { pip: ["foo.bar", "b"] }, { pip: ["c"] }, "ipykernel"]);
  });

  it("that are required may stand in any pip section, and are satisfied by included ones", () => {
    const dependencies = [
      "python=3.11",
      { pip: ["a"] },
      { pip: ["--index-url https://x.example", "Req-uired"] },
    ];
    const settings = {
      conda_required_packages: ["python", "ipykernel"],
      conda_included_packages: ["ipykernel"],
      pypi_required_packages: ["req_uired"],
    };

    expect(apply({ dependencies }, settings).dependencies).toEqual([...dependencies, "ipykernel"]);
  });

  it("that are required and missing are named", () => {
    expect(refusal({}, { conda_required_packages: ["python", "zlib", "ipykernel>=6"] })).toBe(
      "Conda packages {'ipykernel>=6', 'zlib'} required and missing from specification (setting conda_required_packages)",
    );
    expect(refusal({}, { pypi_required_packages: ["flask"] })).toBe(
      "PyPi packages {'flask'} required and missing from specification (setting pypi_required_packages)",
    );
  });
});

describe("settings", () => {
  it("with a typing error are named as the operator's, not the user's", () => {
    expect(refusal({}, { conda_included_packages: ["numpy=="] })).toMatch(
      /^The setting conda_included_packages holds 'numpy==', .* ask the operator/,
    );
    expect(refusal({}, { pypi_default_packages: ["-e ."] })).toContain(
      "The setting pypi_default_packages holds",
    );
  });

  it("and documents are not changed", () => {
    const given = Object.freeze(
      document({ dependencies: Object.freeze(["python", Object.freeze({ pip: Object.freeze(["a"]) })]) }),
    );
    const settings = Object.freeze({ ...deploymentSettings({}), pypi_included_packages: ["b"] });

    const result = applySettings(given, settings);

    expect(result.dependencies).toEqual(["python", { pip: ["a", "b"] }]);
    expect(given.dependencies).toEqual(["python", { pip: ["a"] }]);
  });
});
