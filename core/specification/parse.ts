/**
 * The one entry to specifications: posted text in, a specification that may be stored and built out.
 * @module
 */
import * as v from "valibot";
import { AddressError, checkUrl } from "#core/address/check-url.ts";
import { AppError } from "#core/errors.ts";
import { type EnvironmentName, NewEnvironmentName, type Sha256 } from "#core/names.ts";
import {
  applySettings,
  type DescribeSetting,
  pipEntries,
  type SpecificationSettings,
} from "./apply-settings.ts";
import { documentSha256, specificationSha256 } from "./canonical.ts";
import { channelAddresses, resolveChannel } from "./channel.ts";
import { asCanonical, type EnvironmentDocument, normaliseEnvironment } from "./environment.ts";
import { excerpt } from "./faults.ts";
import { formatMatchSpec, parseMatchSpec } from "./match-spec.ts";
import { parsePipEntry } from "./pip-entry.ts";
import { checkNotebookAddresses, type SpecificationTests } from "./tests.ts";
import { parseYaml, type YamlValue } from "./yaml.ts";

/** What pip is asked for. */
export interface PipRequest {
  /** Requirements as PEP 508 lines; empty when the specification has none. */
  readonly requirements: readonly string[];
  /** The index instead of PyPI, or null. */
  readonly indexUrl: string | null;
  readonly extraIndexUrls: readonly string[];
  readonly trustedHosts: readonly string[];
}

export interface Specification {
  readonly name: EnvironmentName;
  /** conda-store's hash, which does not see the order of lists. */
  readonly sha256: Sha256;
  /** Hash of the document with its order kept: the stored text's address. */
  readonly document: Sha256;
  /** The normalised document, after settings; what the API shows as `spec`. */
  readonly spec: EnvironmentDocument;
  /** Empty or null: the environment keeps the description it has. */
  readonly description: string | null;
  /** Addresses in priority order, without trailing slash and without credentials. */
  readonly channels: readonly string[];
  /** Match specs for the engine; a channel in one is its full address. Empty when nothing is asked for. */
  readonly condaSpecs: readonly string[];
  readonly pip: PipRequest;
  /** Of these only `CONDA_OVERRIDE_CUDA` has an effect on a build. */
  readonly variables: Readonly<Record<string, string>>;
  /** What the built environment must be able to do, or null. */
  readonly tests: SpecificationTests | null;
}

export interface SpecificationPolicy {
  /** Settings of the namespace and environment. */
  readonly settings: SpecificationSettings;
  /** `host` or `host:port` that may be visited although private. */
  readonly allowPrivateHosts: readonly string[];
  /** Whose value of a setting counts, for messages. */
  readonly describe?: DescribeSetting;
}

const refuse = (message: string): never => {
  throw new AppError("invalid_specification", message);
};

function environmentName(text: string): EnvironmentName {
  const result = v.safeParse(NewEnvironmentName, text);
  if (!result.success) throw new AppError("invalid_name", result.issues[0].message);
  return result.output;
}

/**
 * The engines' text of one spec. A channel in it must be one of the listed ones, so that the rules for channels hold
 * for it; a platform in it must be the one that is built for.
 */
function engineSpec(text: string, channels: readonly string[], settings: SpecificationSettings): string {
  const spec = parseMatchSpec(text);
  const platforms = settings.conda_solve_platforms;
  if (spec.subdir !== null && spec.subdir !== "noarch" && !platforms.includes(spec.subdir))
    refuse(
      `The dependency ${excerpt(text)} is for the platform ${spec.subdir}, ` +
        `but environments are built for ${platforms.join(", ")} here: leave the platform out`,
    );
  if (spec.channel === null) return formatMatchSpec(spec, null);
  const [address, another] = channelAddresses(spec.channel, settings.conda_channel_alias);
  if (address === undefined || another !== undefined)
    return refuse(`The dependency ${excerpt(text)} names no single channel`);
  if (!channels.includes(address))
    refuse(
      `The dependency ${excerpt(text)} names the channel ${excerpt(address)}, which is not listed: ` +
        "add it to channels if it is allowed, or leave it out",
    );
  return formatMatchSpec(spec, address);
}

