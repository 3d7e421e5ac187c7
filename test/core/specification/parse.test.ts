import { describe, expect, it } from "vitest";
import { AppError, type ErrorCode } from "#core/errors.ts";
import { deploymentSettings, type Settings } from "#core/settings/settings.ts";
import { completeSpecification, readSpecification, type Specification } from "#core/specification/parse.ts";

const parse = (
  text: string,
  settings: Partial<Settings> = {},
  allowPrivateHosts: readonly string[] = [],
): Specification =>
  completeSpecification(readSpecification(text).document, {
    settings: { ...deploymentSettings({}), ...settings },
    allowPrivateHosts,
  });

const refusal = (
  text: string,
  settings: Partial<Settings> = {},
): { code: ErrorCode; status: number; message: string } => {
  try {
    parse(text, settings);
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, status: error.status, message: error.message };
    throw error;
  }
  throw new Error("was accepted");
};

const FORGE = "https://conda.anaconda.org/conda-forge";

describe("a specification", () => {
  it("gives a build all it needs", () => {
    const text = `
      name: demo
      channels: [bioconda, https://repo.example.org/conda/team/, bioconda]
      dependencies:
        - python=3.11
        - bioconda::samtools >=1.2
        - https://repo.example.org/conda/team/linux-64/tool-1.0-h1_0.conda
        - pip:
          - --index-url https://pypi.example.org/simple
          - --extra-index-url=https://other.example.org/simple/
          - flask>=2
        - pip:
          - --trusted-host other.example.org:8443
          - wheel @ https://example.org/wheel.whl
      description: For everybody
      variables: {CONDA_OVERRIDE_CUDA: 12.4, DEBUG: true, LEVEL: 3.0}
      prefix: /home/somebody
      dependency: ignored`.replace("12.4", '"12.4"');

    const specification = parse(text);

    expect(specification).toMatchObject({
      name: "demo",
      description: "For everybody",
      channels: ["https://conda.anaconda.org/bioconda", "https://repo.example.org/conda/team"],
      condaSpecs: [
        "python =3.11",
        "https://conda.anaconda.org/bioconda::samtools >=1.2",
        'https://repo.example.org/conda/team::tool ==1.0 h1_0[subdir="linux-64"]',
        "pip",
      ],
      pip: {
        requirements: ["flask>=2", "wheel @ https://example.org/wheel.whl"],
        indexUrl: "https://pypi.example.org/simple",
        extraIndexUrls: ["https://other.example.org/simple/"],
        trustedHosts: ["other.example.org:8443"],
      },
      variables: { CONDA_OVERRIDE_CUDA: "12.4", DEBUG: "1", LEVEL: "3" },
    });
    expect(Object.keys(specification.spec)).toEqual([
      "channels",
      "dependencies",
      "description",
      "name",
      "prefix",
      "variables",
    ]);
    expect(specification.spec.variables).toEqual({ CONDA_OVERRIDE_CUDA: "12.4", DEBUG: 1, LEVEL: 3 });
  });

  it("takes the least there is: a name", () => {
    expect(parse("name: demo")).toMatchObject({
      channels: [FORGE],
      condaSpecs: [],
      spec: {
        channels: ["conda-forge"],
        dependencies: [],
        description: "",
        name: "demo",
        prefix: null,
        variables: null,
      },
    });
  });

  it("hashes what is stored, so settings count", () => {
    const bare = parse("name: demo");

    expect(parse('{"name": "demo", "channels": ["conda-forge"]}').sha256).toBe(bare.sha256);
    expect(parse("name: demo", { conda_included_packages: ["a"] }).sha256).not.toBe(bare.sha256);
  });

  it("tells documents apart that differ in the order of channels, though conda-store's hash does not", () => {
    const one = parse("name: demo\nchannels: [a, b]");
    const other = parse("name: demo\nchannels: [b, a]");

    expect(one.sha256).toBe(other.sha256);
    expect(one.document).not.toBe(other.document);
  });

  it("drops unknown keys, and makes an unknown section an empty pip section, as conda-store does", () => {
    const { spec } = parse("name: demo\nfoo: {bar: 1}\ndependencies: [{foo: [x]}]");

    expect(spec).toEqual({
      channels: ["conda-forge"],
      dependencies: [{ pip: [] }],
      description: "",
      name: "demo",
      prefix: null,
      variables: null,
    });
  });

  it("lets a private host through that is allowed", () => {
    const text =
      "name: demo\nchannels: ['http://127.0.0.1:8000/ch']\ndependencies: ['http://127.0.0.1:8000/ch::x']";

    expect(parse(text, {}, ["127.0.0.1:8000"]).condaSpecs).toEqual(["http://127.0.0.1:8000/ch::x"]);
  });

  it("takes a name of 256 letters, whose build will fail with conda-store's sentence", () => {
    expect(parse(`name: ${"a".repeat(256)}`).name).toHaveLength(256);
  });

  it("does not ask for pip twice", () => {
    expect(parse("name: demo\ndependencies: ['conda-forge::pip>=23', {pip: [x]}]").condaSpecs).toEqual([
      `${FORGE}::pip >=23`,
    ]);
  });

  it("reads `defaults` as conda does and leaves `nodefaults` out", () => {
    expect(parse("name: demo\nchannels: [defaults, nodefaults]").channels).toEqual([
      "https://repo.anaconda.com/pkgs/main",
      "https://repo.anaconda.com/pkgs/r",
    ]);
  });

  it("keeps a key named __proto__ as a key", () => {
    const { spec, variables } = parse("name: demo\nvariables: {__proto__: x}");

    expect(Object.keys(spec.variables ?? {})).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(variables)).toBe(Object.prototype);
  });
});

