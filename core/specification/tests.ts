/**
 * The `tests:` of a specification: what a build must be able to do before it counts. conda-store drops the key; here it
 * stays in the document, and so in the hash, when it asks for something.
 * @module
 */
import * as v from "valibot";
import { AddressError, checkUrl, isAllowedPrivateHost } from "#core/address/check-url.ts";
import { AppError } from "#core/errors.ts";
import { excerpt, type Faults, type Location } from "./faults.ts";
import { TEST_COMMAND_LENGTH_MAX, TESTS_MAX } from "./limits.ts";
import type { YamlValue } from "./yaml.ts";

/** A notebook in the specification itself: the JSON text of an ipynb file. */
export interface InlineNotebook {
  readonly ipynb: string;
}

/** A notebook at an address; what lies there must have this hash and at most `NOTEBOOK_BYTES_MAX`. */
export interface LinkedNotebook {
  readonly url: string;
  readonly sha256: string;
}

export type NotebookTest = InlineNotebook | LinkedNotebook;

/** At least one of the lists has something in it; each is in the user's order. */
export interface SpecificationTests {
  /** Names of Python modules, such as `numpy.linalg`. */
  readonly imports: readonly string[];
  /** Command lines for `sh -c`. */
  readonly commands: readonly string[];
  readonly notebooks: readonly NotebookTest[];
}

const MODULE = /^[\p{XIDS}_][\p{XIDC}]*(?:\.[\p{XIDS}_][\p{XIDC}]*)*$/u;
const MODULE_LENGTH_MAX = 255;

/** As much of an ipynb file as running it needs; its other keys are the notebook's own. */
const Notebook = v.looseObject({
  nbformat: v.literal(4),
  cells: v.array(
    v.looseObject({
      cell_type: v.string(),
      source: v.union([v.string(), v.array(v.string())]),
    }),
  ),
});

function textOf(value: YamlValue, faults: Faults, location: Location): string | null {
  if (typeof value === "string" && value.isWellFormed()) return value;
  faults.add("Input should be a valid string", "string_type", location);
  return null;
}

function importOf(value: YamlValue, faults: Faults, location: Location): string | null {
  const name = textOf(value, faults, location);
  if (name === null || (MODULE.test(name) && name.length <= MODULE_LENGTH_MAX)) return name;
  faults.add(
    `${excerpt(name)} is not the name of a Python module, such as numpy.linalg`,
    "value_error",
    location,
  );
  return null;
}

function commandOf(value: YamlValue, faults: Faults, location: Location): string | null {
  const command = textOf(value, faults, location);
  if (command === null) return null;
  const refuse = (why: string): null => {
    faults.add(why, "value_error", location);
    return null;
  };
  if (command.trim() === "") return refuse("An empty command tests nothing: write one, or take it out");
  if (command.includes("\0")) return refuse("A command cannot hold the character NUL");
  if (command.length > TEST_COMMAND_LENGTH_MAX)
    return refuse(
      `A command has at most ${TEST_COMMAND_LENGTH_MAX} characters: put longer ones into a package or notebook`,
    );
  return command;
}

function ipynbOf(value: YamlValue, faults: Faults, location: Location): string | null {
  if (value instanceof Map) {
    const why = "Input should be the notebook's JSON as a text: write ipynb: | and the file indented below";
    faults.add(why, "string_type", location);
    return null;
  }
  const ipynb = textOf(value, faults, location);
  if (ipynb === null) return null;
  try {
    if (v.is(Notebook, JSON.parse(ipynb))) return ipynb;
  } catch {
    faults.add("The notebook is not JSON: paste the whole ipynb file", "value_error", location);
    return null;
  }
  const why = "The notebook is not of format 4 (nbformat: 4, a list of cells): save it again with Jupyter";
  faults.add(why, "value_error", location);
  return null;
}

