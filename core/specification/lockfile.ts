/**
 * A lockfile as a specification: from the posted text to the document that is stored, hashed and built as it is.
 * The fields are those of conda-lock's version 1; as in conda-store, others are refused. Unlike there, the settings'
 * rules hold for lockfiles too, since a lockfile would otherwise be the way round them.
 * @module
 */
import * as v from "valibot";
import { AddressError, checkUrl } from "#core/address/check-url.ts";
import { AppError } from "#core/errors.ts";
import { packageAddress, parseCondaLock } from "#core/lock/parse-conda-lock.ts";
import { textMap } from "#core/lock/text-map.ts";
import { type EnvironmentName, NewEnvironmentName, type Sha256 } from "#core/names.ts";
import { checkLock } from "./apply-settings.ts";
import { type CanonicalValue, documentSha256, specificationSha256 } from "./canonical.ts";
import { excerpt, Faults } from "./faults.ts";
import type { SpecificationPolicy } from "./parse.ts";
import type { YamlValue } from "./yaml.ts";

const NO_TEXT = "Input should be a valid string";
const Text = v.string(NO_TEXT);
const MaybeText = v.nullish(Text);
const Texts = v.array(Text, "Input should be a valid list");
const LIST = "Input should be a valid list";
const DICT = "Input should be a valid dictionary";
const TextMap = textMap(DICT, NO_TEXT);
const Hashes = v.strictObject({ md5: MaybeText, sha256: MaybeText }, DICT);

const Lockfile = v.strictObject(
  {
    version: v.nullish(v.literal(1, "Input should be 1: only version 1 of conda-lock's format is known")),
    metadata: v.strictObject(
      {
        content_hash: TextMap,
        // conda-lock reads a bare name as a channel too, and drops what else stands in one.
        channels: v.array(
          v.union(
            [
              v.pipe(
                v.string(),
                v.transform((url) => ({ url, used_env_vars: [] })),
              ),
              v.object({ url: Text, used_env_vars: v.optional(Texts, []) }),
            ],
            "Input should be a channel with url and used_env_vars",
          ),
          LIST,
        ),
        platforms: Texts,
        sources: Texts,
        time_metadata: v.nullish(v.strictObject({ created_at: Text }, DICT)),
        git_metadata: v.nullish(
          v.strictObject({ git_user_name: MaybeText, git_user_email: MaybeText, git_sha: MaybeText }, DICT),
        ),
        inputs_metadata: v.nullish(v.record(Text, Hashes, DICT)),
        custom_metadata: v.nullish(TextMap),
      },
      DICT,
    ),
    package: v.array(
      v.strictObject(
        {
          name: Text,
          version: Text,
          manager: v.picklist(["conda", "pip"], "Input should be 'conda' or 'pip'"),
          platform: Text,
          dependencies: v.optional(TextMap),
          url: Text,
          hash: Hashes,
          source: v.nullish(
            v.strictObject({ type: v.literal("url", "Input should be 'url'"), url: Text }, DICT),
          ),
          build: MaybeText,
          category: v.optional(Text),
          optional: v.boolean("Input should be a valid boolean"),
        },
        DICT,
      ),
      LIST,
    ),
  },
  DICT,
);
type LockfileV1 = v.InferOutput<typeof Lockfile>;

/** Exactly these keys, as conda-store stores them. */
export interface LockfileDocument {
  readonly name: string;
  readonly description: string;
  /** As conda-lock writes it: what is null is left out. */
  readonly lockfile: LockfileV1 & { readonly version: 1 };
}

/** What is stored of a lockfile. */
export interface LockfileSpecification {
  readonly name: EnvironmentName;
  /** conda-store's hash. */
  readonly sha256: Sha256;
  /** Hash of the document with the order of its lists kept. */
  readonly document: Sha256;
  readonly spec: LockfileDocument;
}

/** YAML's mappings as objects; what JSON has no type for stays as it is, and no schema takes it. */
function plain(value: YamlValue): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!(value instanceof Map)) return value;
  return Object.fromEntries([...value].map(([key, item]) => [String(key), plain(item)]));
}

