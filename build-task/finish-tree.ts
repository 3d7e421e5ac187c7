/**
 * The second half of a build: from an installed tree to a published one.
 * @module
 */
import { noteReuseKey } from "#adapters/dynamodb/holds.ts";
import { putReusable, type Reusable } from "#adapters/dynamodb/reuse.ts";
import type { Artifact } from "#core/build/status.ts";
import type { RenderedLock } from "#core/lock/conda-lock.ts";
import type { Lock } from "#core/lock/lock.ts";
import type { SpecificationTests } from "#core/specification/tests.ts";
import { run } from "./named-steps.ts";
import type { PrefixPackage } from "./prefix.ts";
import { type Built, keyOf, ownDirectory, wantedImages, wantedPacked } from "./products.ts";
import { sideBySide } from "./side-by-side.ts";
import { archive } from "./steps/archive.ts";
import { compile } from "./steps/compile.ts";
import { image } from "./steps/image.ts";
import { inspect } from "./steps/inspect.ts";
import { runLinkScripts } from "./steps/link-scripts.ts";
import { storePackages } from "./steps/packages.ts";
import { copyToDisk, publish } from "./steps/publish.ts";
import { type Sealed, seal } from "./steps/seal.ts";
import { test } from "./steps/test.ts";
import { verify } from "./steps/verify.ts";
import type { Task } from "./task.ts";

export interface Tree {
  readonly lock: Lock;
  readonly rendered: RenderedLock;
  readonly installed: readonly PrefixPackage[];
  /** Bytes of a package that was fetched; null where it is not known. */
  readonly sizeOf: (url: string) => number | null;
  readonly tests: SpecificationTests | null;
  /** What is in S3 already. */
  readonly products: readonly Artifact[];
}

/** Each step may be run again. @throws StepError */
export async function finishTree(task: Task, tree: Tree): Promise<Built> {
  const { lock, rendered, installed, products, tests } = tree;
  const scripted = await run(task, "link scripts", (step) =>
    runLinkScripts(task, step, lock.packages, installed),
  );
  const input = { installed, scripted, hasPip: lock.pipPackages.length > 0 };
  const [, sealed] = await sideBySide<[unknown, Sealed]>(task, [
    (each) => run(each, "compile", (step) => compile(each, step, installed)),
    (each) => run(each, "seal", (step) => seal(each, step, input)),
  ]);
  await run(task, "inspect", (step) => inspect(task, step, input, sealed));
  const reuseKey = keyOf(task, lock, rendered);
  if (tests !== null) await run(task, "test", (step) => test(task, step, tests, reuseKey));
  const imaged = {
    lock,
    lockDigest: rendered.digest,
    installed,
    changed: input.hasPip || scripted.length > 0,
  };
  const [packed, images, packages, copiedBytes] = await sideBySide<
    [Artifact[], Artifact[], number, number | null]
  >(task, [
    async (each) =>
      wantedPacked(each).length > 0
        ? await run(each, "archive", (step) => archive(each, step, reuseKey, wantedPacked(each)))
        : [],
    (each) =>
      sideBySide<Artifact[]>(
        each,
        wantedImages(each).map(() => (part: Task) => run(part, "image", (step) => image(part, step, imaged))),
      ),
    (each) => run(each, "packages", (step) => storePackages(each, step, lock, rendered.digest, tree)),
    async (each) => {
      const { copy } = each.paths;
      return copy && (await run(each, "copy", (step) => copyToDisk(each.paths.prefix, copy, step)));
    },
  ]);
  if (task.paths.isShared) await run(task, "publish", (step) => publish(task, step));
  const objects = [...products, ...packed, ...images];
  const sizeBytes = await run(task, "verify", (step) => verify(task, step, objects, copiedBytes));
  const { isShared, prefix, directory } = task.paths;
  const artifacts: Artifact[] = [
    ...(isShared ? [{ type: "DIRECTORY", key: prefix, sizeBytes } as const] : []),
    ...objects,
  ];
  const reusable: Reusable = { build: task.build.id, directory, sizeBytes, packages, artifacts };
  // When the first of these goes, nothing is lent from this build any more.
  const lendable = isShared ? ownDirectory(task) : packed.map(({ key }) => key);
  for (const thing of lendable) await noteReuseKey(task.db, thing, reuseKey);
  if (lendable.length > 0) await putReusable(task.db, reuseKey, reusable);
  return { sizeBytes, lockDigest: rendered.digest, artifacts, packages };
}
