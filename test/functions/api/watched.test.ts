import { beforeEach, describe, expect, it } from "vitest";
import { putWatchedFile } from "#adapters/dynamodb/watched-files.ts";
import type { BindingMap } from "#core/access/binding.ts";
import { newWatchedFile, type WatchedFile } from "#core/watched/file.ts";
import { type Api, bearer, openApi } from "#test/kit/api.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { specified, useWatching } from "#test/kit/watching.ts";

const aws = useMiniStack();
const watched = useWatching("watched-api");
let api: Api;

beforeEach(() => {
  api = openApi({ ...aws, table: watched.db.table });
});

interface Row {
  readonly path: string;
  readonly status: string;
  readonly error: string | null;
  readonly build_id: number | null;
}

async function listed(bindings: BindingMap, query = ""): Promise<{ data: Row[]; count: number }> {
  const response = await api.request(`/api/v1/watched/${query}`, {
    headers: bearer(await api.token(bindings)),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as { data: Row[]; count: number };
}
const paths = async (bindings: BindingMap, query = ""): Promise<string[]> =>
  (await listed(bindings, query)).data.map(({ path }) => path);
const known = (path: string, changes: Partial<WatchedFile> = {}): Promise<unknown> => {
  const place = { source: "bucket", namespace: path.split("/")[0] ?? "", path } as const;
  return putWatchedFile(watched.db, { ...newWatchedFile(place, new Date()), ...changes });
};

describe("GET watched", () => {
  it("says of each file what became of it", async () => {
    await watched.put("team/good.yml", specified("good", "python"));
    await watched.put("team/gone.yml", specified("gone", "python"));
    await watched.put("team/bad.yml", "name: [");
    await watched.run();
    await watched.remove("team/gone.yml");
    await watched.run();

    const [good, gone] = await watched.builds();
    expect(await listed({ "team/*": ["viewer"] })).toMatchObject({
      count: 3,
      data: [
        {
          path: "team/bad.yml",
          status: "refused",
          error: expect.stringMatching(/Invalid YAML/),
          build_id: null,
        },
        { path: "team/gone.yml", status: "removed", error: null, build_id: gone?.id },
        {
          path: "team/good.yml",
          namespace: "team",
          source: "bucket",
          status: "built",
          error: null,
          environment: "good",
          build_id: good?.id,
        },
      ],
    });
  });

  it("shows files of environments that may be read, and those of none to who reads the whole namespace", async () => {
    await known("team/a.yml", { environment: "a" });
    await known("team/b.yml", { environment: "b" });
    await known("team/bad.yml", { error: "It is bad." });
    await known("team-2/c.yml", { environment: "c" });
    await known("no name/d.yml", { error: "It is none." });

    expect(await paths({ "team/a": ["viewer"] })).toEqual(["team/a.yml"]);
    expect(await paths({ "team/*": ["viewer"] })).toEqual(["team/a.yml", "team/b.yml", "team/bad.yml"]);
    expect(await paths({ "te*/*": ["viewer"] }, "?namespace=team-2")).toEqual(["team-2/c.yml"]);
    expect(await paths({ "other/*": ["admin"] }, "?namespace=team")).toEqual([]);
    expect(await paths({ "*/*": ["viewer"] })).toHaveLength(5);
  });

  it("has pages, in both directions", async () => {
    for (const name of ["a", "b", "c"]) await known(`team/${name}.yml`, { environment: name });

    expect(await listed({ "*/*": ["viewer"] }, "?size=2&page=2")).toMatchObject({
      data: [{ path: "team/c.yml" }],
      count: 3,
    });
    expect(await paths({ "*/*": ["viewer"] }, "?order=desc&size=1")).toEqual(["team/c.yml"]);
  });

  it("forgets a file a month after it was removed", async () => {
    const daysAgo = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString();
    await known("team/lately.yml", { removedAt: daysAgo(29) });
    await known("team/long-ago.yml", { removedAt: daysAgo(31) });

    expect(await paths({ "*/*": ["viewer"] })).toEqual(["team/lately.yml"]);
  });
});
