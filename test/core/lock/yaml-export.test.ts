import { load } from "js-yaml";
import { expect, it } from "vitest";
import type { Lock, LockedPackage } from "#core/lock/lock.ts";
import { virtualPackagesFor } from "#core/lock/virtual-packages.ts";
import { renderYamlExport } from "#core/lock/yaml-export.ts";

const conda = (name: string): LockedPackage => ({
  name,
  version: "1.10",
  build: "h1_0",
  buildNumber: 0,
  subdir: "linux-64",
  channel: "https://conda.anaconda.org/conda-forge",
  url: `https://conda.anaconda.org/conda-forge/linux-64/${name}-1.10-h1_0.conda`,
  fileName: `${name}-1.10-h1_0.conda`,
  sha256: "a".repeat(64),
  md5: null,
  sizeBytes: 1,
  depends: [],
  constrains: [],
  license: null,
  timestamp: null,
});
const lock: Lock = {
  platform: "linux-64",
  channels: ["https://conda.anaconda.org/conda-forge", "https://example.org/own"],
  virtualPackages: {},
  packages: [conda("zlib"), conda("python")],
  pipPackages: [],
};

it("lists every package with version and build, channels by name where they have one, and no path", () => {
  const text = renderYamlExport(lock, "demo", "https://conda.anaconda.org/");
  expect(load(text)).toEqual({
    channels: ["conda-forge", "https://example.org/own"],
    dependencies: ["python=1.10=h1_0", "zlib=1.10=h1_0"],
    name: "demo",
  });
});

it("has pip's packages in a section of their own", () => {
  const pip = {
    name: "flask",
    version: "3.0",
    url: "https://example.org/f",
    sha256: "b".repeat(64),
    depends: [],
  };
  const text = renderYamlExport({ ...lock, pipPackages: [pip] }, "demo", "https://conda.anaconda.org");
  expect(load(text)).toMatchObject({
    dependencies: ["python=1.10=h1_0", "zlib=1.10=h1_0", { pip: ["flask==3.0"] }],
  });
});

it("solves assume what settings and the one known variable say, over the platform's defaults", () => {
  expect(virtualPackagesFor("linux-64", {}, {})).toEqual({
    __linux: "5.10",
    __glibc: "2.28",
    __archspec: "x86_64",
  });
  expect(
    virtualPackagesFor(
      "linux-64",
      { __glibc: "2.17", __archspec: "" },
      { CONDA_OVERRIDE_CUDA: "12.4", OTHER: "x" },
    ),
  ).toEqual({ __linux: "5.10", __glibc: "2.17", __cuda: "12.4" });
});
