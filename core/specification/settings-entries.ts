/**
 * Reading the entries of settings that name packages.
 * @module
 */
import { AppError, type ErrorCode } from "#core/errors.ts";
import type { Settings } from "#core/settings/settings.ts";
import { pythonString } from "./faults.ts";
import { parseMatchSpec } from "./match-spec.ts";
import { parsePipEntry } from "./pip-entry.ts";

const PARSERS = {
  conda_default_packages: parseMatchSpec,
  conda_required_packages: parseMatchSpec,
  conda_included_packages: parseMatchSpec,
  pypi_default_packages: parsePipEntry,
  pypi_required_packages: parsePipEntry,
  pypi_included_packages: parsePipEntry,
} as const satisfies Partial<Record<keyof Settings, (text: string) => unknown>>;

/**
 * An operator's typing error must not look like the user's.
 * @throws AppError with the given code that names the setting and the entry
 */
export function checkEntries(
  settings: Readonly<Partial<Record<keyof typeof PARSERS, readonly string[]>>>,
  code: ErrorCode,
): void {
  for (const [key, parse] of Object.entries(PARSERS)) {
    for (const text of settings[key as keyof typeof PARSERS] ?? []) {
      try {
        parse(text);
      } catch (error) {
        const why = error instanceof Error ? error.message : "unreadable";
        const message = `The setting ${key} holds ${pythonString(text)}, which is no valid entry: ${why}`;
        throw new AppError(
          code,
          code === "setting_violated" ? `${message}; ask the operator to correct it` : message,
        );
      }
    }
  }
}