function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).filter(([, item]) => item !== null && item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, withoutNulls(item)]));
}

function validated(value: unknown): LockfileV1 {
  const result = v.safeParse(Lockfile, value);
  if (result.success) return result.output;
  const faults = new Faults();
  for (const issue of result.issues) {
    const path = (issue.path ?? []).map(({ key }) => (typeof key === "number" ? key : String(key)));
    const location = ["lockfile", ...path];
    if (issue.expected === "never") faults.add("Extra inputs are not permitted", "extra_forbidden", location);
    else if (issue.received === "undefined") faults.add("Field required", "missing", location);
    else faults.add(issue.message, "value_error", location);
  }
  faults.throwIfAny();
  throw new TypeError("a refusal without a fault");
}

/**
 * Reads a posted lockfile. Nothing is known yet of the namespace, as for `readSpecification`.
 * @param value what `parseYaml` read of it.
 * @param name the environment's, which a lockfile does not have.
 * @throws AppError `invalid_specification` or `invalid_name` (400) with a message for the user.
 */
export function readLockfile(
  value: YamlValue,
  name: string,
  description: string,
): { name: EnvironmentName; document: LockfileDocument } {
  const named = v.safeParse(NewEnvironmentName, name);
  if (!named.success) {
    const hint = name === "" ? "; a lockfile has no name of its own: give environment_name" : "";
    throw new AppError("invalid_name", `${named.issues[0].message}${hint}`);
  }
  const { version: _, ...lockfile } = validated(value instanceof Map ? plain(value) : null);
  return {
    name: named.output,
    document: {
      name,
      description,
      lockfile: withoutNulls({ version: 1, ...lockfile }) as LockfileDocument["lockfile"],
    },
  };
}

function checkAddresses(
  { metadata, package: entries }: LockfileV1,
  allowPrivateHosts: readonly string[],
): void {
  const check = (what: string, address: string): void => {
    try {
      checkUrl(address, allowPrivateHosts);
    } catch (error) {
      if (!(error instanceof AddressError)) throw error;
      throw new AppError("invalid_specification", `${what} cannot be used: ${error.message}`);
    }
  };
  for (const { url } of metadata.channels)
    if (url.includes(":")) check(`The lockfile's channel ${excerpt(url)}`, url);
  for (const { name, url } of entries) check(`The lockfile's package ${excerpt(name)}`, url);
}

/**
 * Checks what depends on settings and deployment: addresses, channels, platforms, packages.
 * @param value a lockfile as JSON.
 * @throws AppError `invalid_specification` or `setting_violated` (400) with a message for the user.
 */
export function checkLockfile(
  value: unknown,
  { settings, allowPrivateHosts, describe }: SpecificationPolicy,
): void {
  const lockfile = validated(value);
  checkAddresses(lockfile, allowPrivateHosts);
  const wanted = settings.conda_solve_platforms;
  const built = wanted.filter((platform) => lockfile.package.some((entry) => entry.platform === platform));
  const channels = [
    ...lockfile.metadata.channels.map(({ url }) => url),
    ...lockfile.package.flatMap(({ manager, url }) =>
      manager === "conda" ? (packageAddress(url)?.channel ?? []) : [],
    ),
  ];
  for (const platform of built.length > 0 ? built : wanted.slice(0, 1))
    checkLock({ ...parseCondaLock(lockfile, platform), channels }, settings, describe);
}

/**
 * Checks a lockfile and gives it its hashes.
 * @throws AppError as `checkLockfile`
 */
export function completeLockfile(
  document: LockfileDocument,
  policy: SpecificationPolicy,
): LockfileSpecification {
  checkLockfile(document.lockfile, policy);
  const canonical = document as unknown as CanonicalValue;
  return {
    name: document.name as EnvironmentName,
    sha256: specificationSha256(canonical),
    document: documentSha256(canonical),
    spec: document,
  };
}
