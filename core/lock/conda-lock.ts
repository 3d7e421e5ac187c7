/**
 * A lock as a conda-lock v1 lockfile: the form that users download and may post back.
 * @module
 */
import { createHash } from "node:crypto";
import type { Sha256 } from "#core/names.ts";
import type { Lock, LockedPackage, LockedPipPackage } from "./lock.ts";
import { compareText, inInstallOrder } from "./order.ts";

/** One entry of `package:`. */
export interface CondaLockPackage {
  readonly name: string;
  readonly version: string;
  readonly manager: "conda" | "pip";
  readonly platform: string;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly url: string;
  readonly hash: { readonly md5?: string; readonly sha256: string };
  readonly category: "main";
  readonly optional: false;
  readonly build?: string;
}

export interface CondaLockFile {
  readonly version: 1;
  readonly metadata: {
    readonly content_hash: Readonly<Record<string, string>>;
    readonly channels: readonly { readonly url: string; readonly used_env_vars: readonly string[] }[];
    readonly platforms: readonly string[];
    readonly sources: readonly string[];
    readonly custom_metadata: Readonly<Record<string, string>>;
  };
  readonly package: readonly CondaLockPackage[];
}

/** A rendered lock: the digest names the text, so equal locks are one object. */
export interface RenderedLock {
  readonly digest: Sha256;
  readonly file: CondaLockFile;
  /** The file as JSON text, indented by four as conda-store writes it. */
  readonly text: string;
}

/**
 * Renders a lock. The order in which an engine gave packages, channels' trailing slashes and the like do not
 * matter: locks that install the same have the same digest. The virtual packages that the solve assumed stand in
 * `custom_metadata`, the digest in `content_hash`.
 */
export function renderCondaLock(lock: Lock): RenderedLock {
  const content = {
    version: 1 as const,
    metadata: {
      channels: lock.channels.map((url) => ({ url: url.replace(/\/+$/, ""), used_env_vars: [] })),
      platforms: [lock.platform],
      sources: ["environment.yml"],
      custom_metadata: sorted(lock.virtualPackages),
    },
    package: [
      ...inInstallOrder(lock.packages).map((item) => condaEntry(item, lock.platform)),
      ...inInstallOrder(lock.pipPackages).map((item) => pipEntry(item, lock.platform)),
    ],
  };
  const digest = createHash("sha256").update(JSON.stringify(content)).digest("hex") as Sha256;
  const file: CondaLockFile = {
    version: 1,
    metadata: { content_hash: { [lock.platform]: digest }, ...content.metadata },
    package: content.package,
  };
  return { digest, file, text: `${JSON.stringify(file, null, 4)}\n` };
}

function condaEntry(item: LockedPackage, platform: string): CondaLockPackage {
  return {
    name: item.name,
    version: item.version,
    manager: "conda",
    platform,
    dependencies: dependencyMap(item.depends),
    url: item.url,
    hash: item.md5 === null ? { sha256: item.sha256 } : { md5: item.md5, sha256: item.sha256 },
    category: "main",
    optional: false,
    build: item.build,
  };
}

function pipEntry(item: LockedPipPackage, platform: string): CondaLockPackage {
  return {
    name: item.name,
    version: item.version,
    manager: "pip",
    platform,
    dependencies: dependencyMap(item.depends),
    url: item.url,
    hash: { sha256: item.sha256 },
    category: "main",
    optional: false,
  };
}

/**
 * `["python >=3.9", "python <4", "zlib"]` → `{"python": ">=3.9,<4", "zlib": ""}`. Of two requirements on one name
 * of which one names a build, which cannot be joined, the longer stays, as it says more.
 */
export function dependencyMap(depends: readonly string[]): Record<string, string> {
  const map = new Map<string, string>();
  for (const spec of [...depends].sort(compareText)) {
    const match = /^([^\s=<>!~;[(]+)\s*(.*)$/s.exec(spec.trim());
    const name = match?.[1];
    if (name === undefined) continue;
    const wanted = match?.[2]?.trim().replace(/\s+/g, " ") ?? "";
    const known = map.get(name);
    map.set(name, known === undefined ? wanted : joined(known, wanted));
  }
  return sorted(Object.fromEntries(map));
}

function joined(a: string, b: string): string {
  if (a === b || b === "") return a;
  if (a === "") return b;
  if (a.includes(" ") || b.includes(" ")) return b.length > a.length ? b : a;
  return `${a},${b}`;
}

function sorted(record: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareText(a, b)));
}
