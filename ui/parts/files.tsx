import type { ArtifactType } from "#core/build/status.ts";
import { prefix } from "../api.ts";
import type { Build } from "../follow-build.ts";
import { WORDS } from "../words.ts";

interface Download {
  readonly type: ArtifactType;
  readonly path: string;
  readonly name: string;
  readonly hint: string;
}

const DOWNLOADS: readonly Download[] = [
  { type: "CONDA_PACK", path: "archive", name: WORDS.build.archive, hint: WORDS.build.archiveHint },
  {
    type: "CONSTRUCTOR_INSTALLER",
    path: "installer",
    name: WORDS.build.installer,
    hint: WORDS.build.installerHint,
  },
  { type: "LOCKFILE", path: "lockfile", name: WORDS.build.lockfile, hint: WORDS.build.lockfileHint },
  { type: "YAML", path: "yaml", name: WORDS.build.yaml, hint: WORDS.build.yamlHint },
  { type: "LOGS", path: "logs", name: WORDS.build.logs, hint: WORDS.build.logsHint },
];

/** The address of one of a build's files; the server answers with where it lies. */
export const fileAddress = (buildId: number, path: string): string =>
  `${prefix}/api/v1/build/${buildId}/${path}/`;

/** Links to what the build has made. */
export function Files({ build, isLive }: { build: Build; isLive: boolean }) {
  const made = new Set((build.build_artifacts ?? []).map(({ artifact_type }) => artifact_type));
  const present = DOWNLOADS.filter(({ type }) => made.has(type));
  // A build that has ended without a file has nothing to promise.
  if (present.length === 0 && !isLive) return null;
  return (
    <>
      <h3>{WORDS.build.files}</h3>
      {present.length === 0 && <p class="quiet">{WORDS.build.noFiles}</p>}
      <ul class="files">
        {present.map(({ path, name, hint }) => (
          <li key={path}>
            <a href={fileAddress(build.id, path)} target="_blank" rel="noreferrer">
              {name}
              <span class="hint">{hint}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
