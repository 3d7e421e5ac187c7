/**
 * Reading the entries of settings that name packages and channels.
 * @module
 */
import { AddressError, checkUrl } from "#core/address/check-url.ts";
import { AppError, type ErrorCode } from "#core/errors.ts";
import type { Settings } from "#core/settings/settings.ts";
import { resolveChannel } from "./channel.ts";
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

const CHANNELS = ["conda_default_channels", "conda_allowed_channels", "conda_indexed_channels"] as const;
const REQUIREMENTS = ["pypi_default_packages", "pypi_required_packages", "pypi_included_packages"] as const;

/**
 * Refuses addresses that no build may visit. Above all those with credentials: settings are shown to who may not know them,
 * and the whole store's channels to everybody.
 * @param settings with entries that `checkEntries` takes
 * @param allowPrivateHosts `host` or `host:port` that may be visited although private
 * @throws AppError `invalid_request` that names the setting, and shows no credentials
 */
export function checkAddresses(
  settings: Readonly<
    Partial<Record<(typeof CHANNELS)[number] | (typeof REQUIREMENTS)[number], readonly string[]>>
  >,
  alias: string,
  allowPrivateHosts: readonly string[],
): void {
  for (const key of CHANNELS) {
    for (const text of settings[key] ?? []) named(key, () => resolveChannel(text, alias, allowPrivateHosts));
  }
  for (const key of REQUIREMENTS) {
    for (const text of settings[key] ?? []) {
      const entry = parsePipEntry(text);
      const address = entry.kind === "requirement" ? entry.requirement.url : entry.value;
      const isHost = entry.kind === "option" && entry.option === "--trusted-host";
      if (address !== null)
        named(key, () => checkUrl(isHost ? `https://${address}/` : address, allowPrivateHosts));
    }
  }
}

function named(key: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    if (!(error instanceof AppError || error instanceof AddressError)) throw error;
    throw new AppError("invalid_request", `validation error for setting ${key}: ${error.message}`);
  }
}
