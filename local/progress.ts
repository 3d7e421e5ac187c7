/**
 * What a person sees while the stack starts: one line per step, with its duration; and the table at the end.
 * @module
 */

export interface Progress {
  /** Runs a step; its line is printed when it begins and when it ends. */
  step<T>(name: string, work: () => Promise<T> | T): Promise<T>;
  /** A line within a step. */
  readonly log: (line: string) => void;
  /** Steps that have ended, with their seconds. */
  readonly durations: readonly { readonly name: string; readonly seconds: number }[];
}

export function showProgress(write: (line: string) => void): Progress {
  const durations: { name: string; seconds: number }[] = [];
  return {
    durations,
    log: (line) => write(`    ${line}`),
    step: async (name, work) => {
      write(`  ${name} …`);
      const startedMs = performance.now();
      const result = await work();
      const seconds = (performance.now() - startedMs) / 1000;
      durations.push({ name, seconds });
      if (seconds >= 1) write(`  ${name}: ${seconds.toFixed(1)} s`);
      return result;
    },
  };
}

/** Columns as wide as their longest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length);
    });
  }
  return rows
    .map((row) =>
      row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join("  "),
    )
    .map((line) => line.trimEnd())
    .join("\n");
}