/** Name, text, words of the message. Every one is 400 with one line for each fault. */
const BAD: readonly (readonly [what: string, text: string, message: string, code?: ErrorCode])[] = [
  ["no YAML", "a: [", "Unable to parse. Invalid YAML: line 1, column 5: "],
  [
    "no text",
    "",
    "Input should be a valid dictionary or object to extract fields from (type=model_attributes_type, loc=())",
  ],
  [
    "a list",
    "- a",
    "Input should be a valid dictionary or object to extract fields from (type=model_attributes_type, loc=())",
  ],
  ["a scalar", "hello", "(type=model_attributes_type, loc=())"],
  ["two documents", "name: a\n---\nname: b", "expected one document"],
  ["5 MB of text", `name: a\ndescription: ${"x".repeat(5_000_000)}`, "the limit is 262144"],
  ["no name", "channels: []", "Field required (type=missing, loc=('name',))"],
  ["a null name", "name: null", "Input should be a valid string (type=string_type, loc=('name',))"],
  ["a number as name", "name: 1.5", "Input should be a valid string (type=string_type, loc=('name',))"],
  ["a date as name", "name: 2024-01-01", "Input should be a valid string (type=string_type, loc=('name',))"],
  [
    "a name with a slash",
    "name: a/b",
    "String should match pattern '^[A-Za-z0-9-+_@$&?^~.=]+$' (type=string_pattern_mismatch, loc=('name',))",
  ],
  ["a name with a space", "name: a b", "(type=string_pattern_mismatch, loc=('name',))"],
  ["a name with a line break", 'name: "a\\n"', "(type=string_pattern_mismatch, loc=('name',))"],
  ["a name with a control character", 'name: "a\\0"', "(type=string_pattern_mismatch, loc=('name',))"],
  ["an empty name", "name: ''", "(type=string_pattern_mismatch, loc=('name',))"],
  ["a name that is ..", "name: ..", 'must not be "." or ".."', "invalid_name"],
  ["a name with ?", "name: a?", 'must not contain "?"', "invalid_name"],
  ["a name of 600 characters", `name: ${"a".repeat(600)}`, "longer than 256", "invalid_name"],
  [
    "null channels",
    "name: a\nchannels: null",
    "Input should be a valid list (type=list_type, loc=('channels',))",
  ],
  [
    "a text as channels",
    "name: a\nchannels: x",
    "Input should be a valid list (type=list_type, loc=('channels',))",
  ],
  [
    "a number as channel",
    "name: a\nchannels: [x, 1]",
    "Input should be a valid string (type=string_type, loc=('channels', 1))",
  ],
  [
    "null dependencies",
    "name: a\ndependencies: null",
    "Input should be a valid list (type=list_type, loc=('dependencies',))",
  ],
  ["a number as dependency", "name: a\ndependencies: [1]", "(type=string_type, loc=('dependencies', 0))"],
  ["null as dependency", "name: a\ndependencies: [null]", "(type=string_type, loc=('dependencies', 0))"],
  ["a list as dependency", "name: a\ndependencies: [[x]]", "(type=string_type, loc=('dependencies', 0))"],
  [
    "null as pip section",
    "name: a\ndependencies: [{pip: null}]",
    "Input should be a valid list (type=list_type, loc=('dependencies', 0, 'pip'))",
  ],
  [
    "a number in a pip section",
    "name: a\ndependencies: [{pip: [1]}]",
    "Input should be a valid string (type=string_type, loc=('dependencies', 0, 'pip', 0))",
  ],
  [
    "a broken match spec",
    "name: a\ndependencies: [x, numpy==]",
    "Invalid conda package dependency specification numpy==: ",
  ],
  [
    "a blank match spec",
    'name: a\ndependencies: [" "]',
    "Invalid conda package dependency specification  : it names no package",
  ],
  ["a star", "name: a\ndependencies: ['*']", '"*" is not the name of a package'],
  ["a flag", "name: a\ndependencies: [--flag]", '"--flag" is not the name of a package'],
  ["a path", "name: a\ndependencies: [../x]", '"../x" is not the name of a package'],
  ["a line break in a dependency", 'name: a\ndependencies: ["x\\ny"]', "has a control character"],
  ["a line break in a channel", 'name: a\nchannels: ["x\\ny"]', "has a control character"],
  [
    "a line break in a requirement",
    'name: a\ndependencies: [{pip: ["x\\n--index-url y"]}]',
    "has a control character",
  ],
  [
    "an editable install",
    "name: a\ndependencies: [{pip: ['-e .']}]",
    'Invalid pypi package dependency "-e ."',
  ],
  [
    "a requirements file",
    "name: a\ndependencies: [{pip: ['-r x.txt']}]",
    'Invalid pypi package dependency "-r x.txt"',
  ],
  [
    "a version control address",
    "name: a\ndependencies: [{pip: ['git+https://x.org/y']}]",
    "Invalid pypi package dependency",
  ],
  ["a local path for pip", "name: a\ndependencies: [{pip: ['./local']}]", "Invalid pypi package dependency"],
  [
    "another pip option",
    "name: a\ndependencies: [{pip: ['--find-links https://x.org']}]",
    "Invalid pip option '--find-links https://x.org' supported options are ['--index-url', '--extra-index-url', '--trusted-host']",
  ],
  ["a pip option without value", "name: a\ndependencies: [{pip: ['--index-url ']}]", "Invalid pip option"],
  [
    "a private index",
    "name: a\ndependencies: [{pip: ['--index-url http://10.0.0.1/simple']}]",
    "private or loopback",
  ],
  [
    "a private extra index",
    "name: a\ndependencies: [{pip: ['--extra-index-url=http://localhost/simple']}]",
    "private or loopback",
  ],
  [
    "a private trusted host",
    "name: a\ndependencies: [{pip: ['--trusted-host 169.254.170.2']}]",
    "private or loopback",
  ],
  [
    "a trusted host that is none",
    "name: a\ndependencies: [{pip: ['--trusted-host a/b']}]",
    "does not name a host",
  ],
  [
    "an index as a file",
    "name: a\ndependencies: [{pip: ['--index-url file:///x']}]",
    "not an http(s) address",
  ],
  [
    "a private wheel",
    "name: a\ndependencies: [{pip: ['x @ http://169.254.170.2/x.whl']}]",
    "private or loopback",
  ],
  [
    "a requirement from version control",
    "name: a\ndependencies: [{pip: ['x @ git+https://x.org/y']}]",
    "not an http(s) address",
  ],
  [
    "a number as description",
    "name: a\ndescription: 1",
    "Input should be a valid string (type=string_type, loc=('description',))",
  ],
  [
    "a number as prefix",
    "name: a\nprefix: 1",
    "Input should be a valid string (type=string_type, loc=('prefix',))",
  ],
  [
    "variables as a list",
    "name: a\nvariables: [1]",
    "Input should be a valid dictionary (type=dict_type, loc=('variables',))",
  ],
  [
    "a fraction as variable",
    "name: a\nvariables: {X: 1.5}",
    "got a number with a fractional part; quote it to have text (type=int_from_float, loc=('variables', 'X'))",
  ],
  ["an infinite variable", "name: a\nvariables: {X: .inf}", "(type=string_type, loc=('variables', 'X'))"],
  [
    "a null variable",
    "name: a\nvariables: {X: null}",
    "Input should be a valid string or integer (type=string_type, loc=('variables', 'X'))",
  ],
  ["an integer too large to keep", "name: a\nvariables: {X: 9007199254740993}", "below 2**53"],
  [
    "a number as a variable's name",
    "name: a\nvariables: {1: x}",
    "Input should be a valid string (type=string_type, loc=('variables', '1', '[key]'))",
  ],
  ["a file as channel", "name: a\nchannels: ['file:///etc']", "The channel file:///etc cannot be used"],
  ["a path as channel", "name: a\nchannels: [/etc]", "The channel /etc cannot be used"],
  ["a path upwards as channel", "name: a\nchannels: [conda-forge/../x]", "cannot be used"],
  ["an empty channel", "name: a\nchannels: ['']", "cannot be used"],
  ["the task's credentials as channel", "name: a\nchannels: ['http://169.254.170.2']", "private or loopback"],
  ["a channel with a password", "name: a\nchannels: ['https://u:hunter2@x.org/y']", "holds credentials"],
  ["a channel with a token", "name: a\nchannels: ['https://x.org/t/hunter2/y']", "holds credentials"],
  ["a channel name with a token", "name: a\nchannels: ['t/hunter2/y']", "holds credentials"],
  [
    "a channel of thousands of letters",
    `name: a\nchannels: [${"x".repeat(5000)}]`,
    "longer than 2000 characters",
  ],
  [
    "a text as version of CUDA",
    'name: a\nvariables: {CONDA_OVERRIDE_CUDA: "12\\0"}',
    "The variable CONDA_OVERRIDE_CUDA is no version such as 12.4",
  ],
  ["a channel with a query", "name: a\nchannels: ['https://x.org/y?z']", "no ? and no #"],
  ["a channel with its platform", `name: a\nchannels: [${FORGE}/osx-64]`, "without the platform"],
  ["no channel left", "name: a\nchannels: [nodefaults]", "No channel is left"],
  [
    "a package of a channel that is not listed",
    "name: a\ndependencies: ['bioconda::x']",
    "names the channel https://conda.anaconda.org/bioconda, which is not listed",
  ],
  [
    "a package by the address of such a channel",
    "name: a\ndependencies: ['https://evil.example/ch::x']",
    "names the channel https://evil.example/ch, which is not listed",
  ],
  ["the same in brackets", "name: a\ndependencies: ['x[channel=bioconda]']", "which is not listed"],
  [
    "a package file of such a channel",
    "name: a\ndependencies: ['https://evil.example/ch/noarch/x-1-0.conda']",
    "which is not listed",
  ],
  [
    "a package of two channels",
    "name: a\nchannels: [defaults]\ndependencies: ['defaults::x']",
    "names no single channel",
  ],
  [
    "another platform",
    "name: a\ndependencies: ['osx-64::x']",
    "for the platform osx-64, but environments are built for linux-64 here",
  ],
  ["another platform in brackets", "name: a\ndependencies: ['x[subdir=win-64]']", "for the platform win-64"],
];

