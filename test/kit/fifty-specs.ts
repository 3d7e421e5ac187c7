/**
 * Fifty different questions for a solver.
 * @module
 */

/** @param names of packages that a channel has; some of the questions have no answer */
export function fiftySpecs(names: readonly string[]): string[][] {
  return Array.from({ length: 50 }, (_, i) => {
    const pick = (n: number): string => names[(i * 7 + n * 11) % names.length] ?? "";
    return [
      ...new Set([
        pick(0),
        ...(i % 2 ? [pick(1)] : []),
        ...(i % 3 ? [] : [pick(2)]),
        ...(i % 5 ? [] : ["python"]),
      ]),
    ];
  });
}
