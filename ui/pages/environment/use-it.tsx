import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ArtifactType } from "#core/build/status.ts";
import { prefix } from "../../api.ts";
import type { Environment } from "../../environment.ts";
import type { Build } from "../../follow-build.ts";
import { Snippet } from "../../parts/copy.tsx";
import { fileAddress } from "../../parts/files.tsx";
import { ENVIRONMENT } from "../../words/environment.ts";

interface Way {
  readonly title: string;
  readonly text: string;
  readonly hint?: string;
}

/** A word that a shell takes as it is, whatever is in a name. */
const quoted = (text: string): string =>
  /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;

function waysOf(environment: Environment, build: Build, image: string | null): Way[] {
  const words = ENVIRONMENT.use;
  const { name } = environment;
  const whole = `${environment.namespace.name}/${name}`;
  const directory = (build.build_artifacts ?? []).find(({ artifact_type }) => artifact_type === "DIRECTORY");
  const made = (type: ArtifactType): boolean =>
    (build.build_artifacts ?? []).some(({ artifact_type }) => artifact_type === type);
  const fetched = (path: string, file: string): string =>
    `curl -fL -H "Authorization: Bearer $TOKEN" -o ${quoted(file)} \\\n  ${quoted(`${location.origin}${fileAddress(build.id, path)}`)}`;
  const ways: (Way | false)[] = [
    made("CONDA_PACK") && {
      title: words.cli,
      text: `export CONDA_STORE_URL=${quoted(`${location.origin}${prefix}`)}\nconda-store run ${quoted(whole)} -- python`,
    },
    directory !== undefined && {
      title: words.disk,
      text: `conda activate ${quoted(directory.key)}`,
      hint: words.kernelHint(`${environment.namespace.name}-${name}`),
    },
    made("CONDA_PACK") && {
      title: words.archive,
      text: `${fetched("archive", `${name}.tar.gz`)}\nmkdir ${quoted(name)} && tar -xzf ${quoted(`${name}.tar.gz`)} -C ${quoted(name)}\n${quoted(`${name}/bin/conda-unpack`)}`,
    },
    made("CONSTRUCTOR_INSTALLER") && {
      title: words.installer,
      text: `${fetched("installer", `${name}.sh`)}\nsh ${quoted(`${name}.sh`)} -b -p ${quoted(`./${name}`)}`,
    },
    image !== null && { title: words.docker, text: `docker pull ${quoted(image)}` },
    made("LOCKFILE") && {
      title: words.micromamba,
      text: `${fetched("lockfile", "conda-lock.yml")}\nmicromamba create -n ${quoted(name)} -f conda-lock.yml`,
    },
    made("YAML") && {
      title: words.pixi,
      text: `${fetched("yaml", "environment.yml")}\npixi init --import environment.yml`,
    },
  ];
  return ways.filter((way) => way !== false);
}

/** Commands that use the build, each to be copied. */
export function UseIt({ environment, build }: { environment: Environment; build: Build }) {
  const image = useSignal<string | null>(null);
  const hasImage = (build.build_artifacts ?? []).some(
    ({ artifact_type }) => artifact_type === "DOCKER_MANIFEST",
  );
  useEffect(() => {
    if (!hasImage) return;
    // The one answer that is plain text.
    void fetch(fileAddress(build.id, "docker"))
      .then(async (response) => {
        if (response.ok) image.value = (await response.text()).trim();
      })
      .catch(() => {});
  }, [build.id]);

  const ways = waysOf(environment, build, image.value);
  return (
    <section class="card" aria-labelledby="use-title">
      <h2 id="use-title">{ENVIRONMENT.use.title}</h2>
      <p class="small">{ways.length > 0 ? ENVIRONMENT.use.lead : ENVIRONMENT.use.notYet}</p>
      <div class="ways">
        {ways.map(({ title, text, hint }, index) => (
          <details key={title} open={index === 0}>
            <summary>{title}</summary>
            <Snippet text={text} label={title} />
            {hint && <p class="hint">{hint}</p>}
          </details>
        ))}
      </div>
    </section>
  );
}
