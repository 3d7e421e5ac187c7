import { describe, expect, it } from "vitest";
import { parsePipReport } from "#core/lock/pip-report.ts";

const sha256 = "a".repeat(64);
const entry = (changes: object = {}, metadata: object = {}) => ({
  download_info: {
    url: "https://example.org/Tiny_App-1.0.whl#sha256=x",
    archive_info: { hashes: { sha256 } },
    ...changes,
  },
  metadata: { name: "Tiny_App", version: "1.0", ...metadata },
  is_direct: false,
});

describe("what pip reports", () => {
  it("becomes packages pinned by address and hash, under their normal names", () => {
    const requires_dist = [
      "Numpy<3, >=1.21 ; python_version > '3'",
      "absent ; extra == 'more'",
      "not a requirement !",
    ];
    expect(parsePipReport({ version: "1", install: [entry({}, { requires_dist })] })).toEqual([
      {
        name: "tiny-app",
        version: "1.0",
        url: "https://example.org/Tiny_App-1.0.whl",
        sha256,
        depends: ["numpy <3,>=1.21"],
      },
    ]);
  });

  it("may be nothing, when conda's packages are enough", () => {
    expect(parsePipReport({ install: [] })).toEqual([]);
  });

  it("may give the hash as older pips do", () => {
    const archive_info = { hash: `sha256=${sha256}` };
    expect(parsePipReport({ install: [entry({ archive_info })] })[0]?.sha256).toBe(sha256);
  });

  it.each([
    ["a folder", { url: "file:///srv/tiny", archive_info: null }],
    ["a repository", { url: "https://example.org/tiny.git", archive_info: null, vcs_info: { vcs: "git" } }],
    ["a file with a weak hash", { archive_info: { hash: "md5=abc" } }],
  ])("is refused for %s, naming the package", (_what, from) => {
    expect(() => parsePipReport({ install: [entry(from)] })).toThrow(
      /pip package tiny-app 1\.0 .*cannot be locked/,
    );
  });
});
