/**
 * Packages of builds: all of them, what was asked for, and what differs.
 * @module
 */
import { listBuildPackages } from "#core/contract/builds.ts";
import type { Client, Outcome } from "#core/contract/client.ts";
import type { Reply } from "#core/contract/route.ts";

export type Package = Reply<typeof listBuildPackages>["data"][number];

const PAGE_SIZE = 100;
/** Questions at a time. */
const AT_ONCE = 4;

/** Every package that a build installed, by name. */
export async function allPackages(
  client: Client,
  buildId: number,
  signal?: AbortSignal,
): Promise<Outcome<readonly Package[]>> {
  const ask = (page: number) =>
    client(listBuildPackages, {
      params: { buildId },
      query: { page: String(page), size: String(PAGE_SIZE), sort_by: ["name"] },
      ...(signal ? { signal } : {}),
    });
  const first = await ask(1);
  if (!first.ok) return first;
  const found = [...first.value.data];
  const pages = Math.ceil(first.value.count / PAGE_SIZE);
  for (let page = 2; page <= pages; page += AT_ONCE) {
    const numbers = Array.from({ length: Math.min(AT_ONCE, pages - page + 1) }, (_, index) => page + index);
    for (const outcome of await Promise.all(numbers.map(ask))) {
      if (!outcome.ok) return outcome;
      found.push(...outcome.value.data);
    }
  }
  return { ok: true, value: found };
}

/** Names as conda and PyPI compare them. */
export const nameKey = (name: string): string => name.toLowerCase().replace(/[-_.]+/g, "-");

/**
 * What a document asks for, by name: a conda spec without its channel, a pip requirement whole.
 * @param dependencies the document's: texts, and perhaps `{ pip: [...] }`
 */
export function requestedOf(dependencies: unknown): Map<string, string> {
  const requested = new Map<string, string>();
  for (const entry of Array.isArray(dependencies) ? dependencies : []) {
    const pip: unknown = typeof entry === "object" && entry !== null && "pip" in entry ? entry.pip : null;
    for (const text of Array.isArray(pip) ? pip : [entry]) {
      if (typeof text !== "string" || text.startsWith("-")) continue;
      const plain = text.includes("::") ? text.slice(text.lastIndexOf("::") + 2) : text;
      const [name] = /^[A-Za-z0-9_][A-Za-z0-9_.-]*/.exec(plain.trim()) ?? [];
      if (name !== undefined) requested.set(nameKey(name), text);
    }
  }
  return requested;
}

/**
 * Versions in conda's order, near enough to say up or down: parts of digits by their value, words by the alphabet and below
 * numbers, a missing part like a zero.
 */
export function compareVersions(a: string, b: string): number {
  const parts = (text: string): string[] => text.toLowerCase().match(/\d+|[a-z]+/g) ?? [];
  const [left, right] = [parts(a), parts(b)];
  for (let index = 0; index < Math.max(left.length, right.length); index += 1) {
    const [one, other] = [left[index] ?? "0", right[index] ?? "0"];
    const numeric = [/^\d/.test(one), /^\d/.test(other)];
    if (numeric[0] && numeric[1]) {
      const difference = Number(one) - Number(other);
      if (difference !== 0) return Math.sign(difference);
    } else if (numeric[0] !== numeric[1]) {
      return numeric[0] ? 1 : -1;
    } else if (one !== other) {
      return one < other ? -1 : 1;
    }
  }
  return 0;
}

export interface PackageChange {
  readonly name: string;
  /** null: it was not there. */
  readonly from: Package | null;
  readonly to: Package | null;
  readonly kind: "added" | "removed" | "up" | "down" | "changed";
}

function kindOf(from: Package, to: Package): PackageChange["kind"] | null {
  const order = compareVersions(from.version, to.version);
  if (order !== 0) return order < 0 ? "up" : "down";
  return from.version === to.version && from.channel.name === to.channel.name ? null : "changed";
}

/** What differs between two builds, by name. Packages that are the same in both are left out. */
export function packageChanges(before: readonly Package[], after: readonly Package[]): PackageChange[] {
  const old = new Map(before.map((each) => [nameKey(each.name), each]));
  const now = new Map(after.map((each) => [nameKey(each.name), each]));
  const changes: PackageChange[] = [];
  for (const [key, from] of old) {
    const to = now.get(key);
    if (!to) changes.push({ name: from.name, from, to: null, kind: "removed" });
    else {
      const kind = kindOf(from, to);
      if (kind !== null) changes.push({ name: to.name, from, to, kind });
    }
  }
  for (const [key, to] of now) {
    if (!old.has(key)) changes.push({ name: to.name, from: null, to, kind: "added" });
  }
  return changes.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
