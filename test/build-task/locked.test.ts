import { describe, expect, it, test } from "vitest";
import { getPackages } from "#adapters/dynamodb/packages.ts";
import { getObject, putObject } from "#adapters/s3/objects.ts";
import { lockKey } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import type { SpecificationFile } from "#core/specification/files.ts";
import { completeLockfile, readLockfile } from "#core/specification/lockfile.ts";
import { mergeFiles } from "#core/specification/merge.ts";
import { parseYaml } from "#core/specification/yaml.ts";
import { type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { sha256Of } from "#test/kit/submissions.ts";
import { useIndex } from "#test/kit/wheels.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const index = useIndex(demo.python, [
  { name: "tiny-lib", version: "1.5" },
  { name: "tiny-lib", version: "2.0" },
]);
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  privateHosts: () => [index.host()],
  inPlace: true,
});

const yaml = (name: string): string =>
  JSON.stringify({
    name,
    dependencies: ["python", { pip: [`--index-url ${index.url()}`, "tiny-lib"] }],
  });

function completed(ended: Ended) {
  if (ended.result?.outcome !== "completed") throw new Error(ended.log);
  return ended.result;
}

async function build(id: number): Promise<Ended> {
  const ended = await workshop.build(id);
  await workshop.settle(ended);
  return ended;
}

const lockOf = (ended: Ended): string =>
  completed(ended).artifacts.find(({ type }) => type === "LOCKFILE")?.key ?? "";

interface Lockfile {
  metadata: { platforms: string[] };
  package: { name: string; version: string; manager: string; platform: string; hash: { sha256: string } }[];
}

const lockfileOf = async (ended: Ended): Promise<Lockfile> =>
  JSON.parse(String(await getObject(workshop.bucket, lockOf(ended))));

/** As the POST takes it. */
async function post(name: string, lockfile: object, namespace: string): Promise<number> {
  const { document } = readLockfile(parseYaml(JSON.stringify(lockfile)), name, "");
  const settings = deploymentSettings({});
  const allowPrivateHosts = [new URL(demo.url()).host, index.host()];
  return await workshop.orderLockfile(
    name,
    completeLockfile(document, { settings, allowPrivateHosts }).spec.lockfile,
    namespace,
  );
}

const versionOf = ({ package: packages }: Lockfile): string | undefined =>
  packages.find(({ name }) => name === "tiny-lib")?.version;

let first: Ended;

describe("a build with a lock", () => {
  it("is made from that lock, pip's packages too, though newer ones are there; without it solved anew", async () => {
    index.list("tiny-lib", "2.0", false);
    first = await build(await workshop.order(yaml("first")));
    index.list("tiny-lib", "2.0", true);
    expect(versionOf(await lockfileOf(first))).toBe("1.5");

    const kept = await getPackages(workshop.db, completed(first).lockDigest);
    const asked = index.asked.length;
    // In another namespace, where nothing can be lent.
    const frozen = await build(await workshop.order(yaml("first"), "others", { frozenLock: lockOf(first) }));
    expect(await lockfileOf(frozen)).toEqual(await lockfileOf(first));
    expect(completed(frozen).lockDigest).toBe(completed(first).lockDigest);
    // A lockfile has no sizes; those that were known stay known.
    expect(await getPackages(workshop.db, completed(frozen).lockDigest)).toEqual(kept);
    expect(
      kept?.filter(({ manager }) => manager === "conda").every(({ sizeBytes }) => Number(sizeBytes) > 0),
    ).toBe(true);
    expect(frozen.log).toMatch(/frozen to locks\/sha256\/\w+\.json, with \d+ packages and 1 of pip/);
    expect(index.asked.slice(asked).filter((path) => path.startsWith("/simple/"))).toEqual([]);

    const floating = await build(await workshop.order(yaml("first"), "others"));
    expect(versionOf(await lockfileOf(floating))).toBe("2.0");
  }, 240_000);

  it("fails with a sentence when the lockfile has been deleted", async () => {
    const ended = await build(
      await workshop.order(yaml("gone"), "team", { frozenLock: lockKey(sha256Of("gone")) }),
    );
    expect(ended.result).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(/lockfile .* has been deleted: build again without frozen/),
    });
  }, 120_000);

  it("fails with a sentence when the lockfile is none", async () => {
    const key = lockKey(sha256Of("none"));
    await putObject(workshop.bucket, key, "{}", { contentType: "application/json" });
    const ended = await build(await workshop.order(yaml("none"), "team", { frozenLock: key }));
    expect(ended.result).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(/not a conda-lock v1 file/),
    });
  }, 120_000);
});

describe("a posted lockfile", () => {
  it("is given back as it was posted, other platforms, extras and all, and builds what is for this one", async () => {
    const lockfile = await lockfileOf(first);
    const [some] = lockfile.package;
    if (!some) throw new Error("the lock is empty");
    const url = `${demo.url()}/win-64/${some.name}-1.0-h1_0.conda`;
    const posted = {
      ...lockfile,
      metadata: { ...lockfile.metadata, platforms: [...lockfile.metadata.platforms, "win-64"] },
      package: [
        ...lockfile.package,
        { ...some, url, platform: "win-64" },
        { ...some, name: "extra", category: "docs", optional: true },
      ],
    };
    const ended = await build(await post("posted", posted, "lock-team"));
    expect(await lockfileOf(ended)).toEqual(posted);
    expect(completed(ended).lockDigest).toBe(completed(first).lockDigest);

    // Lent the second time, and still its own lockfile.
    const again = await build(await post("again", lockfile, "lock-team"));
    expect(again.log).toMatch(/what it made is lent/);
    expect(await lockfileOf(again)).toEqual(lockfile);
  }, 240_000);

  it.each(["conda", "pip"])(
    "fails with a reason when a %s package has other bytes",
    async (manager) => {
      const lockfile = await lockfileOf(first);
      const wrong = {
        ...lockfile,
        package: lockfile.package.map((item) =>
          item.manager === manager && (manager === "pip" || item.name === "python")
            ? { ...item, hash: { sha256: sha256Of("other bytes") } }
            : item,
        ),
      };
      const ended = await build(await post(`wrong-${manager}`, wrong, `wrong-${manager}`));
      const name = manager === "pip" ? /tiny[-_]lib/ : /python/;
      expect(ended.result).toMatchObject({
        outcome: "failed",
        reason: expect.stringMatching(/hash|checksum|sha-?256/i),
      });
      expect(ended.log).toMatch(name);
    },
    240_000,
  );
});

test("files that are merged are one environment, with what each asks for", async () => {
  const files: SpecificationFile[] = [
    { name: "common.yml", content: `channels: [${demo.url()}]\ndependencies: [python >=3.8]\n` },
    { name: "mission.txt", content: "python\ndemo-hello # of this mission\n", format: "conda" },
    { name: "requirements.txt", content: `--index-url ${index.url()}\ntiny-lib<2\n` },
  ];
  const { document } = mergeFiles(files, "merged", "");
  const ended = await build(await workshop.order(JSON.stringify(document)));
  const lockfile = await lockfileOf(ended);
  expect(versionOf(lockfile)).toBe("1.5");
  expect(lockfile.package.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["python", "demo-hello", "pip"]),
  );
}, 120_000);
