/**
 * The order of versions as conda has it: numbers by their value, words by their letters, `dev` before everything, `post`
 * after; `1.0` and `1.0.0` are equal. pip's versions are ordered by it too, where they agree but for odd spellings.
 * @module
 */

type Part = number | string;
interface ParsedVersion {
  readonly epoch: number;
  readonly version: readonly (readonly Part[])[];
  readonly local: readonly (readonly Part[])[];
}

function parse(text: string): ParsedVersion {
  let rest = text.trim().toLowerCase();
  let epoch = 0;
  const bang = rest.indexOf("!");
  if (bang !== -1) {
    epoch = Number(rest.slice(0, bang)) || 0;
    rest = rest.slice(bang + 1);
  }
  const [version = "", local = ""] = rest.split("+");
  return { epoch, version: components(version), local: local === "" ? [] : components(local) };
}

/** `1.2rc1` is [1], [2, "rc", 1]; a component that begins with letters begins with 0 before them. */
const components = (text: string): Part[][] =>
  text
    .replace(/[-_]+$/, (end) => `.${end[0]}`)
    .split(/[._-]/)
    .map((component) => {
      const parts = (component.match(/\d+|\D+/g) ?? ["0"]).map(
        (part): Part => (/^\d/.test(part) ? Number(part) : part === "post" ? Number.POSITIVE_INFINITY : part),
      );
      return typeof parts[0] === "string" ? [0, ...parts] : parts;
    });

/** Words come before numbers, `dev` before the other words. */
function compareParts(a: Part, b: Part): number {
  if (a === b) return 0;
  if (typeof a === "number" && typeof b === "number") return a < b ? -1 : 1;
  if (typeof a === "number") return 1;
  if (typeof b === "number") return -1;
  if (a === "dev" || b === "dev") return a === "dev" ? -1 : 1;
  return a < b ? -1 : 1;
}

function compareComponents(a: ParsedVersion["version"], b: ParsedVersion["version"]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [left, right] = [a[i] ?? [], b[i] ?? []];
    for (let j = 0; j < Math.max(left.length, right.length); j++) {
      const difference = compareParts(left[j] ?? 0, right[j] ?? 0);
      if (difference !== 0) return difference;
    }
  }
  return 0;
}

/** @returns below 0 when `a` is the older one, 0 when they are equal, above 0 when it is the newer */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [parse(a), parse(b)];
  return (
    left.epoch - right.epoch ||
    compareComponents(left.version, right.version) ||
    compareComponents(left.local, right.local)
  );
}

/** Whether the version is the prefix itself or continues it: `3.11.4` and `3.11.0rc1` continue `3.11`, `3.110` does not. */
export function continuesVersion(version: string, prefix: string): boolean {
  const [all, begin] = [parse(version), parse(prefix)];
  if (all.epoch !== begin.epoch) return false;
  return begin.version.every((component, i) => {
    const own = all.version[i] ?? [];
    const isLast = i === begin.version.length - 1;
    const length = isLast ? component.length : Math.max(own.length, component.length);
    return Array.from({ length }, (_, j) => j).every(
      (j) => compareParts(own[j] ?? 0, component[j] ?? 0) === 0,
    );
  });
}
