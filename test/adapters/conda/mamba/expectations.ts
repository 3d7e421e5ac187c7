/**
 * What each recorded call must mean to the adapter. Written from what is known of mamba, not from what the code says.
 * @module
 */
import type { EngineFailure } from "#core/ports.ts";

export type Meaning =
  /** A solve's solution with so many packages. */
  | { readonly packages: number }
  /** It did not fail. Whether the prefix is whole is another question, which exit 0 does not answer. */
  | "done"
  | { readonly failure: EngineFailure; readonly retryable: boolean; readonly says?: readonly string[] }
  /** No call that an adapter makes: no create or install, or more than one call. */
  | "not ours";

const not = (failure: EngineFailure, ...says: string[]): Meaning => ({ failure, retryable: false, says });
const later = (failure: EngineFailure, ...says: string[]): Meaning => ({ failure, retryable: true, says });

/** Each case is in one row, by the whole of its name. */
export const EXPECTATIONS: readonly (readonly [cases: string, meaning: Meaning])[] = [
  // Configuration, lists, searches, removals.
  ["00[1246-9]-.*|01[0-6]-.*|6[0-24]-.*|63-(remove|run|update).*|65-.*|80-stale-sharded-5", "not ours"],
  ["43-cache-hardlink|44-two-at-once.*", "not ours"],
  // An argument it does not know is a fault of ours.
  ["005-unknown-flag", later("internal", "does not know an argument")],

  // Solves.
  ["020-solve-json", { packages: 43 }],
  ["021-solve-json-warm-index|022-solve-offline|02[6-9]-.*|030-.*", { packages: -1 }],
  [
    "03[3-6]-.*|038-.*|04[0-24]-.*|06-spec-(01|10|14|15|16|17|19|20|22)|07-index-flaky-2-json",
    { packages: -1 },
  ],
  ["08-auth-file-(basic|bearer)|08-basic-in-url|08-netrc|80-stale-.*-[1-46]", { packages: -1 }],
  [
    "003-create-help|024-solve-text|025-solve-quiet|07-index-flaky-2-text|08-token-good-text|031-solve-yaml",
    "done",
  ],
  // Success with nothing to do: nothing was asked for.
  ["032-no-specs|06-spec-(04|21)", not("invalid_spec", "name a package")],
  // Credentials in a channel's address are masked in the answer, so the answer cannot be locked.
  ["08-token-good|08-auth-file-token", later("internal", "/t/***/", "not among the channels")],
  // A channel that only a spec named: refused before the call, and in the answer as well.
  ["06-spec-18", later("internal", "not among the channels")],
  ["023-.*", not("not_found", "python =3.11")],
  ["037-.*", not("virtual_package", "cuda-thing needs __cuda >=12", "choose a version")],
  ["039-.*", not("virtual_package", "glibc-future needs __glibc >=99")],
  ["043-.*", not("virtual_package", "libnative needs __glibc >=2.17,<3.0.a0")],
  ["05-build-string-.*", not("not_found", "apple =2.0.0 nope_0 was not found")],
  ["05-not-found-(json|text).*", not("not_found", "no-such-package was not found", "check the spelling")],
  ["05-not-found-typo-.*", not("not_found", "oliv was not found")],
  ["05-not-found-version-.*", not("not_found", "willow =9.9 was not found", "the name and the version")],
  ["05-conflict-(json|text).*", not("conflict", "clash-a, clash-b", "Loosen or remove")],
  ["05-conflict-deep-.*", not("conflict", "acorn =2.0.0, willow =1.0.0")],
  ["05-constrains-.*", not("conflict", "constrainer, willow =2")],
  ["05-missing-dep-.*", not("missing_dependency", "broken-dep needs does-not-exist >=1", "add the channel")],
  // Without the shards of packages for another python the reason is another one, and wrong.
  ["05-python-too-new-(json|text)", not("not_found", "needs-old-python")],
  ["05-python-too-new-.*-noshards", not("missing_dependency", "needs-old-python needs python <3.8")],
  ["05-channel-in-spec-json", not("channel", "HTTP 404", "/else/where/noarch/repodata.json")],
  ["06-spec-(00|02|03|06|13)", not("invalid_spec", "cannot be read")],
  // The adapter refuses these before the call (see the table of specs).
  ["06-spec-(05|07|08|09|11|12)", not("not_found")],

  // Channels.
  ["07-file-channel-missing|07-unreachable-.*", later("channel", "could not be fetched")],
  [
    "07-index-404-.*|07-one-good-one-404",
    not("channel", "HTTP 404", "noarch/repodata.json", "check the address"),
  ],
  // 403 is also what a channel says that wants a token (08-token-missing): they cannot be told apart.
  ["07-index-403-.*", not("channel_auth", "HTTP 403", "noarch/repodata.json")],
  ["08-token-(missing|wrong)", not("channel_auth", "HTTP 403")],
  ["08-basic-none", not("channel_auth", "HTTP 401")],
  ["07-index-500-.*", later("channel", "HTTP 500")],
  ["07-index-(cut|html)-.*", later("channel_broken", "could not be read")],
  ["07-no-channel", not("not_found", "spruce")],

  // Installs that ended well, by exit code.
  ["08-(auth-file|token|basic)-.*(create|lock|lock-url)(?<!basic-in-url-create)", "done"],
  [
    "10-.*|11-lock-(dry-run|explicit-only|platform-lie)|11-yaml-(dict-dep|no-deps|null-dep)|12-conda-lock",
    "done",
  ],
  ["13-pkg-(429-json|flaky-2-json|slow-text|404-then-good-none-3|404-then-good-sha256-[23])", "done"],
  ["2[0-4]-.*|3[0-3]-.*|4[0-2]-.*-again|43-cache-(changed|missing).*|44-lock-timeout", "done"],
  ["45-cache-read-only-second|45-cross-device|50-ulimit-(n|v-150|v-250|v-400)|52-.*|63-install-.*", "done"],
  // An interrupt that came while it linked: success by every sign but the empty prefix.
  ["42-int-in-link", "done"],

  // Installs that failed.
  ["08-basic-in-url-create", not("channel_auth", "HTTP 401", "spruce-2.0.0-pyhabc0123_0.conda")],
  ["11-lock-empty", later("internal", "Got an empty file")],
  ["11-lock-junk", later("internal", "Fail to parse PackageInfo URL")],
  ["11-lock-missing-file", later("internal", "No such file or directory")],
  ["11-yaml-(broken|scalar)", later("internal", "yaml-cpp")],
  [
    "11-wrong-sha256-.*",
    not("checksum", "poplar-2.0.0-pyhabc0123_0.conda", "0".repeat(64), "04bd300ad5ce3dd4"),
  ],
  [
    "11-wrong-md5-json",
    not("checksum", "poplar-2.0.0-pyhabc0123_0.conda", "0".repeat(32), "caf91504e7fb89f8"),
  ],
  ["12-conda-lock-wrong-sha256", not("checksum", "0".repeat(64))],
  ["13-pkg-(short-json|wrong-.*)", not("checksum", "solve again")],
  ["13-pkg-(403|404)-(json|text)", not("package_missing", "HTTP 40", "/pkg-40", "solve again")],
  ["13-pkg-404-then-good-.*-1", not("package_missing", "HTTP 404")],
  // Without hashes the error's own body stays in the cache under the package's name; the next try heals it.
  ["13-pkg-404-then-good-none-2|13-pkg-short-no-hash", later("checksum", "cannot be unpacked")],
  ["13-pkg-500-.*", later("channel", "HTTP 500", "try again")],
  ["13-pkg-cut-.*", later("channel", "Transferred a partial file")],
  ["13-pkg-hang", later("channel", "Timeout was reached")],
  ["4[01]-int-in-(download|extract)", later("internal", "interrupted")],
  ["4[0-2]-term-in-[a-z]+", later("internal", "SIGTERM")],
  ["4[0-2]-kill-in-[a-z]+|51-oom-killed", later("memory", "it was killed")],
  ["45-cache-full-.*", later("disk", "Write failed")],
  ["45-cache-read-only", later("disk", "writable package cache")],
  ["45-prefix-full-.*", later("disk", "Input/output error")],
  ["45-prefix-read-only", later("disk", "Read-only file system")],
  ["45-prefix-is-a-file", later("internal", "is not a folder")],
  ["50-ulimit-f", later("disk", "limit of file sizes")],
  ["50-ulimit-v-100", later("memory", "Resource temporarily unavailable")],
  ["50-ulimit-v-60", later("memory", "failed to map segment")],

  // The adapter's own calls.
  ["90-solve", { packages: 6 }],
  ["90-solve-conflict", not("conflict", "clash-a, clash-b")],
  ["90-solve-not-found", not("not_found", "was not found")],
  ["90-solve-channel-404", not("channel", "HTTP 404")],
  ["90-solve-quiet-fails", later("internal", "exit code 1")],
  ["90-install|90-install-relocate", "done"],
  ["90-install-fails", not("package_missing", "HTTP 404")],
];

/** Specs of the cases `06-spec-*`: mamba takes those of the second list for something else, or for nothing. */
export const SPECS_ACCEPTED = ["14", "15", "16", "19", "20", "22"];
export const SPECS_REFUSED = ["00", "01", "02", "03", "04", "05", "06", "07", "08", "09"].concat([
  "10",
  "11",
  "12",
  "13",
  "17",
  "18",
  "21",
]);
