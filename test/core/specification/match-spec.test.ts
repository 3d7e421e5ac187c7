import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatMatchSpec, MatchSpecError, parseMatchSpec } from "#core/specification/match-spec.ts";

const EMPTY = {
  channel: null,
  subdir: null,
  version: null,
  build: null,
  buildNumber: null,
  md5: null,
  sha256: null,
};
const MD5 = "0123456789abcdef0123456789abcdef";
const SHA256 = `${MD5}${MD5}`;

const refusal = (text: string): string => {
  try {
    parseMatchSpec(text);
  } catch (error) {
    if (error instanceof MatchSpecError) return error.message;
    throw error;
  }
  throw new Error("was accepted");
};

describe("parseMatchSpec", () => {
  it.each([
    ["numpy", { name: "numpy" }],
    ["  NumPy  # the arrays", { name: "numpy" }],
    ["_libgcc_mutex", { name: "_libgcc_mutex" }],
    ["__glibc>=2.17", { name: "__glibc", version: ">=2.17" }],
    ["r-base 4.*", { name: "r-base", version: "4.*" }],
    ["python=3.11", { name: "python", version: "=3.11" }],
    ["python = 3.11", { name: "python", version: "=3.11" }],
    ["python ==3.11.4", { name: "python", version: "==3.11.4" }],
    ["python >=3.10,<3.12", { name: "python", version: ">=3.10,<3.12" }],
    ["python >=3.10 , <3.12", { name: "python", version: ">=3.10,<3.12" }],
    ["python 3.10|3.11", { name: "python", version: "3.10|3.11" }],
    ["python !=3.11.0,~=3.11", { name: "python", version: "!=3.11.0,~=3.11" }],
    ["python=3.11.*", { name: "python", version: "=3.11.*" }],
    ["python 3.11*", { name: "python", version: "3.11*" }],
    ["python=*", { name: "python", version: "*" }],
    ["libblas=*=*mkl", { name: "libblas", version: "*", build: "*mkl" }],
    ["blas * openblas", { name: "blas", version: "*", build: "openblas" }],
    ["numpy >=1.2.*", { name: "numpy", version: ">=1.2.*" }],
    ["python >=3.8,<3.11.0a0", { name: "python", version: ">=3.8,<3.11.0a0" }],
    ["python=3.11=*_cpython", { name: "python", version: "==3.11", build: "*_cpython" }],
    ["python 3.11 *_cpython", { name: "python", version: "3.11", build: "*_cpython" }],
    ["python==3.11.4=h1_0_cpython", { name: "python", version: "==3.11.4", build: "h1_0_cpython" }],
    ["pytz 2024a", { name: "pytz", version: "2024a" }],
    ["x 1!2.0", { name: "x", version: "1!2.0" }],
    ["x 1.0+local.1", { name: "x", version: "1.0+local.1" }],
    ["x 1.0-1", { name: "x", version: "1.0-1" }],
    ["openssl 1.1.1_", { name: "openssl", version: "1.1.1_" }],
    ["conda-forge::numpy", { name: "numpy", channel: "conda-forge" }],
    [
      "conda-forge/linux-64::numpy 1.2",
      { name: "numpy", channel: "conda-forge", subdir: "linux-64", version: "1.2" },
    ],
    ["osx-64::numpy", { name: "numpy", subdir: "osx-64" }],
    ["https://host:8080/ch/::numpy", { name: "numpy", channel: "https://host:8080/ch" }],
    ["numpy[version='>=1,<2|3', build=py*]", { name: "numpy", version: ">=1,<2|3", build: "py*" }],
    ['numpy[version="(>=1,<2)|3"]', { name: "numpy", version: "(>=1,<2)|3" }],
    [
      "numpy 1.0[build_number='>=2',subdir=noarch]",
      { name: "numpy", version: "1.0", buildNumber: ">=2", subdir: "noarch" },
    ],
    ["numpy[channel=conda-forge/osx-arm64]", { name: "numpy", channel: "conda-forge", subdir: "osx-arm64" }],
    [`numpy[md5=${MD5},sha256=${SHA256}]`, { name: "numpy", md5: MD5, sha256: SHA256 }],
    [
      `https://host/ch/linux-64/zlib-ng-1.2.13-h1_4.tar.bz2#${MD5}`,
      {
        name: "zlib-ng",
        channel: "https://host/ch",
        subdir: "linux-64",
        version: "==1.2.13",
        build: "h1_4",
        md5: MD5,
      },
    ],
    [
      "http://host/a/b/noarch/tz-2024a-0.conda",
      { name: "tz", channel: "http://host/a/b", subdir: "noarch", version: "==2024a", build: "0" },
    ],
  ])("reads %j", (text, parts) => {
    expect(parseMatchSpec(text)).toEqual({ ...EMPTY, ...parts });
  });

  it.each([
    ["numpy==", "no valid operator"],
    ["numpy=", "no valid operator"],
    ["numpy>=", "no valid operator"],
    ["numpy>>2", "no valid operator"],
    ["numpy===2", "no valid operator"],
    ["numpy=>2", "no valid operator"],
    ["numpy>=2,", "is missing beside"],
    ["numpy 1||2", "is missing beside"],
    ["numpy >=2 <", "has a character"],
    ["numpy>=2 <3", "has a character"],
    ["numpy 1..2", "empty part"],
    ["numpy 1.", "empty part"],
    ["numpy 1!2!3", 'more than one "!"'],
    ["numpy a!2", "epoch"],
    ["numpy 1+2+3", 'more than one "+"'],
    ["numpy ~=1.*", "does not go with"],
    ["numpy 1.*.3", "at the end of a version"],
    ["numpy ^1.*$", "regular expression"],
    ["numpy 1;rm", "has a character"],
    ["numpy 1 a b", "no build string has"],
    ["wil low foo bar baz", "no build string has"],
    [" ", "names no package"],
    ["", "names no package"],
    ["# only a comment", "names no package"],
    ["=1.0", "names no package"],
    [">=3", "names no package"],
    ["::numpy", "no channel"],
    ["/::numpy", "no channel"],
    ["numpy[channel=/]", "channel is empty"],
    ["conda-forge::", "names no package"],
    ["*", "not the name of a package"],
    ["--flag", "not the name of a package"],
    ["-x", "not the name of a package"],
    ["../x", "not the name of a package"],
    ["./x.conda", "only http(s) addresses"],
    ["/etc/x.tar.bz2", "only http(s) addresses"],
    ["file:///ch/linux-64/x-1-0.conda", "only http(s) addresses"],
    ["https://host/x-1-0.conda", "only http(s) addresses"],
    ["https://host/ch/linux-64/x-1.conda", "only http(s) addresses"],
    ["https://host/ch/linux-64/x-1-0.conda#abc", "neither an md5"],
    ["https://", 'no ":"'],
    ["a:b", 'no ":"'],
    ["feature@", "not the name of a package"],
    ["numpy@2", "not the name of a package"],
    ["num;py", "not the name of a package"],
    ["numpy(optional)", "parentheses"],
    ["numpy[version", "not closed"],
    ["numpy[version=1][build=2]", "not a list of key=value"],
    ["numpy[foo=bar]", '"foo" cannot be matched on'],
    ["numpy[url=x]", '"url" cannot be matched on'],
    ["numpy[version=]", "has no value"],
    ["numpy[version]", "not a list of key=value"],
    ["numpy[version=1,version=2]", "twice"],
    ["numpy 1[version=2]", "twice"],
    ["numpy 1 b[build=b]", "twice"],
    ["a::numpy[channel=b]", "twice"],
    ["numpy[subdir=amiga-68k]", "not a platform"],
    ["numpy[md5=xyz]", "md5 is not"],
    ["numpy[sha256=abc]", "sha256 is not"],
    ["numpy[build_number=x]", "build number"],
    ["x".repeat(1001), "longer than 1000"],
  ])("refuses %j: %s", (text, why) => {
    expect(refusal(text)).toContain(why);
  });

  it("ends with a sentence on any text, and reads what it prints as the same", async () => {
    const pieces = fc.constantFrom(
      ..."numpy conda-forge :: : = == >= < ~= != , | * [ ] ( ) 1 .2 1.0 py_0 - _ # ! + version= build=x 'a' linux-64 / https:// .conda".split(
        " ",
      ),
      " ",
    );
    await fc.assert(
      fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
        const text = parts.join("");
        let spec: ReturnType<typeof parseMatchSpec>;
        try {
          spec = parseMatchSpec(text);
        } catch (error) {
          expect(error).toBeInstanceOf(MatchSpecError);
          return;
        }
        const printed = formatMatchSpec(spec, spec.channel);
        expect(formatMatchSpec(parseMatchSpec(printed), spec.channel)).toBe(printed);
      }),
      { numRuns: 5000 },
    );
  });
});

describe("formatMatchSpec", () => {
  it.each([
    ["numpy", "numpy"],
    ["NumPy>=1,<2", "numpy >=1,<2"],
    ["python=3.11=*_cpython", "python ==3.11 *_cpython"],
    ["python=3.11.*=*_cpython", "python 3.11.* *_cpython"],
    ["python=3.11[build=*_cpython]", "python 3.11.* *_cpython"],
    ["python=3.11.*", "python 3.11.*"],
    ["python >=3.8.*,<4.*", "python >=3.8,<4"],
    ["python !=3.8.*,>=3", "python !=3.8.*,>=3"],
    ["libblas=*=*mkl", "libblas * *mkl"],
    ["numpy[build=py*]", 'numpy[build="py*"]'],
    ["conda-forge::numpy=1[subdir=noarch]", 'https://host/ch::numpy =1[subdir="noarch"]'],
  ])("prints %j as %j", (text, printed) => {
    const spec = parseMatchSpec(text);

    expect(formatMatchSpec(spec, spec.channel === null ? null : "https://host/ch")).toBe(printed);
  });
});
