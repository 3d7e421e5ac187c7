/**
 * The configuration of an image: what a container of it runs, as whom, with which variables; and the history of its layers.
 * @module
 */
import * as v from "valibot";

/** Where an environment is in an image. */
export const IMAGE_PREFIX = "/opt/conda";
export const IMAGE_HOME = "/home/conda";
/** Nobody's number on most bases: containers do not run as root. */
export const IMAGE_USER = { uid: 1000, gid: 1000 } as const;
/** Activates the environment, and runs what it is told. */
export const ENTRYPOINT = `${IMAGE_PREFIX}/bin/conda-store-entrypoint`;
/** Images of the same lock are the same, whenever they are made. */
const CREATED = "1970-01-01T00:00:00Z";
const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** Packages may set variables and more when they are activated; that is all that conda would do here. */
export const ENTRYPOINT_SCRIPT = `#!/bin/sh
for script in "$CONDA_PREFIX"/etc/conda/activate.d/*.sh; do
  if [ -r "$script" ]; then . "$script"; fi
done
exec "$@"
`;

const texts = v.optional(v.nullable(v.array(v.string())), null);
const Base = v.object({
  architecture: v.string(),
  os: v.string(),
  config: v.optional(v.nullable(v.looseObject({ Env: texts })), null),
  rootfs: v.object({ type: v.literal("layers"), diff_ids: v.array(v.string()) }),
  history: v.optional(v.array(v.looseObject({ empty_layer: v.optional(v.boolean(), false) })), []),
});
/** What of a base image's configuration ours goes on from. */
export type BaseConfig = v.InferOutput<typeof Base>;

/** @throws Error when it is no configuration of an image */
export function parseBaseConfig(text: string): BaseConfig {
  const result = v.safeParse(Base, JSON.parse(text));
  if (result.success) return result.output;
  throw new Error(
    `no configuration of an image: ${v.getDotPath(result.issues[0]) ?? ""} is not as it should be`,
  );
}

/** The configuration of a base image that is nothing but one layer. */
export const renderBaseConfig = (architecture: string, diffId: string): string =>
  JSON.stringify({ architecture, os: "linux", config: {}, rootfs: { type: "layers", diff_ids: [diffId] } });

export interface ImageLayer {
  /** `sha256:…` of the layer before it was compressed. */
  readonly diffId: string;
  /** What is in it, for people. */
  readonly what: string;
}

export interface ConfigParts {
  /** conda's subdir: `linux-64` or `linux-aarch64`. */
  readonly platform: string;
  /** Null for an image from nothing. */
  readonly base: BaseConfig | null;
  readonly layers: readonly ImageLayer[];
  readonly labels: Readonly<Record<string, string>>;
}

/** The architecture of a subdir in the words of images; null where there are no images. */
export const architectureOf = (platform: string): "amd64" | "arm64" | null =>
  platform === "linux-64" ? "amd64" : platform === "linux-aarch64" ? "arm64" : null;

/** The configuration's text. */
export function renderConfig({ platform, base, layers, labels }: ConfigParts): string {
  return JSON.stringify({
    architecture: architectureOf(platform),
    os: "linux",
    created: CREATED,
    config: {
      User: `${IMAGE_USER.uid}:${IMAGE_USER.gid}`,
      WorkingDir: IMAGE_HOME,
      Env: environment(base?.config?.Env ?? []),
      // An image from nothing has no shell to run the script with.
      ...(base === null ? {} : { Entrypoint: [ENTRYPOINT] }),
      Cmd: [base === null ? `${IMAGE_PREFIX}/bin/python` : "/bin/sh"],
      Labels: labels,
    },
    rootfs: {
      type: "layers",
      diff_ids: [...(base?.rootfs.diff_ids ?? []), ...layers.map(({ diffId }) => diffId)],
    },
    history: [
      ...(base?.history ?? []),
      ...layers.map(({ what }) => ({ created: CREATED, created_by: "conda-store", comment: what })),
    ],
  });
}

/** The base's variables, ours over them, the environment's programs first. */
function environment(base: readonly string[]): string[] {
  const path = base.find((each) => each.startsWith("PATH="))?.slice("PATH=".length) ?? SYSTEM_PATH;
  const ours = {
    PATH: `${IMAGE_PREFIX}/bin:${path}`,
    CONDA_PREFIX: IMAGE_PREFIX,
    CONDA_DEFAULT_ENV: IMAGE_PREFIX,
    HOME: IMAGE_HOME,
    LANG: "C.UTF-8",
  };
  const kept = base.filter((each) => !Object.hasOwn(ours, each.split("=", 1)[0] ?? ""));
  return [...kept, ...Object.entries(ours).map(([name, value]) => `${name}=${value}`)];
}
