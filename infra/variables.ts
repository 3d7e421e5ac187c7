/**
 * Environment variables by their short names, so that no construct spells one.
 * @module
 */
import { VARIABLES } from "#core/layout.ts";

export type VariableValues = { readonly [K in keyof typeof VARIABLES]?: string };

/** `{ table: "x" }` becomes `{ CONDA_STORE_TABLE: "x" }`. */
export function variables(values: VariableValues): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [VARIABLES[name as keyof typeof VARIABLES], value]),
  );
}
