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
import { openRegistry, type StoredImage, storeImage } from "#test/kit/registry.ts";

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

test("who pulls while a build is deleted gets all of its bytes or is told that they are unknown; other builds' images are there throughout", async () => {
  const registry = await openRegistry({ ...aws, table: left.db.table });
  try {
    const [kept, going, current] = [await store("same"), await store("going"), await store("current")];
    const password = await registry.token({ "team/*": ["viewer"] });
    const headers = { authorization: `Basic ${Buffer.from(`anybody:${password}`).toString("base64")}` };
    const ask = (path: string) =>
      fetch(`${registry.address}/v2/team/imaged/${path}`, { headers, redirect: "manual" });
    const codeOf = async (response: Response) =>
      ((await response.json()) as { errors: { code: string }[] }).errors[0]?.code;
    /** @returns whether all of it was there */
    const pull = async ({ build, manifest, layer, config }: StoredImage): Promise<boolean> => {
      const got = await ask(`manifests/${build.id}`);
      if (got.status !== 200) {
        expect([got.status, await codeOf(got)]).toEqual([404, "MANIFEST_UNKNOWN"]);
        return false;
      }
      expect(await got.text()).toBe(manifest);
      for (const bytes of [layer, Buffer.from(config)]) {
        const sent = await ask(`blobs/${digestOf(bytes)}`);
        if (sent.status !== 307) {
          expect([sent.status, await codeOf(sent)]).toEqual([404, "BLOB_UNKNOWN"]);
          return false;
        }
        const blob = await fetch(sent.headers.get("location") ?? "");
        expect(Buffer.from(await blob.arrayBuffer()).equals(bytes)).toBe(true);
      }
      return true;
    };
    const begun = (await ask(`blobs/${digestOf(going.layer)}`)).headers.get("location") ?? "";

    let isOver = false;
    const seen: boolean[] = [];
    const pulling = Array.from({ length: 3 }, async () => {
      do {
        seen.push(await pull(going));
        expect([await pull(kept), await pull(current)]).toEqual([true, true]);
      } while (!isOver);
    });
    const deleting = (async () => {
      await deleteBuild(left.db, going.build.id, [], left.now);
      await left.work(10);
    })().finally(() => {
      isOver = true;
    });
    await Promise.all([deleting, ...pulling]);

    expect(seen.length).toBeGreaterThan(3);
    expect(await pull(going)).toBe(false);
    // Who was sent to a blob before still gets it.
    expect(Buffer.from(await (await fetch(begun)).arrayBuffer()).equals(going.layer)).toBe(true);
    await left.work(70);
    await left.work(70);
    expect((await fetch(begun)).status).toBe(404);
    expect([await pull(kept), await pull(current)]).toEqual([true, true]);
  } finally {
    await registry.close();
  }
});
