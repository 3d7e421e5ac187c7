/**
 * What an operator's settings add to a specification and demand of it, in conda-store's order.
 * @module
 */
import { AppError } from "#core/errors.ts";
import type { Lock } from "#core/lock/lock.ts";
import type { Settings } from "#core/settings/settings.ts";
import { channelAddresses } from "./channel.ts";
import type { EnvironmentDocument, PipSection } from "./environment.ts";
import { pythonString } from "./faults.ts";
import { parseMatchSpec } from "./match-spec.ts";
import { parsePipEntry } from "./pip-entry.ts";
import { normaliseProjectName } from "./requirement.ts";
import { checkEntries } from "./settings-entries.ts";

export type SpecificationSettings = Pick<
  Settings,
  | "conda_channel_alias"
  | "conda_default_channels"
  | "conda_allowed_channels"
  | "conda_default_packages"
  | "conda_required_packages"
  | "conda_included_packages"
  | "pypi_default_packages"
  | "pypi_required_packages"
  | "pypi_included_packages"
  | "conda_solve_platforms"
>;

type Dependency = string | PipSection;

const isPip = (dependency: Dependency): dependency is PipSection => typeof dependency !== "string";

/** Requirements of every `pip:` section; conda-store looks at the first one only. */
export const pipEntries = (dependencies: readonly Dependency[]): readonly string[] =>
  dependencies.filter(isPip).flatMap((section) => section.pip);

/** A set as Python prints it, in a fixed order. */
const pythonSet = (items: Iterable<string>): string => `{${[...items].sort().map(pythonString).join(", ")}}`;

/** Options have no name. */
function pypiName(text: string): string | null {
  const entry = parsePipEntry(text);
  return entry.kind === "requirement" ? normaliseProjectName(entry.requirement.name) : null;
}

const condaName = (text: string): string => parseMatchSpec(text).name;

/** @param present names, as `name` gives them. */
function missing(
  required: readonly string[],
  present: readonly (string | null)[],
  name: (text: string) => string | null,
): readonly string[] {
  const names = new Set(present);
  return required.filter((text) => !names.has(name(text)));
}

/** Appends to the first `pip:` section, or makes one at the end. */
function addPip(dependencies: readonly Dependency[], additions: readonly string[]): readonly Dependency[] {
  if (additions.length === 0) return dependencies;
  const first = dependencies.findIndex(isPip);
  if (first === -1) return [...dependencies, { pip: [...additions] }];
  return dependencies.map((dependency, index) =>
    index === first && isPip(dependency) ? { pip: [...dependency.pip, ...additions] } : dependency,
  );
}

/** Says whose value of a setting counts. */
export type DescribeSetting = (key: keyof SpecificationSettings) => string;

function checkChannels(
  channels: readonly string[],
  settings: SpecificationSettings,
  describe: DescribeSetting,
): void {
  if (settings.conda_allowed_channels.length === 0) return;
  const addresses = (list: readonly string[]): string[] =>
    list.flatMap((channel) => channelAddresses(channel, settings.conda_channel_alias));
  const allowed = new Set(addresses(settings.conda_allowed_channels));
  const refused = addresses(channels).filter((address) => !allowed.has(address));
  if (refused.length > 0)
    throw new AppError(
      "setting_violated",
      `Conda channels ${pythonSet(new Set(refused))} not allowed in specification (${describe("conda_allowed_channels")})`,
    );
}

function checkRequired(kind: string, absent: readonly string[], setting: string): void {
  if (absent.length > 0)
    throw new AppError(
      "setting_violated",
      `${kind} packages ${pythonSet(absent)} required and missing from specification (${setting})`,
    );
}

const describeKey: DescribeSetting = (key) => `setting ${key}`;

/**
 * Holds a lock to the settings: allowed channels, required packages, and included ones, which a lock must bring itself.
 * @throws AppError `setting_violated` (400).
 */
export function checkLock(
  lock: Pick<Lock, "channels" | "packages" | "pipPackages">,
  settings: SpecificationSettings,
  describe: DescribeSetting = describeKey,
): void {
  checkChannels(lock.channels, settings, describe);
  checkEntries(settings, "setting_violated");
  const pip = lock.pipPackages.map(({ name }) => normaliseProjectName(name));
  const conda = lock.packages.map(({ name }) => name.toLowerCase());
  for (const key of ["pypi_required_packages", "pypi_included_packages"] as const)
    checkRequired("PyPi", missing(settings[key], pip, pypiName), describe(key));
  for (const key of ["conda_required_packages", "conda_included_packages"] as const)
    checkRequired("Conda", missing(settings[key], conda, condaName), describe(key));
}

/**
 * Applies the settings of a namespace and environment: default and allowed channels; then for pip and for conda the
 * default, included and required packages. Unlike the original, pip packages that settings add do not suppress the
 * default conda packages, every `pip:` section counts, and messages name what is missing.
 * @returns a new document.
 * @throws AppError `setting_violated` (400).
 */
export function applySettings(
  document: EnvironmentDocument,
  settings: SpecificationSettings,
  describe: DescribeSetting = describeKey,
): EnvironmentDocument {
  const channels =
    document.channels.length === 0 ? [...settings.conda_default_channels] : [...document.channels];
  checkChannels(channels, settings, describe);
  checkEntries(settings, "setting_violated");

  const isEmpty = document.dependencies.length === 0;
  let dependencies: readonly Dependency[] = isEmpty
    ? [...settings.conda_default_packages]
    : document.dependencies;
  if (pipEntries(dependencies).length === 0)
    dependencies = addPip(dependencies, settings.pypi_default_packages);
  const pipNames = (): (string | null)[] => pipEntries(dependencies).map(pypiName);
  dependencies = addPip(dependencies, missing(settings.pypi_included_packages, pipNames(), pypiName));
  checkRequired(
    "PyPi",
    missing(settings.pypi_required_packages, pipNames(), pypiName),
    describe("pypi_required_packages"),
  );

  const condaNames = (): string[] =>
    dependencies.filter((dependency) => typeof dependency === "string").map(condaName);
  dependencies = [...dependencies, ...missing(settings.conda_included_packages, condaNames(), condaName)];
  checkRequired(
    "Conda",
    missing(settings.conda_required_packages, condaNames(), condaName),
    describe("conda_required_packages"),
  );
  return { ...document, channels, dependencies };
}