describe("a specification that cannot be built", () => {
  const cases = BAD.map(([what, text, message, code = "invalid_specification"]) => ({
    what,
    text,
    message,
    code,
  }));

  it.each(cases)("with $what is answered with 400 and a clear message", ({ text, message, code }) => {
    const answer = refusal(text);

    expect(answer).toMatchObject({ code, status: 400 });
    expect(answer.message).toContain(message);
    expect(answer.message.split("\n")).toHaveLength(1);
    expect(answer.message.length).toBeLessThan(500);
    expect(answer.message).toMatch(/^[^\p{Cc}]*$/u);
    expect(answer.message).not.toContain("hunter2");
  });

  it.each(["", "http://a", "a"])(
    "because of a row of slashes behind %j is told so at once",
    (start) => {
      const channel = `${start}${"/".repeat(250_000)}x`;
      expect(refusal(`name: a\nchannels: ["${channel}"]`).message).toContain("cannot be used");
      const allowed = { conda_allowed_channels: ["conda-forge"] };
      expect(refusal(`name: a\nchannels: ["${channel}"]`, allowed).code).toBe("setting_violated");
    },
    10_000,
  );

  it("is told all its faults at once, up to twenty", () => {
    const { message } = refusal("channels: 1\ndependencies: [1, 'a==']\nvariables: 3");
    expect(message.split("\n").map((line) => /loc=(.*)\)$/.exec(line)?.[1])).toEqual([
      "('channels',)",
      "('dependencies', 0)",
      "('dependencies', 1)",
      "('name',)",
      "('variables',)",
    ]);

    const many = refusal(`name: a\ndependencies: [${"1,".repeat(50)}]`).message.split("\n");
    expect(many).toHaveLength(21);
    expect(many.at(-1)).toBe("and 30 more");
  });

  it("because of a channel that is not allowed is told so before anything is resolved", () => {
    expect(refusal("name: a\nchannels: [main]", { conda_allowed_channels: ["conda-forge"] })).toMatchObject({
      code: "setting_violated",
      message:
        "Conda channels {'https://conda.anaconda.org/main'} not allowed in specification (setting conda_allowed_channels)",
    });
  });

  it("may still be read for its name, if only the settings are against it", () => {
    const { name, document } = readSpecification("name: a\nchannels: ['http://10.0.0.1/x']");

    expect(name).toBe("a");
    expect(document.channels).toEqual(["http://10.0.0.1/x"]);
  });
});
