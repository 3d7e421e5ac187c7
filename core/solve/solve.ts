/**
 * A solve that somebody asked for, before anything is built.
 * @module
 */
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import type { IndexSource } from "#core/lock/solve-key.ts";
import { KEPT_ETAG, keptEtag, type RepodataPlace, type RepodataState } from "#core/repodata/state.ts";
import type { Settings } from "#core/settings/settings.ts";
import type { EnvironmentDocument } from "#core/specification/environment.ts";

/** What solves are made by; a test compares it with package.json. */
export const SOLVER = "rattler wasm 0.3.5";

export const SOLVE_STATUSES = ["QUEUED", "SOLVING", "SOLVED", "FAILED"] as const;
export type SolveStatus = (typeof SOLVE_STATUSES)[number];

/** Whose the failure is: the specification's, a channel's, or this service's. */
export type SolveFault = "specification" | "channel" | "service";

export interface SolvedPackage {
  readonly name: string;
  readonly version: string;
  readonly build: string;
  readonly buildNumber: number;
  readonly channel: string;
  readonly subdir: string;
  readonly url: string;
  readonly sha256: string;
  readonly md5: string | null;
  readonly sizeBytes: number;
  readonly depends: readonly string[];
}

export interface Solve {
  readonly id: string;
  readonly namespace: string;
  readonly environment: string;
  readonly status: SolveStatus;
  readonly askedOn: Date;
  readonly endedOn: Date | null;
  /** Hashes of the specification after settings, as it would be built. */
  readonly sha256: string;
  readonly document: string;
  /** Why it failed; null while it has not. */
  readonly message: string | null;
  readonly fault: SolveFault | null;
  readonly lockDigest: string | null;
}

/** What was asked: as it was posted, and after settings. */
export interface SolveQuestion {
  readonly posted: EnvironmentDocument;
  readonly spec: EnvironmentDocument;
}

export interface SolveAnswer {
  readonly solver: string;
  readonly platform: string;
  readonly packages: readonly SolvedPackage[];
  readonly sources: readonly IndexSource[];
  /** Requirements of pip, which the build resolves. */
  readonly pip: readonly string[];
}

/** A solve is kept, and its lock may be built, for so long. */
export const SOLVE_KEPT_HOURS = 24;
/** Who asks the same within this time gets the same solve. */
const SOLVE_FRESH_MINUTES = 5;
/** The solver is stopped after this. */
export const SOLVE_SECONDS = 240;
/** A solve that has not ended by then never will: whoever made it has died. */
const LOST_SECONDS = SOLVE_SECONDS + 60;

/** The solve as it is to be shown now: one that was lost has failed. */
export function asOfNow(solve: Solve, now: Date): Solve {
  const isOpen = solve.status === "QUEUED" || solve.status === "SOLVING";
  if (!isOpen || now.getTime() - solve.askedOn.getTime() <= LOST_SECONDS * 1000) return solve;
  const message = `The solver did not answer within ${LOST_SECONDS} seconds: ask again, or post the specification to build it without a preview.`;
  return { ...solve, status: "FAILED", message, fault: "service", endedOn: now };
}

/** Whether somebody who asks the same now may have this one. */
export const isFresh = (solve: Solve, now: Date): boolean =>
  asOfNow(solve, now).status !== "FAILED" &&
  now.getTime() - solve.askedOn.getTime() < SOLVE_FRESH_MINUTES * 60_000;

/** What of a deployment decides what comes of a specification beside the specification itself. */
export const solvedBy = ({
  conda_solve_platforms: platforms,
  conda_virtual_packages: virtual,
}: Pick<Settings, "conda_solve_platforms" | "conda_virtual_packages">): object => ({
  solver: SOLVER,
  platforms,
  virtual,
});

/** Indexes that a solve read and that prefetch may have replaced since: only of what is kept can be known that it has changed. */
export const keptPlacesOf = (namespace: string, sources: readonly IndexSource[]): RepodataPlace[] =>
  sources.filter(isKept).flatMap(({ channel, path }) => {
    const subdir = path.split("/")[0] ?? "";
    return [null, namespace].map((owner) => ({ owner, channel, subdir }));
  });

/** @param states what is in force at those places. @returns whether the solve would read the same now */
export const areInForce = (sources: readonly IndexSource[], states: readonly RepodataState[]): boolean =>
  sources
    .filter(isKept)
    .every(({ channel, path, validator }) =>
      states.some(
        (state) =>
          state.channel === channel &&
          path.startsWith(`${state.subdir}/`) &&
          state.live !== null &&
          keptEtag(state.live) === validator,
      ),
    );

const isKept = ({ validator }: IndexSource): boolean => validator?.startsWith(KEPT_ETAG) ?? false;

export interface SolveChanges {
  readonly added: readonly { readonly name: string; readonly version: string }[];
  readonly removed: readonly { readonly name: string; readonly version: string }[];
  readonly changed: readonly { readonly name: string; readonly from: string; readonly to: string }[];
  readonly unchanged: number;
  /** Bytes of packages that the build before does not have. */
  readonly downloadBytes: number;
}

/** What a build of this solve would change, against conda's packages of another build. */
export function changesBetween(
  solved: readonly SolvedPackage[],
  before: readonly InstalledPackage[],
): SolveChanges {
  const former = new Map(
    before.filter(({ manager }) => manager === "conda").map((each) => [each.name, each]),
  );
  const names = new Set(solved.map(({ name }) => name));
  const added = solved.filter(({ name }) => !former.has(name));
  const others = solved.filter(({ name, sha256 }) => {
    const was = former.get(name);
    return was !== undefined && was.sha256 !== sha256;
  });
  const label = (version: string, build: string, isSame: boolean): string =>
    isSame ? `${version} ${build}` : version;
  return {
    added: added.map(({ name, version }) => ({ name, version })),
    removed: [...former.values()]
      .filter(({ name }) => !names.has(name))
      .map(({ name, version }) => ({ name, version })),
    changed: others.map(({ name, version, build }) => {
      const was = former.get(name);
      const isSame = was?.version === version;
      return {
        name,
        from: label(was?.version ?? "", was?.build ?? "", isSame),
        to: label(version, build, isSame),
      };
    }),
    unchanged: solved.length - added.length - others.length,
    downloadBytes: [...added, ...others].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}
