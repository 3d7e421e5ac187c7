/**
 * Files that together are one specification: reading each, with the lines on which things stand.
 * @module
 */
import { AppError } from "#core/errors.ts";
import { type EnvironmentDocument, normaliseEnvironment } from "./environment.ts";
import { excerpt } from "./faults.ts";
import { FILE_FORMATS, type FileFormat } from "./limits.ts";
import { MatchSpecError, parseMatchSpec } from "./match-spec.ts";
import { PipEntryError, parsePipEntry } from "./pip-entry.ts";
import { parseYaml } from "./yaml.ts";

export interface SpecificationFile {
  /** For messages, and for what the file is when `format` does not say it. */
  readonly name: string;
  readonly content: string;
  readonly format?: FileFormat | null | undefined;
}

/** An entry, and where it stands. */
export interface Located {
  readonly text: string;
  readonly file: string;
  /** From 1; null where the text is not to be found as it is. */
  readonly line: number | null;
}

/** What a file contributes. */
export interface FilePart {
  readonly file: string;
  readonly channels: readonly Located[];
  readonly conda: readonly Located[];
  readonly pip: readonly Located[];
  /** Null where a file has no name of its own. */
  readonly name: Located | null;
  readonly description: string;
  readonly variables: Readonly<Record<string, string | number>>;
  readonly tests: EnvironmentDocument["tests"];
}

/** `common.yml line 4`. */
export const placeOf = ({ file, line }: Pick<Located, "file" | "line">): string =>
  line === null ? excerpt(file) : `${excerpt(file)} line ${line}`;

function refuse(where: Pick<Located, "file" | "line">, why: string): never {
  throw new AppError("invalid_specification", `${placeOf(where)}: ${why}`);
}

/** `environment.yml`, `requirements-dev.txt`; other names do not say what they are. */
function formatOf({ name, format }: SpecificationFile): FileFormat {
  if (format) return format;
  const base = name.slice(name.lastIndexOf("/") + 1).toLowerCase();
  if (/\.(?:ya?ml|json)$/.test(base)) return "environment";
  if (/^requirements.*\.txt$/.test(base)) return "pip";
  return refuse(
    { file: name, line: null },
    `the name does not say what it is: give format, one of ${FILE_FORMATS.join(", ")}`,
  );
}

/** Lines looked at before giving up: entries that are not written as they read must not cost a search each. */
const LOOKS_MAX = 100_000;

function holds(line: string, text: string): boolean {
  if (text === "" || /^\s*#/.test(line)) return false;
  for (let at = line.indexOf(text); at !== -1; at = line.indexOf(text, at + 1))
    if (!/[\w.-]/.test(line.charAt(at - 1)) && !/[\w.-]/.test(line.charAt(at + text.length))) return true;
  return false;
}

/** Finds the lines of entries, each from where the one before was found. */
function lineFinder(content: string, file: string): (text: string) => Located {
  const lines = content.split("\n");
  let looks = 0;
  let last = -1;
  return (text) => {
    for (let step = 1; step <= lines.length && looks < LOOKS_MAX; step++) {
      looks += 1;
      const index = (last + step) % lines.length;
      if (!holds(lines[index] ?? "", text)) continue;
      // The next one may stand on the same line.
      last = index - 1;
      return { text, file, line: index + 1 };
    }
    return { text, file, line: null };
  };
}

function readEnvironment({ name: file, content }: SpecificationFile): FilePart {
  try {
    const value = parseYaml(content);
    const hasName = value instanceof Map && value.has("name");
    const document = normaliseEnvironment(
      hasName || !(value instanceof Map) ? value : value.set("name", "_"),
    );
    const locate = lineFinder(content, file);
    const conda = document.dependencies.filter((each) => typeof each === "string");
    const pip = document.dependencies.flatMap((each) => (typeof each === "string" ? [] : each.pip));
    return {
      file,
      name: hasName ? locate(document.name) : null,
      channels: document.channels.map(lineFinder(content, file)),
      conda: conda.map(lineFinder(content, file)),
      pip: pip.map(lineFinder(content, file)),
      description: document.description ?? "",
      variables: document.variables ?? {},
      tests: document.tests,
    };
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    throw new AppError(error.code, `${excerpt(file)}: ${error.message}`);
  }
}

const EMPTY = {
  channels: [],
  conda: [],
  pip: [],
  name: null,
  description: "",
  variables: {},
  tests: undefined,
};

/** The list that `conda create --file` takes: a match spec a line. */
function readCondaList({ name: file, content }: SpecificationFile): FilePart {
  const conda = content.split("\n").flatMap((raw, index): Located[] => {
    const text = raw.replace(/(?:^|\s)#.*$/, "").trim();
    if (text === "") return [];
    const located = { text, file, line: index + 1 };
    if (text === "@EXPLICIT")
      refuse(located, "this is a list of exact packages: post a lockfile of conda-lock instead");
    try {
      parseMatchSpec(text);
    } catch (error) {
      if (!(error instanceof MatchSpecError)) throw error;
      refuse(located, `${excerpt(text)} is no conda package: ${error.message}`);
    }
    return [located];
  });
  return { ...EMPTY, file, conda };
}

/** A requirements.txt: requirements, and of pip's options those that a `pip:` section may have. */
function readRequirements({ name: file, content }: SpecificationFile): FilePart {
  const pip: Located[] = [];
  let joined = "";
  let start = 1;
  for (const [index, raw] of content.split("\n").entries()) {
    if (joined === "") start = index + 1;
    const line = raw.replace(/\r$/, "");
    if (line.endsWith("\\")) {
      joined += `${line.slice(0, -1)} `;
      continue;
    }
    const text = (joined + line)
      .replace(/(?:^|\s)#.*$/, "")
      .trim()
      .replace(/^-i\s+/, "--index-url ");
    joined = "";
    if (text === "") continue;
    const located = { text, file, line: start };
    if (/\s--hash[=\s]/.test(text))
      refuse(located, "hashes of single files are made by the build itself: take --hash out");
    try {
      parsePipEntry(text);
    } catch (error) {
      if (!(error instanceof PipEntryError)) throw error;
      refuse(located, error.message);
    }
    pip.push(located);
  }
  return { ...EMPTY, file, pip };
}

const READERS: Readonly<Record<FileFormat, (file: SpecificationFile) => FilePart>> = {
  environment: readEnvironment,
  conda: readCondaList,
  pip: readRequirements,
};

/**
 * Reads one file.
 * @throws AppError `invalid_specification` (400) that names the file, and the line where there is one.
 */
export const readFilePart = (file: SpecificationFile): FilePart => READERS[formatOf(file)](file);
