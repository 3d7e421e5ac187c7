import * as fc from "fast-check";
import { describe, expect, it, test } from "vitest";
import { AppError } from "#core/errors.ts";
import type { EnvironmentDocument } from "#core/specification/environment.ts";
import type { SpecificationFile } from "#core/specification/files.ts";
import { mergeFiles } from "#core/specification/merge.ts";
import { readSpecification } from "#core/specification/parse.ts";

type Files = Readonly<Record<string, string>>;

const merge = (files: Files, name = ""): EnvironmentDocument =>
  mergeFiles(
    Object.entries(files).map(([file, content]) => ({ name: file, content })),
    name,
    "",
  ).document;

const refusal = (work: () => unknown): { code: string; message: string } => {
  try {
    work();
  } catch (error) {
    if (error instanceof AppError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("was accepted");
};

describe("files that are merged", () => {
  it("join what all missions share with a mission's own, in their order", () => {
    const files: SpecificationFile[] = [
      {
        name: "common.yml",
        content: `
channels: [conda-forge]
dependencies:
  - python =3.11
  - numpy
  - pip:
      - --index-url https://pypi.example.org/simple
      - flask
variables: {MODE: fast}
tests: {imports: [numpy]}
`,
      },
      {
        name: "mission.txt",
        content: "# of this mission\nnumpy >=1.26  # enough\nscipy\r\n\n",
        format: "conda",
      },
      {
        name: "requirements.txt",
        content: "flask>=2 ; \\\n  python_version > '3'\n-i https://pypi.example.org/simple\nrich\n",
      },
      {
        name: "mission.yaml",
        content:
          "name: mission\nchannels: [bioconda, conda-forge]\ndescription: Ours\ntests: {imports: [scipy, numpy]}\n",
      },
    ];

    // What all share comes first, and this file says that it should not.
    expect(refusal(() => mergeFiles(files, "", "")).message).toMatch(/order of the channels/);
    const last = files[3];
    if (!last) throw new Error("no file");
    const turned = [
      ...files.slice(0, 3),
      { ...last, content: last.content.replace("[bioconda, conda-forge]", "[conda-forge, bioconda]") },
    ];
    expect(mergeFiles(turned, "", "").document).toEqual({
      name: "mission",
      channels: ["conda-forge", "bioconda"],
      dependencies: [
        "python =3.11",
        "numpy >=1.26",
        "scipy",
        {
          pip: ["--index-url https://pypi.example.org/simple", "flask>=2 ;    python_version > '3'", "rich"],
        },
      ],
      description: "Ours",
      prefix: null,
      variables: { MODE: "fast" },
      tests: { imports: ["numpy", "scipy"], commands: [], notebooks: [] },
    });
  });

  it("give one file alone what posting it gives, but for its prefix", () => {
    const text =
      "name: demo\nchannels: [b, a]\ndependencies: [python, numpy>=1, numpy<3, {pip: [flask, flask]}]\n";

    expect(merge({ "environment.yml": text })).toEqual(readSpecification(text).document);
  });

  it("take the name and description that are given before any file's", () => {
    const files = [
      { name: "a.yml", content: "name: a\ndescription: of a" },
      { name: "b.yml", content: "name: b" },
    ];

    expect(mergeFiles(files, "c", "of c").document).toMatchObject({ name: "c", description: "of c" });
  });

  it("keep constraints that can hold together, for the solver to hold both", () => {
    const document = merge({
      "a.yml": "name: x\ndependencies: ['python >=3.10']",
      "b.yml": "dependencies: ['python <3.13', 'python =3.11']",
    });

    expect(document.dependencies).toEqual(["python >=3.10", "python <3.13", "python =3.11"]);
  });
});

const disagree = (a: string, b: string): string => {
  const files = { "common.yml": `name: x\n${a}\n`, "mission.yml": `# mine\n${b}\n` };
  return refusal(() => merge(files)).message;
};
const wants = (...specs: string[]): string =>
  `dependencies:\n${specs.map((spec) => `  - ${spec}`).join("\n")}`;
const pip = (...entries: string[]): string => wants(`pip: ${JSON.stringify(entries)}`);

test.each<[string, string, string, RegExp]>([
  [
    "versions",
    wants("python =3.11"),
    wants("scipy", "python =3.12"),
    /python: common\.yml line 3 has python =3\.11, mission\.yml line 4 has python =3\.12/,
  ],
  ["a bound and a version", wants("python >=3.12"), wants("python 3.11.*"), /disagree on python/],
  ["two bounds", wants("numpy >=2"), wants("numpy <2"), /disagree on numpy/],
  ["exact versions", wants("numpy ==1.26.4"), wants("numpy ==1.26.5"), /disagree on numpy/],
  ["a compatible release", wants("numpy ~=1.26"), wants("numpy >=2"), /disagree on numpy/],
  [
    "where from",
    `channels: [a, b]\n${wants("a::numpy")}`,
    `channels: [a, b]\n${wants("b::numpy")}`,
    /disagree on numpy/,
  ],
  ["pip's versions", pip("flask==2.0"), pip("Flask==3.0"), /disagree on flask/],
  ["pip's addresses", pip("x @ https://a.org/x.whl"), pip("x @ https://b.org/x.whl"), /disagree on x/],
  [
    "pip's index",
    pip("--index-url https://a.org/s"),
    pip("--index-url=https://b.org/s"),
    /disagree on --index-url/,
  ],
  [
    "a variable",
    "variables: {A: 1}",
    "variables: {A: 2}",
    /the variable A: common\.yml has A: 1, mission\.yml has A: 2/,
  ],
  ["a variable's type", "variables: {A: 1}", "variables: {A: '1'}", /the variable A/],
  [
    "the order of channels",
    "channels: [a, b]",
    "channels: [b, a]",
    /the order of the channels b and a: common\.yml line 2 has a/,
  ],
  [
    "the name",
    "",
    "name: y",
    /the name \(or give environment_name\): common\.yml line 1 has x, mission\.yml line 2 has y/,
  ],
])("files that disagree on %s are refused with both places", (_, a, b, says) => {
  expect(disagree(a, b)).toMatch(says);
  expect(disagree(a, b)).toMatch(/^The files disagree on .*common\.yml.*mission\.yml.*\nChange one of them$/);
});

test.each<[string, string, string]>([
  ["a bare name", wants("python"), wants("python =3.12")],
  ["the same in other words", wants("numpy>=1"), wants('"numpy >=1"')],
  ["bounds that overlap", wants("numpy >=1.20"), wants("numpy <2,>=1.26")],
  ["a version that begins like the other", wants("python =3.11"), wants("python =3.11.4")],
  ["a version that is the other with a zero", wants("numpy ==1.26"), wants("numpy ==1.26.0")],
  ["versions that are not numbers alone", wants("openssl ==1.1.1w"), wants("openssl ==1.1.1v")],
  ["alternatives", wants('"numpy =1|=2"'), wants("numpy =2")],
  ["a marker", pip("flask==2; python_version<'3'"), pip("flask==3")],
  ["extras", pip("flask[async]"), pip("flask==3")],
  ["extra indexes", pip("--extra-index-url https://a.org"), pip("--extra-index-url https://b.org")],
  ["different variables", "variables: {A: 1}", "variables: {B: 2}"],
  ["channels of which no two are in both", "channels: [a, b]", "channels: [b, c]"],
])("files may differ in %s", (_, a, b) => {
  expect(() => merge({ "common.yml": `name: x\n${a}\n`, "mission.yml": `${b}\n` })).not.toThrow();
});

const list = (content: string, format: SpecificationFile["format"], name = "list.txt") =>
  refusal(() =>
    mergeFiles(
      [
        { name: "a.yml", content: "name: x" },
        { name, content, format },
      ],
      "",
      "",
    ),
  );

test.each<[string, () => { code: string; message: string }, string, RegExp]>([
  [
    "no name at all",
    () => refusal(() => merge({ "a.yml": "dependencies: [x]" })),
    "invalid_name",
    /environment_name/,
  ],
  ["a name that is none", () => refusal(() => merge({ "a.yml": "name: .." })), "invalid_name", /must not be/],
  [
    "a file twice",
    () =>
      refusal(() =>
        mergeFiles(
          [
            { name: "a", content: "" },
            { name: "a", content: "" },
          ],
          "x",
          "",
        ),
      ),
    "invalid_specification",
    /Two files are named a/,
  ],
  [
    "a name that says nothing",
    () => list("x", undefined, "notes.txt"),
    "invalid_specification",
    /^notes\.txt: .*give format, one of environment, conda, pip/,
  ],
  [
    "YAML that is none",
    () => refusal(() => merge({ "a.yml": "name: [" })),
    "invalid_specification",
    /^a\.yml: .*Invalid YAML: line 1/,
  ],
  [
    "an empty file",
    () => refusal(() => merge({ "a.yml": "" }, "x")),
    "invalid_specification",
    /^a\.yml: .*valid dictionary/,
  ],
  [
    "a fault in one of them",
    () => refusal(() => merge({ "a.yml": "name: x", "b.yml": "dependencies: [3]" })),
    "invalid_specification",
    /^b\.yml: .*'dependencies', 0/,
  ],
  [
    "a line that is no match spec",
    () => list("python\nnumpy==\n", "conda"),
    "invalid_specification",
    /^list\.txt line 2: numpy== is no conda package/,
  ],
  [
    "an explicit list",
    () => list("# made by conda\n@EXPLICIT\nhttps://a.org/c/noarch/x-1-0.conda\n", "conda"),
    "invalid_specification",
    /line 2: .*lockfile/,
  ],
  [
    "another file asked for",
    () => list("flask\n-r other.txt\n", "pip"),
    "invalid_specification",
    /line 2: .*-r other\.txt/,
  ],
  ["a constraints file", () => list("-c constraints.txt\n", "pip"), "invalid_specification", /line 1: /],
  [
    "an option of pip's that is not taken",
    () => list("--no-binary :all:\n", "pip"),
    "invalid_specification",
    /--no-binary.*supported options/,
  ],
  [
    "a hash",
    () => list("flask==2 \\\n  --hash=sha256:abc\n", "pip"),
    "invalid_specification",
    /line 1: .*take --hash out/,
  ],
  ["a local directory", () => list("-e .\n", "pip"), "invalid_specification", /line 1: /],
  ["a control character", () => list("py\u0007thon\n", "conda"), "invalid_specification", /line 1: /],
])("files are refused with a place: %s", (_, work, code, says) => {
  const refused = work();
  expect(refused).toEqual({ code, message: expect.stringMatching(says) });
  expect(refused.message).not.toMatch(/\[object|undefined/);
});

describe("merging", () => {
  const name = fc.constantFrom("a", "b", "c", "d", "e");
  const part = fc.record({
    channels: fc.uniqueArray(name, { maxLength: 4 }),
    dependencies: fc.uniqueArray(name, { maxLength: 4 }),
    pip: fc.uniqueArray(name, { maxLength: 3 }),
  });
  type Part = typeof part extends fc.Arbitrary<infer T> ? T : never;
  const text = ({ channels, dependencies, pip: entries }: Part): string =>
    JSON.stringify({ name: "x", channels, dependencies: [...dependencies, { pip: entries }] });
  const mergeAll = (...texts: string[]): EnvironmentDocument | null => {
    try {
      return merge(Object.fromEntries(texts.map((each, index) => [`${index}.json`, each])));
    } catch (error) {
      expect(error).toBeInstanceOf(AppError);
      return null;
    }
  };

  it("a file with itself gives itself", () => {
    fc.assert(
      fc.property(part, (each) => {
        expect(mergeAll(text(each), text(each))).toEqual(mergeAll(text(each)));
      }),
    );
  });

  it("in parts gives the same as all at once, where the parts agree", () => {
    fc.assert(
      fc.property(part, part, part, (a, b, c) => {
        const whole = mergeAll(text(a), text(b), text(c));
        const left = mergeAll(text(a), text(b));
        const right = mergeAll(text(b), text(c));
        const nested = [
          left && mergeAll(JSON.stringify(left), text(c)),
          right && mergeAll(text(a), JSON.stringify(right)),
        ];
        for (const each of nested) if (whole && each) expect(each).toEqual(whole);
      }),
    );
  });

  it("keeps each file's order of channels, or says that it cannot", () => {
    fc.assert(
      fc.property(fc.array(part, { minLength: 1, maxLength: 4 }), (parts) => {
        const channels = mergeAll(...parts.map(text))?.channels;
        const keeps = (own: readonly string[], all: readonly string[]): boolean =>
          own.every((each, index) => index === 0 || all.indexOf(own[index - 1] ?? "") < all.indexOf(each));
        const joined = [...new Set(parts.flatMap((each) => each.channels))];
        const agree = parts.every((each) => keeps(each.channels, joined));
        if (agree) expect(channels).toEqual(joined);
        else expect(channels).toBeUndefined();
      }),
    );
  });

  it("takes time in proportion to the files, also to files made to be slow", () => {
    const cpuOf = (size: number): number => {
      const many = Array.from({ length: size }, (_, index) => `a>${index}`).join("\n");
      const escaped = Array.from({ length: size / 4 }, (_, index) => `"\\u0061${index}"`).join(",\n");
      const files: SpecificationFile[] = [
        { name: "a.txt", content: `${"a\n".repeat(size)}${many}`, format: "conda" },
        { name: "b.txt", content: many, format: "conda" },
        { name: "c.json", content: `{"name": "x", "dependencies": [${escaped}]}` },
      ];
      const started = process.cpuUsage();
      mergeFiles(files, "", "");
      return process.cpuUsage(started).user;
    };
    cpuOf(1000);
    // Eight times as much is sixty-four times the work for who looks at each with each.
    expect(cpuOf(24_000) / cpuOf(3000)).toBeLessThan(30);
  });
});
