/**
 * What no engine may be asked, since engines accept it silently or misread it.
 * @module
 */
import { PREFIX_BYTES_MAX, PREFIX_TOO_LONG } from "#core/layout.ts";
import type { LockedPackage } from "#core/lock/lock.ts";
import { EngineError, type InstallRequest, type SolveRequest } from "#core/ports.ts";
import { type TrueChannels, trueChannels } from "./true-channels.ts";

const CONTROL = /\p{Cc}/u;
const BRACKET_CHANNEL = /\[(?<before>[^\]]*?)\bchannel\s*=\s*(?<quote>["']?)(?<channel>[^"',\]]+)\k<quote>/;
const BRACKET_KEYS = new Set(
  "version build build_number channel subdir md5 sha256 license license_family features track_features fn".split(
    " ",
  ),
);
const SUBDIR = /\/(?:noarch|[a-z]+-[a-z0-9_]+)$/;

/**
 * @returns the specs as the engine gets them: a channel that a spec names is one of the request's, by its mirror.
 * @throws EngineError invalid_spec, naming the spec.
 */
export function checkSpecs(request: SolveRequest): string[] {
  if (request.specs.length === 0)
    throw new EngineError("invalid_spec", "There is nothing to solve: no requirement was given.");
  return request.specs.map((spec) => checkSpec(spec.trim(), request));
}

function checkSpec(spec: string, request: SolveRequest): string {
  const refuse = (why: string): never => {
    throw new EngineError("invalid_spec", `The requirement ${JSON.stringify(spec)} ${why}.`);
  };
  if (spec === "") refuse("is empty");
  if (CONTROL.test(spec)) refuse("contains control characters");
  const named = spec.lastIndexOf("::");
  const channel = named < 0 ? undefined : spec.slice(0, named);
  const rest = named < 0 ? spec : spec.slice(named + 2);
  const inBracket = BRACKET_CHANNEL.exec(rest);
  const outside = rest.replace(BRACKET_CHANNEL, "[$<before>");
  if (outside.includes(":") || /\[[^\]]*\burl\s*=/.test(outside)) {
    refuse("names an address: give a package name and add its channel to the channels");
  }
  const fault = faultOf(outside);
  if (fault) refuse(fault);
  if (channel !== undefined) return `${allowedChannel(channel, request, refuse)}::${rest}`;
  const bracketed = inBracket?.groups?.["channel"];
  if (bracketed === undefined) return spec;
  const address = allowedChannel(bracketed, request, refuse);
  return rest.replace(BRACKET_CHANNEL, `[$<before>channel="${address}"`);
}

/** What is wrong with a spec without a channel; both engines take some of these silently for something else. */
function faultOf(spec: string): string | undefined {
  const name = /^[\w.][\w.-]*(?=$|[\s=<>!~[])/.exec(spec)?.[0];
  if (name === undefined) return "does not begin with a package name";
  const constraint = spec.slice(name.length);
  for (const [, content = ""] of constraint.matchAll(/\[([^\]]*)\]/g)) {
    const unquoted = content.replace(/(["'])[^"']*\1/g, "");
    const unknown = [...unquoted.matchAll(/([a-z_]+)\s*=/g)].find(([, key = ""]) => !BRACKET_KEYS.has(key));
    if (unknown) return `has an unknown part, ${unknown[1]}`;
  }
  const plain = constraint.replace(/\[[^\]]*\]/g, "").trim();
  if (/[[\]]/.test(plain)) return "has a bracket too few or too many";
  if (/[=<>!~,|]$/.test(plain)) return "ends where a version should follow";
  if (plain.includes("#")) return "contains a comment";
  if (/\*\.\w/.test(plain)) return "has a * inside a version, where only its end may have one";
  // `>= 2, < 3` is one version; what follows it is the build string, and after that comes nothing.
  const parts = plain.replace(/\s*([=<>!~,|]+)\s*/g, "$1").split(/\s+/);
  if (parts.length > 2) return "has more than a name, a version and a build string";
  const comparisons = (parts[0] ?? "").split(/[,|]/).filter((one) => one !== "");
  const unreadable = comparisons.find((one) => !/^(?:[=!~<>]=|[=<>])?[^=<>!~]+(?:=[^=<>!~]+)?$/.test(one));
  return unreadable === undefined ? undefined : `has the version ${unreadable}, which is none`;
}

/** A channel by address or by its last name, with or without a subdir. */
function allowedChannel(named: string, request: SolveRequest, refuse: (why: string) => never): string {
  const wanted = named.replace(/\/+$/, "").replace(SUBDIR, "");
  const channel = request.channels.find(
    ({ url }) => wanted !== "" && (url === wanted || (!wanted.includes("://") && url.endsWith(`/${wanted}`))),
  );
  if (channel) return channel.address;
  const allowed = request.channels.map(({ url }) => url).join(", ");
  return refuse(`names the channel ${named || '""'}, which is not among the channels (${allowed})`);
}

/** A package with the address that the engine asks. */
export interface AddressedPackage extends LockedPackage {
  readonly address: string;
}

/**
 * @returns the packages with their mirrors' addresses.
 * @throws EngineError prefix_too_long, or invalid_spec naming the package that cannot be installed as it stands.
 */
export function checkInstall(request: InstallRequest): AddressedPackage[] {
  checkPrefix(request.prefix);
  if (request.targetPrefix !== undefined) checkPrefix(request.targetPrefix);
  if (request.packages.length === 0)
    throw new EngineError("invalid_spec", "There is nothing to install: the lock is empty.");
  const channels = trueChannels(request.channels);
  const names = new Set<string>();
  return request.packages.map((item) => {
    if (names.has(item.name)) throw new EngineError("invalid_spec", `The lock names ${item.name} twice.`);
    names.add(item.name);
    return checkPackage(item, request.platform, channels);
  });
}

function checkPackage(item: LockedPackage, platform: string, channels: TrueChannels): AddressedPackage {
  const refuse = (why: string): never => {
    throw new EngineError("invalid_spec", `The lock's package ${item.name} ${item.version} ${why}.`);
  };
  if (!/^[0-9a-f]{64}$/.test(item.sha256)) refuse("has no sha256: every locked package needs one");
  if (item.subdir !== platform && item.subdir !== "noarch")
    refuse(`is for ${item.subdir}, not for ${platform}`);
  if (!/^[\w.+!-]+\.(?:conda|tar\.bz2)$/.test(item.fileName))
    refuse(`has a file name that is none: ${item.fileName}`);
  if (item.url !== `${item.channel}/${item.subdir}/${item.fileName}`) {
    refuse(`has the address ${item.url}, which is not <channel>/<subdir>/<file name>`);
  }
  const address =
    channels.toAddress(item.url) ?? refuse(`comes from ${item.channel}, which is not among the channels`);
  return { ...item, address };
}

/** @throws EngineError with conda-store's own sentence: at 255 bytes mamba corrupts binaries without a word. */
function checkPrefix(prefix: string): void {
  if (!prefix.startsWith("/")) throw new EngineError("internal", `The prefix ${prefix} is not absolute.`);
  if (Buffer.byteLength(prefix) > PREFIX_BYTES_MAX) throw new EngineError("prefix_too_long", PREFIX_TOO_LONG);
}
