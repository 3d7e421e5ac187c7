/**
 * conda's match specs: `name`, `name>=1,<2`, `name=1.2=build`, `name 1.2 build`, `channel::name`,
 * `name[version='>=1',build=x,channel=y,subdir=z,md5=…]`, and addresses of packages.
 * Refused is what conda's own parser refuses, and what conda lets through though no engine can install it:
 * an empty spec, `*`, `--flag`, `../x`, features, namespaces, regular expressions.
 * @module
 */
import { withoutLastSlashes } from "./channel.ts";
import { checkVersionSpec, VersionSpecError } from "./version-spec.ts";

export interface MatchSpec {
  /** Lower case. */
  readonly name: string;
  /** Name or address of the channel, as written; without subdir. */
  readonly channel: string | null;
  readonly subdir: string | null;
  /** Constraint without spaces, e.g. `>=1.2,<2`, `=3.11`, `==1.0`, `1.2.*`. */
  readonly version: string | null;
  readonly build: string | null;
  readonly buildNumber: string | null;
  readonly md5: string | null;
  readonly sha256: string | null;
}

/** A spec that cannot be used; `message` says why, for the user. */
export class MatchSpecError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "MatchSpecError";
  }
}

const LENGTH_MAX = 1000;
const PACKAGE_NAME = /^[a-z0-9_][a-z0-9_.-]*$/;
const PACKAGE_FILE = /\.(?:conda|tar\.bz2)$/i;
/** conda's platform directories; a channel may end with one of them. */
const SUBDIR =
  /^(?:noarch|(?:linux|osx|win|freebsd|emscripten|wasi|zos)-(?:32|64|aarch64|arm64|armv6l|armv7l|ppc64|ppc64le|riscv32|riscv64|s390x|wasm32|z))$/;
const KEYS = ["version", "build", "build_number", "channel", "subdir", "md5", "sha256"] as const;
type Key = (typeof KEYS)[number];

const fail = (message: string): never => {
  throw new MatchSpecError(message);
};

/** Splits `a=1, b='x,y'` into its pairs. */
function parseKeys(source: string): Map<Key, string> {
  const pairs = new Map<Key, string>();
  const pattern = /\s*([A-Za-z0-9_-]+)=(?:"([^"]*)"|'([^']*)'|([^'",\s[\]]*))\s*(?:,|$)/y;
  while (pattern.lastIndex < source.length) {
    const match = pattern.exec(source);
    if (match === null) return fail("the part in brackets is not a list of key=value");
    const key = KEYS.find((known) => known === match[1]);
    if (key === undefined)
      return fail(`"${match[1]}" cannot be matched on; in brackets stand ${KEYS.join(", ")}`);
    const value = (match[2] ?? match[3] ?? match[4] ?? "").trim();
    if (value === "") return fail(`"${key}" has no value`);
    if (pairs.has(key)) return fail(`"${key}" stands twice`);
    pairs.set(key, value);
  }
  return pairs;
}

/** `conda-forge/linux-64` is a channel with a subdir. */
function splitSubdir(channel: string): { channel: string | null; subdir: string | null } {
  const trimmed = withoutLastSlashes(channel);
  const last = trimmed.slice(trimmed.lastIndexOf("/") + 1);
  if (!SUBDIR.test(last)) return { channel: trimmed, subdir: null };
  return { channel: withoutLastSlashes(trimmed.slice(0, -last.length)) || null, subdir: last };
}

/**
 * Splits what follows the name: the build begins after the first space or "=" that no operator precedes and that
 * only a build can follow.
 */
function splitBuild(text: string): { version: string; build: string | null } {
  for (let index = 1; index < text.length - 1; index++) {
    if (!/[ =]/.test(text.charAt(index)) || /[=!|,<>~]/.test(text.charAt(index - 1))) continue;
    const rest = text.slice(index + 1);
    if (/[-=,|<>~]/.test(rest) || rest.trim() === "") continue;
    return { version: text.slice(0, index).replaceAll(" ", ""), build: rest.trim() };
  }
  return { version: text.replaceAll(" ", ""), build: null };
}

/**
 * What conda makes of a version as written: `=*` says no more than `*`; `name=1.2=build` names exactly version 1.2,
 * though `name=1.2` means `1.2.*`.
 */
function meantVersion(version: string, hasBuildBehind: boolean): string {
  if (/^==?\*$/.test(version)) return "*";
  if (!hasBuildBehind || !/^=[^=,|]+$/.test(version)) return version;
  return version.endsWith("*") ? version.slice(1) : `=${version}`;
}

function checkFields(spec: MatchSpec): MatchSpec {
  if (spec.version !== null) {
    try {
      checkVersionSpec(spec.version);
    } catch (error) {
      if (error instanceof VersionSpecError) fail(error.message);
      throw error;
    }
  }
  if (spec.build !== null && !/^[A-Za-z0-9_.+*!-]+$/.test(spec.build))
    fail(`the build "${spec.build}" has a character that no build string has`);
  if (spec.buildNumber !== null && !/^(?:[=!<>]=|[=<>])?[0-9]{1,15}$/.test(spec.buildNumber))
    fail(`the build number "${spec.buildNumber}" is not a number`);
  if (spec.subdir !== null && !SUBDIR.test(spec.subdir)) fail(`"${spec.subdir}" is not a platform`);
  if (spec.md5 !== null && !/^[0-9a-f]{32}$/i.test(spec.md5)) fail("md5 is not 32 hexadecimal digits");
  if (spec.sha256 !== null && !/^[0-9a-f]{64}$/i.test(spec.sha256))
    fail("sha256 is not 64 hexadecimal digits");
  return spec;
}

