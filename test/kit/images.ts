/**
 * Images that the real build task makes, and what is in them.
 * @module
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { getObject } from "#adapters/s3/objects.ts";
import { hexOf, type Manifest, parseManifest } from "#core/image/manifest.ts";
import { blobKey } from "#core/layout.ts";
import type { Ended, Workshop } from "./build-task.ts";
import { unpackLayers } from "./unpack-image.ts";

export interface BuiltImage {
  readonly ended: Ended;
  readonly manifest: Manifest;
  /** Where consumers see the environment. */
  readonly prefix: string;
}

/** @param yaml a specification; the settings must ask for DOCKER_MANIFEST */
export async function buildImage(workshop: Workshop, yaml: string, namespace = "team"): Promise<BuiltImage> {
  const ended = await workshop.build(await workshop.order(yaml, namespace));
  if (ended.result?.outcome !== "completed") throw new Error(`${ended.output}\n${ended.log}`);
  await workshop.settle(ended);
  const { artifacts } = ended.result;
  const key = artifacts.find(({ type }) => type === "DOCKER_MANIFEST")?.key ?? "none";
  const prefix = artifacts.find(({ type }) => type === "DIRECTORY")?.key ?? "none";
  const text = (await getObject(workshop.bucket, key))?.toString("utf8") ?? "none";
  return { ended, manifest: parseManifest(text), prefix };
}

export async function blobOf({ bucket }: Pick<Workshop, "bucket">, digest: string): Promise<Buffer> {
  const bytes = await getObject(bucket, blobKey(hexOf(digest) ?? ""));
  if (bytes === null) throw new Error(`no blob ${digest}`);
  return bytes;
}

export const digestsIn = ({ manifest }: BuiltImage): string[] => manifest.layers.map(({ digest }) => digest);

/** Lays the image's layers over each other. */
export async function unpackImage(workshop: Workshop, image: BuiltImage, root: string): Promise<void> {
  unpackLayers(await Promise.all(digestsIn(image).map((digest) => blobOf(workshop, digest))), root);
}

/** What lies where, as bytes or as the target of a link; what is another at another place is left out. */
export function treeOf(root: string, prefix: string): Map<string, string> {
  const tree = new Map<string, string>();
  const names = readdirSync(root, { recursive: true, encoding: "utf8" });
  for (const name of names) {
    if (/^conda-meta\/|\.pyc$|^bin\/conda-store-entrypoint$/.test(name)) continue;
    const status = lstatSync(join(root, name));
    if (status.isSymbolicLink())
      tree.set(name, `-> ${readlinkSync(join(root, name)).replace(prefix, "PREFIX")}`);
    else if (status.isFile()) {
      const text = readFileSync(join(root, name)).toString("latin1").replaceAll(prefix, "PREFIX");
      // A binary keeps its length: what a shorter prefix leaves free is filled behind the text.
      tree.set(name, text.includes("\0") ? text.replaceAll("\0", "") : text);
    }
  }
  return tree;
}

/** The same of the environment on the disk. */
export const treeOnDisk = ({ store, disk }: Workshop, { prefix }: BuiltImage): Map<string, string> =>
  treeOf(prefix.replace(store, disk), prefix);