/** The address itself is judged by `checkNotebookAddresses`, which knows the deployment. */
function linkOf(value: Map<YamlValue, YamlValue>, faults: Faults, location: Location): LinkedNotebook | null {
  const url = textOf(value.get("url"), faults, [...location, "url"]);
  const sha256 = value.get("sha256");
  if (typeof sha256 === "string" && /^[0-9a-f]{64}$/i.test(sha256))
    return url === null ? null : { url, sha256: sha256.toLowerCase() };
  const why =
    "A notebook at an address needs its sha256, 64 hexadecimal digits (quoted, if they are all digits)";
  faults.add(why, "value_error", [...location, "sha256"]);
  return null;
}

function notebookOf(value: YamlValue, faults: Faults, location: Location): NotebookTest | null {
  if (!(value instanceof Map) || value.has("ipynb") === value.has("url")) {
    const why = "Input should be a mapping with either ipynb, or url and sha256";
    faults.add(why, "dict_type", location);
    return null;
  }
  refuseOtherKeys(value, value.has("ipynb") ? ["ipynb"] : ["url", "sha256"], faults, location);
  if (value.has("url")) return linkOf(value, faults, location);
  const ipynb = ipynbOf(value.get("ipynb"), faults, [...location, "ipynb"]);
  return ipynb === null ? null : { ipynb };
}

/** A key with a typing error in it would be a test that never runs. */
function refuseOtherKeys(
  value: Map<YamlValue, YamlValue>,
  known: readonly string[],
  faults: Faults,
  location: Location,
): void {
  for (const key of value.keys()) {
    if (typeof key === "string" && known.includes(key)) continue;
    const why = `There is no such key here: use ${known.join(", ")}`;
    faults.add(why, "extra_forbidden", [...location, String(key)]);
  }
}

function each<Item>(
  value: YamlValue,
  read: (item: YamlValue, faults: Faults, location: Location) => Item | null,
  faults: Faults,
  location: Location,
): readonly Item[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    faults.add("Input should be a valid list", "list_type", location);
    return [];
  }
  if (value.length > TESTS_MAX) {
    faults.add(`A list of tests has at most ${TESTS_MAX} entries`, "too_long", location);
    return [];
  }
  return value.flatMap((item: YamlValue, index) => {
    const result = read(item, faults, [...location, index]);
    return result === null ? [] : [result];
  });
}

/**
 * Reads the value of `tests:`.
 * @param value what `parseYaml` read there; undefined or null when there is none.
 * @returns null when nothing is asked for, so that the document and its hash are those of a specification without.
 */
export function readTests(value: YamlValue, faults: Faults): SpecificationTests | null {
  if (value === undefined || value === null) return null;
  if (!(value instanceof Map)) {
    faults.add("Input should be a mapping with imports, commands or notebooks", "dict_type", ["tests"]);
    return null;
  }
  refuseOtherKeys(value, ["imports", "commands", "notebooks"], faults, ["tests"]);
  const tests = {
    imports: each(value.get("imports"), importOf, faults, ["tests", "imports"]),
    commands: each(value.get("commands"), commandOf, faults, ["tests", "commands"]),
    notebooks: each(value.get("notebooks"), notebookOf, faults, ["tests", "notebooks"]),
  };
  return Object.values(tests).every((list) => list.length === 0) ? null : tests;
}

/**
 * Checks the addresses of linked notebooks: https, or a host that the operator has allow-listed; not private.
 * @throws AppError `invalid_specification` (400) naming the address.
 */
export function checkNotebookAddresses(
  tests: SpecificationTests | null,
  allowPrivateHosts: readonly string[],
): void {
  for (const notebook of tests?.notebooks ?? []) {
    if (!("url" in notebook)) continue;
    const refuse = (why: string): never => {
      throw new AppError("invalid_specification", `The test notebook cannot be used: ${why}`);
    };
    try {
      const url = checkUrl(notebook.url, allowPrivateHosts);
      if (url.protocol === "http:" && !isAllowedPrivateHost(url, allowPrivateHosts))
        refuse(`the address ${excerpt(notebook.url)} is not encrypted: use https://…`);
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      refuse(error.message);
    }
  }
}