function pipRequest(entries: readonly string[], allowPrivateHosts: readonly string[]): PipRequest {
  const check = (entry: string, address: string): string => {
    try {
      return checkUrl(address, allowPrivateHosts).href;
    } catch (error) {
      if (error instanceof AddressError)
        return refuse(`The pip entry ${excerpt(entry)} cannot be used: ${error.message}`);
      throw error;
    }
  };
  const requirements: string[] = [];
  const extraIndexUrls: string[] = [];
  const trustedHosts: string[] = [];
  let indexUrl: string | null = null;
  for (const text of entries) {
    const entry = parsePipEntry(text);
    if (entry.kind === "requirement") {
      if (entry.requirement.url !== null) check(text, entry.requirement.url);
      requirements.push(entry.text);
    } else if (entry.option === "--trusted-host") {
      if (!/^[A-Za-z0-9.-]+(?::[0-9]{1,5})?$|^\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?$/.test(entry.value))
        refuse(`The pip entry ${excerpt(text)} does not name a host`);
      check(text, `https://${entry.value}/`);
      trustedHosts.push(entry.value);
    } else if (entry.option === "--index-url") indexUrl = check(text, entry.value);
    else extraIndexUrls.push(check(text, entry.value));
  }
  return { requirements, indexUrl, extraIndexUrls, trustedHosts };
}

/** As conda does: who asks for pip packages gets pip. */
function withPip(condaSpecs: readonly string[], pip: PipRequest): readonly string[] {
  if (pip.requirements.length === 0) return condaSpecs;
  return condaSpecs.some((spec) => parseMatchSpec(spec).name === "pip") ? condaSpecs : [...condaSpecs, "pip"];
}

/**
 * Reads a posted text. Nothing is known yet of the namespace, so that its name may be used to ask whether the caller
 * may build it, and for the settings.
 * @param text YAML, or JSON, as posted; at most 256 KiB.
 * @throws AppError `invalid_specification` or `invalid_name` (400) with a message for the user.
 */
export const readSpecification = (text: string): { name: EnvironmentName; document: EnvironmentDocument } =>
  readSpecificationValue(parseYaml(text));

/** The same from what `parseYaml` read. */
export function readSpecificationValue(value: YamlValue): {
  name: EnvironmentName;
  document: EnvironmentDocument;
} {
  const document = normaliseEnvironment(value);
  return { name: environmentName(document.name), document };
}

/**
 * Applies the settings and checks what depends on them: channels, platforms, addresses.
 * @throws AppError `invalid_specification` or `setting_violated` (400) with a message for the user.
 */
export function completeSpecification(
  document: EnvironmentDocument,
  policy: SpecificationPolicy,
): Specification {
  const { settings, allowPrivateHosts, describe } = policy;
  const spec = applySettings(document, settings, describe);
  const alias = settings.conda_channel_alias;
  const resolved = spec.channels.flatMap((channel) => resolveChannel(channel, alias, allowPrivateHosts));
  const channels = [...new Set(resolved)];
  if (channels.length === 0)
    refuse("No channel is left to take packages from: name one, such as conda-forge");
  const condaSpecs = spec.dependencies
    .filter((dependency) => typeof dependency === "string")
    .map((text) => engineSpec(text, channels, settings));
  const pip = pipRequest(pipEntries(spec.dependencies), allowPrivateHosts);
  const cuda = String(spec.variables?.["CONDA_OVERRIDE_CUDA"] ?? "");
  if (!/^(?:\d{1,9}(?:\.\d{1,9}){0,4})?$/.test(cuda))
    refuse("The variable CONDA_OVERRIDE_CUDA is no version such as 12.4: correct it, or leave it empty");
  const tests = spec.tests ?? null;
  checkNotebookAddresses(tests, allowPrivateHosts);
  return {
    name: environmentName(spec.name),
    sha256: specificationSha256(asCanonical(spec)),
    document: documentSha256(asCanonical(spec)),
    spec,
    description: spec.description,
    channels,
    condaSpecs: withPip(condaSpecs, pip),
    pip,
    variables: Object.fromEntries(
      Object.entries(spec.variables ?? {}).map(([key, value]) => [key, String(value)]),
    ),
    tests,
  };
}
