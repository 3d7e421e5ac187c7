import type { ArtifactType } from "#core/build/status.ts";
import { prefix } from "../api.ts";
import type { Build } from "../follow-build.ts";
import { showSize } from "../format.ts";
import { BUILD } from "../words/build.ts";

interface Download {
  readonly type: ArtifactType;
  readonly path: string;
  readonly name: string;
  readonly hint: string;
}

const DOWNLOADS: readonly Download[] = [
  { type: "CONDA_PACK", path: "archive", name: BUILD.archive, hint: BUILD.archiveHint },
  {
    type: "CONSTRUCTOR_INSTALLER",
    path: "installer",
    name: BUILD.installer,
    hint: BUILD.installerHint,
  },
  { type: "LOCKFILE", path: "lockfile", name: BUILD.lockfile, hint: BUILD.lockfileHint },
  { type: "YAML", path: "yaml", name: BUILD.yaml, hint: BUILD.yamlHint },
  { type: "LOGS", path: "logs", name: BUILD.logs, hint: BUILD.logsHint },
];

/** The address of one of a build's files; the server answers with where it lies. */
export const fileAddress = (buildId: number, path: string): string =>
  `${prefix}/api/v1/build/${buildId}/${path}/`;

/** Links to what the build has made. */
export function Files({ build, isLive }: { build: Build; isLive: boolean }) {
  const sizes = new Map((build.build_artifacts ?? []).map((made) => [made.artifact_type, made.size]));
  const present = DOWNLOADS.flatMap((download) => {
    const bytes = sizes.get(download.type);
    return bytes === undefined ? [] : [{ ...download, bytes }];
  });
  // A build that has ended without a file has nothing to promise.
  if (present.length === 0 && !isLive) return null;
  return (
    <>
      <h3>{BUILD.files}</h3>
      {present.length === 0 && <p class="quiet">{BUILD.noFiles}</p>}
      <ul class="files">
        {present.map(({ path, name, hint, bytes }) => (
          <li key={path}>
            <a href={fileAddress(build.id, path)} target="_blank" rel="noreferrer">
              {name}
              <span class="hint">{hint}</span>
              <span class="hint">{showSize(bytes)}</span>
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
