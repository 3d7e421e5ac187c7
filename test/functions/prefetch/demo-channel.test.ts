import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openApi } from "#test/kit/api.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { usePrefetching } from "#test/kit/prefetching.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const kept = usePrefetching({
  aws,
  name: "demo",
  channel: () => ({ url: demo.url(), host: new URL(demo.url()).host }),
  subdirs: ["linux-64", "linux-aarch64", "noarch"],
});

type Raw = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

it("what is kept agrees with the raw index on every name, version, build and everything else of the demo channel", async () => {
  await kept.run();

  for (const subdir of [demo.channel().subdir, "noarch"]) {
    const path = join(demo.channel().directory, subdir, "repodata.json");
    const raw = JSON.parse(readFileSync(path, "utf8")) as Record<"packages" | "packages.conda", Raw>;
    const files = await kept.files(subdir);
    const hex = (value: unknown) =>
      value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value;
    const stored = (section: string) =>
      Object.fromEntries(
        Object.entries(files)
          .filter(([, file]) => file.section === section)
          .map(([name, { record }]) => [
            name,
            Object.fromEntries(Object.entries(record as object).map(([key, value]) => [key, hex(value)])),
          ]),
      );
    expect(stored("packages")).toEqual(raw.packages);
    expect(stored("packages.conda")).toEqual(raw["packages.conda"]);

    const index = await kept.index(subdir);
    const records = [...Object.values(raw.packages), ...Object.values(raw["packages.conda"])];
    expect(index.names).toEqual([...new Set(records.map(({ name }) => String(name)))].sort());
    for (const [at, name] of index.names.entries()) {
      const own = records.filter((record) => record["name"] === name);
      const versions = [...new Set(own.map(({ version }) => String(version)))].sort();
      expect(index.versionsAt(at)).toEqual(versions);
      expect(index.recordsAt(at)).toBe(own.length);
      const licenses = versions.map((one) => own.find(({ version }) => version === one)?.["license"] ?? "");
      expect(index.licensesAt(at)).toEqual(licenses);
    }
  }
});

interface Page {
  readonly data: readonly Readonly<Record<string, unknown>>[];
  readonly count: number;
}

it("the API lists every name, version and build of the demo channel's raw index, with all that it says, and no other", async () => {
  await kept.run();
  const api = openApi({ ...aws, table: kept.db.table });
  const ask = async (path: string): Promise<unknown> => (await api.request(`/api/v1/package/${path}`)).json();
  const { names } = ((await ask("name/")) as { data: { names: string[] } }).data;
  const listed: Page["data"][number][] = [];
  const versions: string[] = [];
  const summaries: Record<string, unknown> = {};
  for (const name of names) {
    const rows = (await ask(`?search=${name}&exact=true`)) as Page;
    versions.push(...rows.data.map((row) => `${row["name"]} ${row["version"]}`));
    for (const row of rows.data) summaries[name] = row["summary"];
    for (let page = 1, left = 1; left > 0; page += 1) {
      const { data, count } = (await ask(`build/?name=${name}&size=2&page=${page}`)) as Page;
      listed.push(...data);
      left = count - 2 * page;
    }
  }
  const raw: Page["data"] = [demo.channel().subdir, "noarch"].flatMap((subdir) => {
    const path = join(demo.channel().directory, subdir, "repodata.json");
    const sections = JSON.parse(readFileSync(path, "utf8")) as Record<"packages" | "packages.conda", Raw>;
    const files = Object.entries({ ...sections.packages, ...sections["packages.conda"] });
    return files.map(([file, record]) => ({ url: `${demo.url()}/${subdir}/${file}`, subdir, ...record }));
  });
  const nameAndVersion = raw.map((record) => `${record["name"]} ${record["version"]}`);
  expect(versions.sort()).toEqual([...new Set(nameAndVersion)].sort());
  const { packages: said } = JSON.parse(
    readFileSync(join(demo.channel().directory, "channeldata.json"), "utf8"),
  ) as { packages: Record<string, { summary: string }> };
  expect(summaries).toEqual(
    Object.fromEntries(Object.entries(said).map(([name, { summary }]) => [name, summary])),
  );

  const key = (row: Page["data"][number]) => String(row["url"]);
  const byAddress = (rows: Page["data"]) => [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
  const expected = raw.map((record) => ({
    id: expect.any(Number),
    channel: { id: expect.any(Number), name: demo.url(), last_update: null },
    name: record["name"],
    version: record["version"],
    build: record["build"],
    build_number: record["build_number"],
    subdir: record["subdir"],
    url: record["url"],
    license: record["license"] ?? null,
    size: record["size"] ?? null,
    timestamp: record["timestamp"] ? isoSeconds(Number(record["timestamp"])) : null,
    depends: record["depends"],
    constrains: record["constrains"] ?? [],
    md5: record["md5"] ?? null,
    sha256: record["sha256"] ?? null,
  }));
  expect(byAddress(listed)).toEqual(byAddress(expected));
});

const isoSeconds = (milliseconds: number): string => new Date(milliseconds).toISOString().slice(0, 19);
