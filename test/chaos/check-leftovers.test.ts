import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Build } from "#core/build/build.ts";
import { newBuild, newEnvironment } from "#test/kit/builds.ts";
import { leftoverEntries, leftoverItems, leftoverObjects } from "./check-leftovers.ts";

const ARCHIVE = "archives/a.tar.gz";
const build: Build = {
  ...newBuild(1),
  status: "COMPLETED",
  artifacts: [
    { type: "CONDA_PACK", key: ARCHIVE, sizeBytes: 1 },
    { type: "DIRECTORY", key: "/store/team/key-1", sizeBytes: 1 },
    { type: "LOGS", key: "logs/1/log.txt", sizeBytes: 1 },
  ],
};
const thing = (name: string, holders: number) => ({ pk: `THING#${name}`, sk: "THING", thing: name, holders });
const hold = (id: number, name: string) => ({ pk: `HOLD#${id}`, sk: name });
const HELD = [
  ...[thing(ARCHIVE, 1), thing("disk/team/key-1", 1)],
  ...[hold(1, ARCHIVE), hold(1, "disk/team/key-1")],
];

test("what a build needs is held and counted once; anything else in the table is left over", () => {
  expect(leftoverItems(HELD, [build])).toEqual([]);
  const wrong = (...items: object[]) => leftoverItems([...HELD, ...(items as typeof HELD)], [build]);
  expect(wrong(hold(2, ARCHIVE))).toContain(`build 2 is gone and holds ${ARCHIVE}`);
  expect(wrong(hold(1, "locks/x"), thing("locks/x", 1))).toEqual([
    "build 1 holds locks/x and does not need it",
  ]);
  expect(wrong(thing("locks/x", 0))).toEqual(["locks/x is held by nobody and still counted"]);
  expect(wrong({ pk: "ATTEMPT#2", sk: "000001" })).toHaveLength(1);
  expect(wrong({ pk: "NS#team", sk: "BUILD#demo#0000000000000002" })).toHaveLength(1);
  expect(wrong({ pk: "NS#team", sk: "GONE#demo#0000000000000001" })).toHaveLength(1);
  expect(wrong({ pk: "LOCK#abc", sk: "PACKAGES" })).toHaveLength(1);
  expect(leftoverItems([], [build])).toHaveLength(2);
  expect(leftoverItems([thing(ARCHIVE, 2), ...HELD.slice(1)], [build])).toHaveLength(1);
});

test("an object that no build names is left over, and so is the log of a build that is gone", () => {
  const keys = [ARCHIVE, "archives/b.tar.gz", "logs/1/1/000001.jsonl", "logs/2/log.txt"];
  expect(leftoverObjects(keys, [build])).toEqual([
    "archives/b.tar.gz belongs to no build",
    "logs/2/log.txt belongs to no build",
  ]);
});

let store: string;
beforeEach(() => {
  store = mkdtempSync(join(tmpdir(), "leftovers-"));
});
afterEach(() => rmSync(store, { recursive: true, force: true }));

test("a directory, a half copy and a link that nobody has are left over", async () => {
  const environment = { ...newEnvironment(), link: { version: 1, buildKey: "key-1" } };
  const look = () => leftoverEntries(store, [build], [environment as never]);
  for (const name of ["key-1", "envs"]) mkdirSync(join(store, "team", name), { recursive: true });
  symlinkSync("key-1", join(store, "team", "envs", environment.name));
  expect(await look()).toEqual([]);
  mkdirSync(join(store, "team", ".key-1.2"));
  mkdirSync(join(store, "other", "key-2"), { recursive: true });
  symlinkSync("key-1", join(store, "team", "envs", "gone"));
  expect(await look()).toHaveLength(3);
});
