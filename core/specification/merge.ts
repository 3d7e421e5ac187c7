/**
 * One specification from an ordered list of files: what all missions share first, then each mission's own.
 * Nothing of a file is overruled by another: what does not go together is told, with the lines.
 * @module
 */

import * as v from "valibot";
import { AppError } from "#core/errors.ts";
import { type EnvironmentName, NewEnvironmentName } from "#core/names.ts";
import { type EnvironmentDocument, normaliseEnvironment } from "./environment.ts";
import { excerpt } from "./faults.ts";
import { type FilePart, type Located, placeOf, readFilePart, type SpecificationFile } from "./files.ts";
import { formatMatchSpec, parseMatchSpec } from "./match-spec.ts";
import { parsePipEntry } from "./pip-entry.ts";
import { normaliseProjectName } from "./requirement.ts";
import type { SpecificationTests } from "./tests.ts";
import { areApart, isTighter, type VersionRange, versionRange } from "./version-range.ts";

/** More disagreements than this help nobody. */
const DISAGREEMENTS_MAX = 20;

/** An entry by what it asks for. */
interface Wish {
  readonly at: Located;
  /** Of the package; entries without one stand for themselves. */
  readonly name: string;
  /** Equal for entries that ask for the same. */
  readonly key: string;
  /** Nothing but the name. */
  readonly isBare: boolean;
  readonly range: VersionRange;
  /** Where it must come from, of which there can be only one: channel, address, index. Null for anywhere. */
  readonly source: string | null;
}

class Disagreements {
  readonly #lines: string[] = [];

  add(what: string, a: Located, b: Located): void {
    const [first, second] = [a, b].map((each) => `${placeOf(each)} has ${excerpt(each.text)}`);
    this.#lines.push(`The files disagree on ${excerpt(what)}: ${first}, ${second}`);
  }

