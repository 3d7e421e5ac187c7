/** Builds by every engine this machine has, from indexes and packages that were put by, with the channel switched off. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listRepodata, putRepodata } from "#adapters/dynamodb/repodata.ts";
import { listObjects } from "#adapters/s3/objects.ts";
import { PREFIXES, VARIABLES } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { serveDemoChannel } from "#local/demo-channel.ts";
import type { StaticFiles } from "#local/static-files.ts";
import { type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { readChannels } from "#test/kit/prefetching.ts";
import { findEngines } from "./engines.ts";

const { engines } = await findEngines();
const demo = useDemoChannel();

describe.each(engines)("$name", ({ kind, program }) => {
  const aws = useMiniStack();
  let channel: StaticFiles;
  const workshop = useWorkshop({
    ...{ aws, python: demo.python, channel: () => channel.url, bundled: true },
    settings: { build_artifacts: ["LOCKFILE"] },
  });

  let cold: Ended;
  let warm: Ended;
  let old: Ended;
  let impossible: Ended;

  /** A namespace borrows no directory and no archive of another: everything is made again. */
  const build = async (namespace: string, dependencies = "python, demo-hello, six"): Promise<Ended> => {
    const id = await workshop.order(`name: demo\ndependencies: [${dependencies}]\n`, namespace);
    const ended = await workshop.build(id, { [VARIABLES.engine]: kind, [VARIABLES.engineProgram]: program });
    if (ended.result?.outcome === "completed") await workshop.settle(ended);
    return ended;
  };

  beforeAll(async () => {
    channel = await serveDemoChannel(demo.channel().directory, { host: "127.0.0.1", port: 0 });
    cold = await build("first");
    await readChannels({
      db: workshop.db,
      bucket: workshop.bucket,
      settings: deploymentSettings({
        conda_indexed_channels: [channel.url],
        conda_platforms: [demo.channel().subdir, "noarch"],
      }),
      allowPrivateHosts: [new URL(channel.url).host],
    });
    await channel.close();
    warm = await build("second");
    impossible = await build("impossible", "demo-conflict-a, demo-conflict-b");
    for (const state of await listRepodata(workshop.db)) {
      await putRepodata(workshop.db, {
        ...state,
        checkedAt: new Date(Date.now() - 2 * 3_600_000).toISOString(),
      });
    }
    old = await build("third");
  }, 480_000);
  afterAll(() => channel.close());

  const packagesOf = ({ log }: Ended): number[] =>
    (/(\d+) of (\d+) packages \(.*\) were kept from earlier builds/.exec(log) ?? []).slice(1).map(Number);

  describe("a build with the channel switched off", () => {
    it("completes, when its index was read before and its packages were fetched by another build", () => {
      expect(warm.result, `${warm.output}\n${warm.log}`).toMatchObject({ outcome: "completed" });
      const [hits, all] = packagesOf(warm);
      expect(hits).toBeGreaterThan(2);
      expect(hits).toBe(all);
    });

    it("has the same lock as the build that asked the channel", () => {
      const lockOf = ({ result }: Ended) => result?.outcome === "completed" && result.lockDigest;
      expect(lockOf(warm)).toEqual(lockOf(cold));
    });

    it("says where its index came from and how old it was", () => {
      for (const subdir of [demo.channel().subdir, "noarch"]) {
        expect(warm.log).toContain(
          `${channel.url}/${subdir}: kept index, compared with the channel's 0 minutes ago`,
        );
      }
    });

    it("fails for the specification's sake, when it cannot work, and says what excludes what", () => {
      expect(impossible.result, impossible.log).toMatchObject({ outcome: "failed", step: "solve" });
      expect(impossible.log).not.toContain("cannot be reached");
      expect(impossible.log).toMatch(
        /FAILED: These requirements exclude each other: demo-conflict-[ab], demo-conflict-[ab],/,
      );
    });

    it("fails for the channel's sake, when the index was not compared with it for too long, and says so", () => {
      expect(old.result).toMatchObject({ outcome: "failed", step: "solve" });
      expect(old.log).toContain("the kept index was last compared 120 minutes ago, the channel is asked");
      expect(old.log).toMatch(/FAILED: The channel .* cannot be reached/);
    });
  });

  describe("a build before anything is kept", () => {
    it("asks the channel and says so", () => {
      expect(cold.result, `${cold.output}\n${cold.log}`).toMatchObject({ outcome: "completed" });
      expect(cold.log).toContain("/noarch: no index of it is kept, the channel is asked");
      expect(packagesOf(cold)[0]).toBe(0);
    });

    it("puts by every package that it fetched, once", async () => {
      const kept = await listObjects(workshop.bucket, PREFIXES.packages);
      expect(kept).toHaveLength(packagesOf(cold)[1] ?? 0);
    });
  });
});
