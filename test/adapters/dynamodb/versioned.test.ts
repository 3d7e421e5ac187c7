/** Items that count their changes, by the one function that stores them: a channel's state and a watched file. */
import { beforeEach, describe, expect, it } from "vitest";
import { type Db, openDb } from "#adapters/dynamodb/db.ts";
import { getRepodata, putRepodata } from "#adapters/dynamodb/repodata.ts";
import { listWatchedFiles, putWatchedFile } from "#adapters/dynamodb/watched-files.ts";
import { newState } from "#core/repodata/state.ts";
import { newWatchedFile } from "#core/watched/file.ts";
import { useFlakyDynamoDb } from "#test/kit/flaky-dynamodb.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const flaky = useFlakyDynamoDb(aws, "PutItem");
const PLACE = { owner: null, channel: "https://conda.example.org/channel", subdir: "noarch" };
const FILE = newWatchedFile({ source: "bucket", path: "team/a.yml", namespace: "team" }, new Date(0));
let db: Db;
let tables = 0;

beforeEach(async () => {
  flaky.mishaps = [];
  db = openDb({ table: await createTable(`versioned-${++tables}`), endpoint: flaky.endpoint });
});

const kinds = {
  "a channel's state": {
    put: (version: number, error: string) => putRepodata(db, { ...newState(PLACE), version, error }),
    read: () => getRepodata(db, [PLACE]),
  },
  "a watched file": {
    put: (version: number, error: string) => putWatchedFile(db, { ...FILE, version, error }),
    read: () => listWatchedFiles(db),
  },
};

describe.each(Object.entries(kinds))("%s", (_, { put, read }) => {
  it("is stored though the table's answer was lost, once, and is read as it was stored", async () => {
    flaky.mishaps = ["lose the answer", "pass on", "lose the answer", "pass on"];

    expect(await put(0, "first")).toMatchObject({ version: 1 });
    const second = await put(1, "second");

    expect(second).toMatchObject({ version: 2, error: "second" });
    expect(await read()).toEqual([second]);
    expect(flaky.mishaps).toEqual([]);
  });

  it("is not stored in place of what another has written, whether its answer was lost or not", async () => {
    const theirs = await put(0, "theirs");

    expect(await put(0, "ours")).toBeNull();
    flaky.mishaps = ["lose the answer"];
    expect(await put(0, "ours")).toBeNull();

    expect(await read()).toEqual([theirs]);
  });
});