  throwIfAny(): void {
    if (this.#lines.length === 0) return;
    const shown = this.#lines.slice(0, DISAGREEMENTS_MAX);
    throw new AppError("invalid_specification", `${shown.join("\n")}\nChange one of them`);
  }
}

function condaWish(at: Located): Wish {
  const spec = parseMatchSpec(at.text);
  const key = formatMatchSpec(spec, spec.channel);
  return {
    at,
    key,
    name: spec.name,
    isBare: key === spec.name,
    range: versionRange(spec.version ?? ""),
    source: spec.channel,
  };
}

function pipWish(at: Located): Wish {
  const entry = parsePipEntry(at.text);
  if (entry.kind === "option") {
    const key = `${entry.option} ${entry.value}`;
    const isIndex = entry.option === "--index-url";
    return {
      at,
      key,
      name: isIndex ? entry.option : key,
      isBare: false,
      range: versionRange(""),
      source: isIndex ? entry.value : null,
    };
  }
  const { name, extras, specifiers, url, marker } = entry.requirement;
  const project = normaliseProjectName(name);
  const constraint = specifiers.replaceAll(/\s/g, "");
  const wanted = [...extras].map((extra) => extra.toLowerCase()).sort();
  return {
    at,
    key: JSON.stringify([project, wanted, constraint, url, marker]),
    name: project,
    isBare: wanted.length === 0 && constraint === "" && url === null && marker === null,
    // What a marker rules out need not agree with anything.
    range: versionRange(marker === null ? constraint : ""),
    source: marker === null ? url : null,
  };
}

function byName(wishes: readonly Wish[]): Map<string, Wish[]> {
  const groups = new Map<string, Wish[]>();
  for (const wish of wishes) {
    const group = groups.get(wish.name);
    if (group) group.push(wish);
    else groups.set(wish.name, [wish]);
  }
  return groups;
}

const isElsewhere = (a: Wish, b: Wish): boolean => a.at.file !== b.at.file;

/**
 * Ranges on a line have a point in common if the tightest of them have, so each entry is compared with the two that are
 * tightest so far, and with the first that says where from. What one file says twice is for the solver to judge.
 */
function findDisagreement(name: string, group: readonly Wish[], found: Disagreements): void {
  let lowest: Wish | null = null;
  let highest: Wish | null = null;
  let sourced: Wish | null = null;
  for (const wish of group) {
    const apart = [lowest, highest].find(
      (held) => held && isElsewhere(held, wish) && areApart(held.range, wish.range),
    );
    const elsewhere =
      sourced && wish.source !== null && sourced.source !== wish.source && isElsewhere(sourced, wish);
    const other = apart ?? (elsewhere ? sourced : null);
    if (other) {
      found.add(name, other.at, wish.at);
      return;
    }
    if (isTighter(wish.range.lower, lowest?.range.lower ?? null, 1)) lowest = wish;
    if (isTighter(wish.range.upper, highest?.range.upper ?? null, -1)) highest = wish;
    if (wish.source !== null) sourced ??= wish;
  }
}

/** Entries in the order of the files, each once; a bare name says nothing more where another file says which version. */
function merged(wishes: readonly Wish[], found: Disagreements): string[] {
  const saying = new Map<string, Set<string>>();
  for (const [name, group] of byName(wishes)) {
    findDisagreement(name, group, found);
    const exact = group.filter(({ isBare, source }) => !isBare && source === null);
    saying.set(name, new Set(exact.map(({ at }) => at.file)));
  }
  const seen = new Map<string, string>();
  return wishes.flatMap((wish) => {
    const first = seen.get(wish.key);
    if (first !== undefined && first !== wish.at.file) return [];
    seen.set(wish.key, wish.at.file);
    const files = saying.get(wish.name);
    const isSaid = wish.isBare && files && files.size > (files.has(wish.at.file) ? 1 : 0);
    return isSaid ? [] : [wish.at.text];
  });
}

/** First mention counts. A file whose own order is another one would be solved otherwise than it says. */
function mergeChannels(parts: readonly FilePart[], found: Disagreements): string[] {
  const first = new Map<string, Located>();
  for (const channel of parts.flatMap(({ channels }) => channels))
    if (!first.has(channel.text)) first.set(channel.text, channel);
  const order = [...first.keys()];
  const place = new Map(order.map((channel, index) => [channel, index]));
  for (const { channels } of parts) {
    for (const [index, channel] of channels.entries()) {
      const before = channels[index - 1];
      const isTurned = before && (place.get(before.text) ?? 0) > (place.get(channel.text) ?? 0);
      const elsewhere = first.get(channel.text);
      if (isTurned && elsewhere && elsewhere.file !== channel.file)
        found.add(`the order of the channels ${before.text} and ${channel.text}`, elsewhere, channel);
    }
  }
  return order;
}

function mergeVariables(parts: readonly FilePart[], found: Disagreements): Map<string, string | number> {
  const first = new Map<string, { value: string | number; at: Located }>();
  for (const { file, variables } of parts) {
    for (const [key, value] of Object.entries(variables)) {
      const at = { text: `${key}: ${value}`, file, line: null };
      const known = first.get(key);
      if (known && known.value !== value) found.add(`the variable ${key}`, known.at, at);
      if (!known) first.set(key, { value, at });
    }
  }
  return new Map([...first].map(([key, { value }]) => [key, value]));
}

function mergeTests(parts: readonly FilePart[]): SpecificationTests {
  const all = parts.flatMap(({ tests }) => tests ?? []);
  const notebooks = new Map(
    all.flatMap((tests) => tests.notebooks).map((notebook) => [JSON.stringify(notebook), notebook]),
  );
  return {
    imports: [...new Set(all.flatMap((tests) => tests.imports))],
    commands: [...new Set(all.flatMap((tests) => tests.commands))],
    notebooks: [...notebooks.values()],
  };
}

function nameOf(parts: readonly FilePart[], given: string, found: Disagreements): EnvironmentName {
  const [first, ...others] = parts.flatMap(({ name }) => name ?? []);
  const another = others.find(({ text }) => text !== first?.text);
  if (given === "" && first && another) found.add("the name (or give environment_name)", first, another);
  const name = given || (first?.text ?? "");
  const result = v.safeParse(NewEnvironmentName, name);
  if (result.success) return result.output;
  const hint = name === "" ? "; no file has one: give environment_name" : "";
  throw new AppError("invalid_name", `${result.issues[0].message}${hint}`);
}

/** Values as YAML's reader gives them, so that the one door of specifications judges the whole. */
const asYaml = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(asYaml);
  if (typeof value !== "object" || value === null || value instanceof Map) return value;
  return new Map(Object.entries(value).map(([key, item]) => [key, asYaml(item)]));
};

/**
 * Merges files in their order.
 * @param name the environment's, or empty: then that of the files.
 * @param description likewise; of the files the last that has one counts.
 * @throws AppError `invalid_specification` or `invalid_name` (400) that names files and lines.
 */
export function mergeFiles(
  files: readonly SpecificationFile[],
  name: string,
  description: string,
): { name: EnvironmentName; document: EnvironmentDocument } {
  const twice = files.find((file, index) => files.findIndex((other) => other.name === file.name) !== index);
  if (twice)
    throw new AppError("invalid_specification", `Two files are named ${excerpt(twice.name)}: name each once`);
  const parts = files.map(readFilePart);
  const found = new Disagreements();
  const environment = nameOf(parts, name, found);
  const channels = mergeChannels(parts, found);
  const conda = merged(
    parts.flatMap((part) => part.conda.map(condaWish)),
    found,
  );
  const pip = merged(
    parts.flatMap((part) => part.pip.map(pipWish)),
    found,
  );
  const variables = mergeVariables(parts, found);
  found.throwIfAny();
  const document = normaliseEnvironment(
    new Map<string, unknown>([
      ["name", environment],
      ["description", description || (parts.findLast((part) => part.description !== "")?.description ?? "")],
      ["channels", channels],
      ["dependencies", [...conda, ...(pip.length > 0 ? [new Map([["pip", pip]])] : [])]],
      ["variables", variables.size > 0 ? variables : null],
      ["tests", asYaml(mergeTests(parts))],
    ]),
  );
  return { name: environment, document };
}
