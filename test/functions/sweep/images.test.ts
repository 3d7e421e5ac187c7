/** What becomes of images whose builds go. */
import { expect, test } from "vitest";
import { deleteBuild } from "#adapters/dynamodb/delete-build.ts";
import { heldBy } from "#adapters/dynamodb/holds.ts";
import { findRepositoryBlob, findTag, readTags } from "#adapters/dynamodb/repositories.ts";
import { headObject } from "#adapters/s3/objects.ts";
import { digestOf, hexOf } from "#core/image/manifest.ts";
import { blobKey, manifestKey } from "#core/layout.ts";
import { useLeftovers } from "#test/kit/leftovers.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { type StoredImage, storeImage } from "#test/kit/registry.ts";

const aws = useMiniStack();
const left = useLeftovers(aws, "images");
const place = { namespace: "team", environment: "imaged" };
const store = (content: string): Promise<StoredImage> =>
  storeImage({ db: left.db, bucket: left.context.bucket }, place, content);
const isThere = async ({ layer, manifest }: StoredImage): Promise<boolean[]> => {
  const keys = [blobKey(hexOf(digestOf(layer)) ?? ""), manifestKey(hexOf(digestOf(manifest)) ?? "")];
  return await Promise.all(keys.map(async (key) => (await headObject(left.context.bucket, key)) !== null));
};

test("an image goes with the last build that has it, tags and all, when the grace time is over", async () => {
  const [first, second, current] = [await store("shared"), await store("shared"), await store("other")];
  const lock = first.build.lockDigest ?? "";
  const digest = digestOf(first.layer);

  await deleteBuild(left.db, first.build.id, [], left.now);
  await left.work(70);
  await left.work(70);
  expect(await isThere(second)).toEqual([true, true]);
  expect(await findRepositoryBlob(left.db, place, digest)).not.toBeNull();
  expect([await findTag(left.db, place, lock), await findTag(left.db, place, first.build.buildKey)]).toEqual([
    second.build.id,
    null,
  ]);

  await deleteBuild(left.db, second.build.id, [], left.now);
  await left.work(10);
  // Nobody is sent there any more, and who was sent has the grace time.
  expect(await findRepositoryBlob(left.db, place, digest)).toBeNull();
  expect(await isThere(second)).toEqual([true, true]);
  await left.work(70);
  await left.work(70);

  expect(await isThere(second)).toEqual([false, false]);
  expect(await isThere(current)).toEqual([true, true]);
  expect((await readTags(left.db, place, null, 10)).map(({ build }) => build)).toEqual([
    current.build.id,
    current.build.id,
  ]);
  expect(await heldBy(left.db, second.build.id)).toEqual([]);
});