/** `https://host/channel/linux-64/name-1.0-build_0.conda`, perhaps with `#md5` or `#sha256`. */
function parsePackageAddress(address: string, hash: string): MatchSpec {
  const parts = /^(https?:\/\/.+)\/([^/]+)\/([^/]+)-([^-/]+)-([^-/]+)\.(?:conda|tar\.bz2)$/i.exec(address);
  const [, base = "", subdir = "", name = "", version = "", build = ""] = parts ?? [];
  if (parts === null || !SUBDIR.test(subdir) || !PACKAGE_NAME.test(name.toLowerCase()))
    return fail(
      "only http(s) addresses of the form https://host/channel/linux-64/name-version-build.conda are supported",
    );
  const digest = hash.replace(/^sha256:/, "");
  if (digest !== "" && !/^(?:[0-9a-f]{32}|[0-9a-f]{64})$/i.test(digest))
    fail("what follows the # is neither an md5 nor a sha256");
  return checkFields({
    name: name.toLowerCase(),
    channel: base,
    subdir,
    version: `==${version}`,
    build,
    buildNumber: null,
    md5: digest.length === 32 ? digest : null,
    sha256: digest.length === 64 ? digest : null,
  });
}

/**
 * Parses one match spec.
 * @throws MatchSpecError that says what is wrong with it.
 */
export function parseMatchSpec(text: string): MatchSpec {
  if (text.length > LENGTH_MAX) fail(`it is longer than ${LENGTH_MAX} characters`);
  const hashAt = text.indexOf("#");
  let rest = (hashAt === -1 ? text : text.slice(0, hashAt)).trim();
  const comment = hashAt === -1 ? "" : text.slice(hashAt + 1).trim();
  if (rest === "") fail("it names no package");
  if (PACKAGE_FILE.test(rest)) return parsePackageAddress(rest, comment);

  const bracket = rest.indexOf("[");
  let keys = new Map<Key, string>();
  if (bracket !== -1) {
    if (!rest.endsWith("]")) fail('the "[" is not closed at the end');
    keys = parseKeys(rest.slice(bracket + 1, -1));
    rest = rest.slice(0, bracket).trim();
  }
  const channelEnd = rest.lastIndexOf("::");
  const named = channelEnd === -1 ? null : splitSubdir(rest.slice(0, channelEnd).trim());
  rest = channelEnd === -1 ? rest : rest.slice(channelEnd + 2);
  if (named?.channel === "") fail('there is no channel before the "::"');
  if (rest.includes("(")) fail("parentheses are not supported");

  const [, rawName = "", constraint = ""] = /^([^ =<>!~]*)(.*)$/.exec(rest) ?? [];
  const name = rawName.toLowerCase();
  if (name === "") fail("it names no package");
  if (rawName.includes(":")) fail('a name has no ":"; a channel is written channel::name');
  if (!PACKAGE_NAME.test(name))
    fail(`"${rawName}" is not the name of a package: use letters, digits and _ . -`);
  const trimmed = constraint.trim();
  const split = trimmed === "" ? { version: null, build: null } : splitBuild(trimmed);
  if (trimmed !== "" && keys.has("version")) fail("the version stands twice");
  if (split.build !== null && keys.has("build")) fail("the build stands twice");
  const fromKey = keys.has("channel") ? splitSubdir(keys.get("channel") ?? "") : null;
  if (fromKey !== null && named !== null) fail("the channel stands twice");
  if (fromKey?.channel === "") fail("the channel is empty");
  const version = split.version ?? keys.get("version")?.replaceAll(" ", "") ?? null;
  return checkFields({
    name,
    channel: (named ?? fromKey)?.channel ?? null,
    subdir: keys.get("subdir") ?? (named ?? fromKey)?.subdir ?? null,
    version: version === null ? null : meantVersion(version, split.build !== null),
    build: split.build ?? keys.get("build") ?? null,
    buildNumber: keys.get("build_number") ?? null,
    md5: keys.get("md5") ?? null,
    sha256: keys.get("sha256") ?? null,
  });
}

/**
 * The version in a form that every engine reads alike: `.*` goes with no operator but `!=`, `==` and `~=`, and before a
 * build engines differ on whether `=1.2` is a prefix.
 */
function engineVersion(version: string, hasBuild: boolean): string {
  const plain = version
    .replace(/(?<![<>=!~])=(?!=)([^,|()]*)\*/g, "$1*")
    .replace(/([<>]=?)([^,|()]*)\.\*/g, "$1$2");
  return hasBuild ? plain.replace(/(?<![<>=!~])=(?!=)([^,|()]+)/g, "$1.*") : plain;
}

/**
 * The spec as engines read it: `name`, `name 1.2.*`, `name =3.11 build`, `channel::name[subdir=…]`.
 * @param channel full address of the channel, or null when any listed channel will do.
 */
export function formatMatchSpec(spec: MatchSpec, channel: string | null): string {
  const keys: string[] = [];
  if (spec.build !== null && spec.version === null) keys.push(`build="${spec.build}"`);
  if (spec.buildNumber !== null) keys.push(`build_number="${spec.buildNumber}"`);
  if (spec.subdir !== null) keys.push(`subdir="${spec.subdir}"`);
  if (spec.md5 !== null) keys.push(`md5="${spec.md5}"`);
  if (spec.sha256 !== null) keys.push(`sha256="${spec.sha256}"`);
  const build = spec.version !== null && spec.build !== null ? ` ${spec.build}` : "";
  const version = spec.version === null ? "" : ` ${engineVersion(spec.version, build !== "")}${build}`;
  return `${channel === null ? "" : `${channel}::`}${spec.name}${version}${keys.length > 0 ? `[${keys.join(",")}]` : ""}`;
}
