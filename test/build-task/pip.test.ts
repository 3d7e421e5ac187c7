import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { getPackages } from "#adapters/dynamodb/packages.ts";
import { getObject } from "#adapters/s3/objects.ts";
import { VARIABLES } from "#core/layout.ts";
import { useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { runProgram } from "#test/kit/run-program.ts";
import { useIndex } from "#test/kit/wheels.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const index = useIndex(demo.python, [
  {
    name: "tiny-app",
    version: "1.0",
    requires: ["tiny-lib<2", "packaging>=20", "absent ; extra == 'more'"],
    script: "tiny-app = tiny_app:main",
  },
  { name: "tiny-lib", version: "1.5" },
  { name: "tiny-lib", version: "2.0" },
  { name: "tiny-bad", version: "1.0" },
]);
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  privateHosts: () => [index.host()],
  inPlace: true,
});

const spec = (name: string, ...pip: string[]): string =>
  JSON.stringify({
    name,
    dependencies: ["python", "packaging", { pip: [`--index-url ${index.url()}`, ...pip] }],
  });

describe("a specification with a pip section", () => {
  it("is resolved against the conda packages, locked by address and hash, and runs", async () => {
    const ended = await workshop.build(await workshop.order(spec("with-pip", "tiny-app")));
    await workshop.settle(ended);

    if (ended.result?.outcome !== "completed") throw new Error(ended.log);
    const prefix = join(workshop.store, "team", ended.build.buildKey);
    const ran = await runProgram(join(prefix, "bin", "tiny-app"), [], {});
    expect([ran.stdout.trim(), ran.stderr]).toEqual(["tiny_app 1.0", ""]);
    expect(existsSync(join(prefix, "lib/python3.11/site-packages/__pycache__"))).toBe(true);
    const packages = await getPackages(workshop.db, ended.result.lockDigest);
    expect(packages?.filter(({ manager }) => manager === "pip")).toMatchObject([
      { name: "tiny-app", version: "1.0" },
      { name: "tiny-lib", version: "1.5" },
    ]);
    const key = ended.result.artifacts.find(({ type }) => type === "LOCKFILE")?.key ?? "";
    const lockfile = JSON.parse(String(await getObject(workshop.bucket, key)));
    expect(lockfile.package.filter((item: { manager: string }) => item.manager === "pip")).toMatchObject([
      {
        name: "tiny-lib",
        url: expect.stringMatching(/\/files\/tiny_lib-1\.5.*whl$/),
        hash: { sha256: expect.any(String) },
      },
      { name: "tiny-app", dependencies: { "tiny-lib": "<2", packaging: ">=20" } },
    ]);
    const yaml = String(
      await getObject(workshop.bucket, ended.result.artifacts.find(({ type }) => type === "YAML")?.key ?? ""),
    );
    expect(yaml).toMatch(/- pip:\n +- tiny-app==1\.0\n +- tiny-lib==1\.5\n/);

    // The lock alone, posted back, installs the same without asking the index.
    const before = index.asked.length;
    const again = await workshop.build(await workshop.orderLockfile("from-lock", lockfile, "lock-team"));
    await workshop.settle(again);
    expect(again.result, again.log).toMatchObject({
      outcome: "completed",
      lockDigest: ended.result.lockDigest,
    });
    expect(index.asked.slice(before).filter((path) => path.startsWith("/simple/"))).toEqual([]);
  }, 180_000);

  it("is lent when resolving gives the same again", async () => {
    const ended = await workshop.build(await workshop.order(spec("with-pip", "tiny-app")));
    await workshop.settle(ended);
    expect(ended.result?.outcome, ended.log).toBe("completed");
    expect(ended.log).toMatch(/has the same lock: what it made is lent/);
    expect(existsSync(join(workshop.store, "team", ended.build.buildKey))).toBe(false);
  }, 120_000);

  it("fails naming what pip could not find", async () => {
    const ended = await workshop.build(await workshop.order(spec("no-pip", "tiny-missing>=3")));
    await workshop.settle(ended);
    expect(ended.result).toMatchObject({ outcome: "failed", step: "pip" });
    expect(ended.log.trim().split("\n").at(-1)).toMatch(/^FAILED: pip could not resolve .*tiny-missing>=3/);
  }, 120_000);

  it("fails when a file has other bytes than its hash says", async () => {
    index.spoil("tiny-bad");
    const ended = await workshop.build(await workshop.order(spec("bad-pip", "tiny-bad")));
    await workshop.settle(ended);
    expect(ended.result).toMatchObject({
      outcome: "failed",
      step: "pip",
      reason: expect.stringMatching(/HASH|hash/i),
    });
  }, 120_000);

  it("reaches no private host that is not allowed, and says so", async () => {
    const id = await workshop.order(spec("private-pip", "tiny-app"));
    const ended = await workshop.build(id, { [VARIABLES.allowedPrivateHosts]: new URL(demo.url()).host });
    await workshop.settle(ended);
    expect(ended.result).toMatchObject({
      outcome: "failed",
      reason: expect.stringMatching(/private or loopback/),
    });
  }, 120_000);
});
