/**
 * Where the bytes of a build went, by package.
 * @module
 */
import type { Package } from "./packages.ts";

export interface SizedPackage {
  readonly name: string;
  readonly bytes: number;
}

export interface PackageSizes {
  /** The largest, the largest first. */
  readonly largest: readonly SizedPackage[];
  /** All that are smaller. */
  readonly others: { readonly count: number; readonly bytes: number };
  readonly totalBytes: number;
  /** Packages whose size nothing tells: pip's. */
  readonly unknown: number;
}

/** @param most so many stand by themselves; one more does too, rather than alone among "others" */
export function sizesOf(packages: readonly Pick<Package, "name" | "size">[], most: number): PackageSizes {
  const sized = packages
    .flatMap(({ name, size }) => (size === null ? [] : [{ name, bytes: size }]))
    .sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  const shown = sized.length === most + 1 ? sized.length : most;
  const sum = (all: readonly SizedPackage[]): number => all.reduce((bytes, each) => bytes + each.bytes, 0);
  const smaller = sized.slice(shown);
  return {
    largest: sized.slice(0, shown),
    others: { count: smaller.length, bytes: sum(smaller) },
    totalBytes: sum(sized),
    unknown: packages.length - sized.length,
  };
}

/** The platforms that packages are for, in the alphabet's order; empty when all of them are for any, or nothing tells. */
export const platformsOf = (packages: readonly Pick<Package, "subdir">[]): readonly string[] =>
  [...new Set(packages.map(({ subdir }) => subdir ?? "noarch"))]
    .filter((subdir) => subdir !== "noarch")
    .sort();
