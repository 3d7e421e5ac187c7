/** Removals that meet a build which wants the same, or break off. */
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { deleteBuild } from "#adapters/dynamodb/delete-build.ts";
import { condemn, getThings, heldBy, holdThings } from "#adapters/dynamodb/holds.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { headObject } from "#adapters/s3/objects.ts";
import { directoryThing } from "#core/build/thing.ts";
import { removeDirectory } from "#functions/store/remove-directory.ts";
import { doJobs } from "#functions/sweep/jobs.ts";
import { auditTable } from "#test/kit/audit.ts";
import { keyOf, useLeftovers } from "#test/kit/leftovers.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { drain } from "#test/kit/queues.ts";
import { building } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const left = useLeftovers(aws, "removal");

describe("a removal and a build that wants the same", () => {
  /** A build whose directory nobody holds any more, and one that looks for something to borrow. */
  async function atOdds() {
    const [old] = [await left.made(), await left.made()];
    await deleteBuild(left.db, old.id, [], left.now);
    await left.work(10);
    left.later(70);
    const { id, attempt } = await building(left.db, "late", {});
    const things = [directoryThing("team", old.buildKey), keyOf(old, "CONDA_PACK")];
    return { old, who: { build: id, attempt }, things };
  }

  test("the build comes first: what it borrows stays, whenever sweep looks", async () => {
    const { old, who, things } = await atOdds();

    expect(await holdThings(left.db, who, things, { mustExist: true })).toBe("held");
    await left.work();
    await left.work(120);

    expect([await left.isThere(old, "CONDA_PACK"), left.onDisk(old).length]).toEqual([true, 2]);
  });

  test("the removal comes first: nothing is lent, and all of it is refused together", async () => {
    const { old, who, things } = await atOdds();

    await left.work();

    expect(await holdThings(left.db, who, things, { mustExist: true })).toBe("refused");
    expect(await heldBy(left.db, who.build)).toEqual([]);
    expect([await left.isThere(old, "CONDA_PACK"), left.onDisk(old)]).toEqual([false, []]);
  });

  test("both at once, again and again: what is held is there, what is not is gone", async () => {
    for (let round = 0; round < 6; round += 1) {
      const { old, who, things } = await atOdds();

      const [held] = await Promise.all([
        holdThings(left.db, who, things, { mustExist: true }),
        doJobs(left.context).then(left.store),
      ]);
      await left.work();

      const found = [await left.isThere(old, "CONDA_PACK"), left.onDisk(old).length > 0];
      expect(found).toEqual(held === "held" ? [true, true] : found);
      expect(await auditTable(left.db)).toEqual([]);
      await makeMove(left.db, who.build, { name: "cancel", by: "api", at: left.now });
      await left.work(70);
      await left.work(70);
      expect([await left.isThere(old, "CONDA_PACK"), left.onDisk(old)]).toEqual([false, []]);
    }
  });

  test("a key that is being removed can be held when that is over, to be made anew", async () => {
    const { who, things } = await atOdds();
    const [, key = ""] = things;
    const seen = (await getThings(left.db, [key])).get(key);
    if (!seen) throw new Error("nothing is counted");
    // Somebody condemned it and died.
    expect(await condemn(left.db, seen, "dead", left.now)).toBe(true);
    expect(await holdThings(left.db, who, [key])).toBe("refused");
    await left.work();
    expect(await holdThings(left.db, who, [key])).toBe("refused");

    await left.work(3);

    expect(await headObject(left.context.bucket, key)).toBeNull();
    expect(await holdThings(left.db, who, [key])).toBe("held");
    expect((await getThings(left.db, [key])).get(key)).toMatchObject({ holders: 1, condemned: null });
  });
});

describe("a removal that broke off", () => {
  test("of a directory is gone on with; a message alone removes nothing", async () => {
    const [old] = [await left.made(), await left.made()];
    await removeDirectory(left.storeContext(), { namespace: "team", directory: old.buildKey });
    expect(left.onDisk(old)).toHaveLength(2);
    await deleteBuild(left.db, old.id, [], left.now);
    await left.work(10);
    left.later(70);
    await doJobs(left.context);
    // The message is lost, and half of the work was done.
    await drain(aws.linkQueue);
    rmSync(join(left.disk, "team", old.buildKey, "conda-meta", "history"));

    await left.work(25);

    expect(left.onDisk(old)).toEqual([]);
    expect((await getThings(left.db, [directoryThing("team", old.buildKey)])).size).toBe(0);
  });

  test.each(["../team", "..", ".", "a/b"])("a directory called %j is none of ours", async (directory) => {
    await left.made();
    const before = readdirSync(left.disk, { recursive: true }).sort();

    await removeDirectory(left.storeContext(), { namespace: "team", directory });

    expect(readdirSync(left.disk, { recursive: true }).sort()).toEqual(before);
  });
});
