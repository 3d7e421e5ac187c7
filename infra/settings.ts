/**
 * The settings' lowest layer: what a deployment says, and what follows from its other properties.
 * @module
 */

import { BASE_IMAGE } from "#core/image/reference.ts";

interface Props {
  readonly architecture?: "X86_64" | "ARM64";
  readonly baseImage?: string;
  readonly diskOwner?: { readonly uid: number; readonly gid: number };
  readonly settings?: Readonly<Record<string, unknown>>;
}

/**
 * @returns conda-store's keys
 * @throws Error when a setting says otherwise than the property it follows from
 */
export function settingsOf({
  architecture,
  baseImage = BASE_IMAGE,
  diskOwner,
  settings = {},
}: Props): Record<string, unknown> {
  const { uid, gid } = diskOwner ?? { uid: 1000, gid: 100 };
  const fixed: Readonly<Record<string, readonly [value: unknown, from: string]>> = {
    default_uid: [uid, "diskOwner"],
    default_gid: [gid, "diskOwner"],
    conda_command: ["mamba", "the image"],
    default_docker_base_image: [baseImage, "baseImage"],
  };
  for (const [key, [value, from]] of Object.entries(fixed)) {
    const given = settings[key];
    if (given === undefined || given === value) continue;
    throw new Error(`settings.${key} cannot be ${JSON.stringify(given)}: ${from} makes it ${value}.`);
  }
  return {
    conda_solve_platforms: [architecture === "ARM64" ? "linux-aarch64" : "linux-64"],
    ...settings,
    ...Object.fromEntries(Object.entries(fixed).map(([key, [value]]) => [key, value])),
  };
}
