/**
 * One order for a lock's packages, whatever order an engine or a file gave them in.
 * @module
 */

interface Ordered {
  readonly name: string;
  readonly depends: readonly string[];
}

/** The package's name in a match spec such as `numpy >=1.26,<3` or `python_abi 3.12.* *_cp312`. */
export function dependencyName(spec: string): string {
  return /^[^\s=<>!~;[(]+/.exec(spec.trim())?.[0]?.toLowerCase() ?? "";
}

/**
 * Dependencies first, names in their own order otherwise: equal sets give equal orders. A circle (python wants pip,
 * pip wants python) is cut where the walk by name closes it.
 */
export function inInstallOrder<T extends Ordered>(packages: readonly T[]): T[] {
  const byName = new Map<string, T>();
  for (const item of packages) byName.set(item.name, item);
  const ordered: T[] = [];
  const seen = new Set<string>();
  // A stack of our own: a posted lockfile may hold a chain longer than the call stack.
  const open: { readonly item: T; readonly left: string[] }[] = [];
  const enter = (name: string): void => {
    const item = byName.get(name);
    if (item === undefined || seen.has(name)) return;
    seen.add(name);
    open.push({ item, left: item.depends.map(dependencyName).sort(compareText).reverse() });
  };
  for (const name of [...byName.keys()].sort(compareText)) {
    enter(name);
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      const next = top.left.pop();
      if (next !== undefined) enter(next);
      else {
        ordered.push(top.item);
        open.pop();
      }
    }
  }
  return ordered;
}

/** By code units: the same everywhere, unlike a locale's order. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
