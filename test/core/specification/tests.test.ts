import { describe, expect, it, test } from "vitest";
import { AppError } from "#core/errors.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { TESTS_MAX } from "#core/specification/limits.ts";
import { completeSpecification, readSpecification, type Specification } from "#core/specification/parse.ts";

const HASH = "0123456789abcdef".repeat(4);
const PLAIN = "name: demo\nchannels: [conda-forge]\ndependencies: [python=3.11, numpy]\n";

const specificationOf = (text: string, allowPrivateHosts: readonly string[] = []): Specification =>
  completeSpecification(readSpecification(text).document, {
    settings: deploymentSettings({}),
    allowPrivateHosts,
  });
const parse = (tests: string, allowPrivateHosts?: readonly string[]): Specification =>
  specificationOf(`${PLAIN}tests: ${tests}\n`, allowPrivateHosts);

const notebook = (changes: object = {}): string =>
  JSON.stringify({
    cells: [{ cell_type: "code", source: ["1 + 1"], metadata: {}, outputs: [], execution_count: null }],
    metadata: {},
    nbformat: 4,
    nbformat_minor: 5,
    ...changes,
  });

describe("tests of a specification", () => {
  it("stay in the document, in the user's order", () => {
    const ipynb = notebook();
    const { tests, spec } = parse(`
      imports: [numpy.linalg, über]
      commands:
        - python -c "import numpy"
        - |
          true
          test -x bin/python
      notebooks:
        - ipynb: ${JSON.stringify(ipynb)}
        - url: https://example.org/a.ipynb
          sha256: "${HASH.toUpperCase()}"`);

    expect(tests).toEqual({
      imports: ["numpy.linalg", "über"],
      commands: ['python -c "import numpy"', "true\ntest -x bin/python\n"],
      notebooks: [{ ipynb }, { url: "https://example.org/a.ipynb", sha256: HASH }],
    });
    expect(spec.tests).toEqual(tests);
  });

  it("take a notebook whose file is indented below its key", () => {
    const lines = JSON.stringify(JSON.parse(notebook()), null, 1).split("\n");
    const { tests } = parse(`
      notebooks:
        - ipynb: |
${lines.map((line) => `            ${line}`).join("\n")}`);

    expect(tests?.notebooks).toEqual([{ ipynb: `${lines.join("\n")}\n` }]);
  });

  it.each(["null", "{}", "{imports: []}", "{imports: null, commands: [], notebooks: []}"])(
    "that ask for nothing, %s, leave conda-store's hash as it is",
    (nothing) => {
      const { sha256, spec, tests } = parse(nothing);

      expect(sha256).toBe("da2cdf792347644a9f1b875d92d087640333e5029814bf887aa2fc761fe8f07d");
      expect(tests).toBeNull();
      expect(spec).not.toHaveProperty("tests");
    },
  );

  it("change the hash, and other tests change it again", () => {
    const hashes = ["null", "{imports: [numpy]}", "{imports: [os]}", "{commands: [numpy]}"].map(
      (tests) => parse(tests).sha256,
    );

    expect(new Set(hashes).size).toBe(4);
  });

  it("may name a notebook on a private host that the operator allows, also by http", () => {
    const link = `{notebooks: [{url: "http://127.0.0.1:8081/a.ipynb", sha256: "${HASH}"}]}`;

    expect(parse(link, ["127.0.0.1:8081"]).tests?.notebooks).toHaveLength(1);
    expect(() => parse(link)).toThrow(/127\.0\.0\.1.*private/);
  });

  it("survive being read again from the stored document", () => {
    const first = parse(`{imports: [os], notebooks: [{ipynb: ${JSON.stringify(notebook())}}]}`);
    const again = specificationOf(JSON.stringify(first.spec));

    expect(again.sha256).toBe(first.sha256);
    expect(again.tests).toEqual(first.tests);
  });
});

const link = (url: string, sha256: unknown = HASH): string =>
  JSON.stringify({ notebooks: [{ url, sha256 }] });

test.each<[string, string, RegExp]>([
  ["a text", "numpy", /mapping with imports, commands or notebooks .*loc=\('tests',\)/],
  ["a list", "[numpy]", /mapping with imports/],
  ["a key with a typing error", "{import: [numpy]}", /use imports, commands, notebooks .*'import'/],
  ["a key that is no text", "{1: [numpy]}", /use imports, commands, notebooks/],
  ["imports that are a text", "{imports: numpy}", /valid list .*\('tests', 'imports'\)/],
  ["an import that is a number", "{imports: [1]}", /valid string .*\('tests', 'imports', 0\)/],
  ["an import with a space", '{imports: ["import numpy"]}', /not the name of a Python module/],
  ["an import that is code", '{imports: ["os; print(1)"]}', /not the name of a Python module/],
  ["an import of a package's name", "{imports: [scikit-learn]}", /not the name of a Python module/],
  ["an import without end", `{imports: [${"a".repeat(300)}]}`, /not the name of a Python module/],
  ["an empty command", '{commands: [" "]}', /empty command .*\('tests', 'commands', 0\)/],
  ["a command with a NUL", '{commands: ["a\\0b"]}', /NUL/],
  ["a command without end", `{commands: ["${"x".repeat(5000)}"]}`, /at most 4096/],
  ["a command that is a mapping", "{commands: [{run: x}]}", /valid string/],
  [
    "too many commands",
    `{commands: [${Array(TESTS_MAX + 1)
      .fill("x")
      .join(", ")}]}`,
    /at most 100/,
  ],
  ["a notebook that is a text", "{notebooks: [a.ipynb]}", /either ipynb, or url and sha256/],
  ["a notebook of both kinds", '{notebooks: [{ipynb: "{}", url: x}]}', /either ipynb/],
  ["a notebook of neither kind", "{notebooks: [{}]}", /either ipynb/],
  ["a notebook with another key", link("https://a.org/x").replace("}", ',"kernel":1}'), /use url, sha256/],
  ["a notebook that is not JSON", "{notebooks: [{ipynb: words}]}", /not JSON/],
  ["a notebook pasted as YAML", "{notebooks: [{ipynb: {cells: []}}]}", /ipynb: \|/],
  [
    "a notebook of format 3",
    `{notebooks: [{ipynb: ${JSON.stringify(notebook({ nbformat: 3 }))}}]}`,
    /format 4/,
  ],
  [
    "a notebook whose cells are none",
    `{notebooks: [{ipynb: ${JSON.stringify(notebook({ cells: [1] }))}}]}`,
    /format 4/,
  ],
  ["a notebook by an address without a hash", "{notebooks: [{url: https://a.org/x}]}", /needs its sha256/],
  ["a hash that is too short", link("https://a.org/x", "abc"), /needs its sha256/],
  [
    "a hash that YAML reads as a number",
    `{notebooks: [{url: https://a.org/x, sha256: ${"1".repeat(64)}}]}`,
    /quoted/,
  ],
  ["an address without encryption", link("http://a.org/x"), /not encrypted/],
  ["an address that is a file", link("file:///etc/passwd"), /http\(s\)/],
  ["an address at the credentials", link("https://169.254.170.2/v2"), /private/],
  ["an address with a password", link("https://me:pw@a.org/x"), /credentials/],
])("tests are refused: %s", (_, tests, says) => {
  let refusal: unknown;
  try {
    parse(tests);
  } catch (error) {
    refusal = error;
  }
  expect(refusal).toBeInstanceOf(AppError);
  expect(refusal).toMatchObject({ code: "invalid_specification", message: expect.stringMatching(says) });
  expect((refusal as AppError).message).not.toContain("pw@");
});
