import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
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
