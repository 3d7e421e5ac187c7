/** What every engine's install does when the lock or the channel is not what it should be. */
import { lstat, mkdir, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type EngineBench, failureOf, TRUE_ORIGIN } from "./engine-bench.ts";

const APP = /app-1\.2\.0-tiny_0\.conda$/;
const LARGE = /large-1\.0\.0-tiny_0\.conda$/;

export function describeInstallFaults(given: () => EngineBench): void {
  const expectNothing = (prefix: string) => expect(lstat(prefix)).rejects.toThrow("ENOENT");

  test("refuses a package whose hash is not the lock's, cold and warm, naming file and hashes", async () => {
    const bench = given();
    const packages = await bench.solve(["app"]);
    const wrong = packages.map((one) =>
      one.name === "app" ? { ...one, sha256: "0".repeat(64), md5: null } : one,
    );
    const cold = await bench.installRequest(wrong);
    const warmed = await bench.installRequest(packages);
    await bench.install(warmed);
    const warm = await bench.installRequest(wrong, { packageCache: warmed.packageCache });
    for (const request of [cold, warm]) {
      const error = await failureOf(bench.install(request));
      expect(error).toMatchObject({ failure: "checksum", retryable: false });
      expect(error.message).toContain("app-1.2.0-tiny_0.conda");
      expect(error.message).toContain("0".repeat(64));
      expect(error.message).toContain(packages.find(({ name }) => name === "app")?.sha256);
      await expectNothing(request.prefix);
    }
  });

  test.each([
    ["wrong", "app"],
    ["short", "app"],
    ["html", "app"],
    ["wrong", "base-lib=1"],
    ["html", "base-lib=1"],
  ] as const)("refuses a package that is served %s (%s)", async (kind, spec) => {
    const bench = given();
    const request = await bench.installRequest(await bench.solve([spec]));
    bench.channel.fail({ path: /(?:app-1|base-lib-1).*(?:conda|bz2)$/, kind });
    const error = await failureOf(bench.install(request));
    expect(error.failure).toBe("checksum");
    await expectNothing(request.prefix);
  });

  test("calls a cut download a channel that may answer later, and succeeds with the same cache then", async () => {
    const bench = given();
    const packages = await bench.solve(["large"]);
    const request = await bench.installRequest(packages);
    bench.channel.fail({ path: LARGE, kind: "cut" });
    expect(await failureOf(bench.install(request))).toMatchObject({ failure: "channel", retryable: true });
    await expectNothing(request.prefix);
    bench.channel.fail();
    const again = await bench.installRequest(packages, { packageCache: request.packageCache });
    await bench.install(again);
    expect((await stat(join(again.prefix, "share/large/bytes"))).size).toBe(3_000_000);
  });

  test.each([
    { kind: 404, failure: "package_missing", retryable: false },
    { kind: 403, failure: "package_missing", retryable: false },
    { kind: 401, failure: "channel_auth", retryable: false },
    { kind: 500, failure: "channel", retryable: true },
  ] as const)(
    "tells a package that answers $kind with status and true address",
    async ({ kind, failure, retryable }) => {
      const bench = given();
      const request = await bench.installRequest(await bench.solve(["app"]));
      bench.channel.fail({ path: APP, kind });
      const error = await failureOf(bench.install(request));
      expect(error).toMatchObject({ failure, retryable });
      expect(error.message).toContain(`${TRUE_ORIGIN}/main/linux-64/app-1.2.0-tiny_0.conda`);
      expect(error.message).toContain(String(kind));
      await expectNothing(request.prefix);
    },
  );

  test("tells a channel that cannot be reached", async () => {
    const bench = given();
    const request = await bench.installRequest(await bench.solve(["app"]));
    const error = await bench.channel.offline(() => failureOf(bench.install(request)));
    expect(error).toMatchObject({ failure: "channel", retryable: true });
    expect(error.message).toContain(TRUE_ORIGIN);
    expect(error.message).not.toContain("127.0.0.1");
  });

  test("is stopped while a package hangs, and succeeds with the same cache afterwards", async () => {
    const bench = given();
    const packages = await bench.solve(["large", "app"]);
    const request = await bench.installRequest(packages);
    bench.channel.fail({ path: LARGE, kind: "hang" });
    const stop = new AbortController();
    const asked = bench.channel.asked(LARGE);
    const install = failureOf(bench.install(request, stop.signal));
    await asked;
    stop.abort();
    expect((await install).failure).toBe("canceled");
    await expectNothing(request.prefix);
    bench.channel.fail();
    const again = await bench.installRequest(packages, { packageCache: request.packageCache });
    await bench.install(again);
    expect((await stat(join(again.prefix, "share/large/bytes"))).size).toBe(3_000_000);
  });

  test("refuses a prefix in which something is, and leaves it as it is; an empty directory is as good as none", async () => {
    const bench = given();
    const request = await bench.installRequest(await bench.solve(["base-lib"]));
    await mkdir(join(request.prefix, "kept"), { recursive: true });
    const error = await failureOf(bench.install(request));
    expect(error.message).toContain(`${request.prefix} is there already`);
    expect((await stat(join(request.prefix, "kept"))).isDirectory()).toBe(true);
    await rmdir(join(request.prefix, "kept"));
    await bench.install(request);
    expect((await stat(join(request.prefix, "conda-meta", "history"))).isFile()).toBe(true);
  });

  test("refuses a lock it cannot install as it stands, before anything is asked", async () => {
    const bench = given();
    const packages = await bench.solve(["app"]);
    const [first] = packages;
    if (!first) throw new Error("the solve gave no package");
    bench.channel.fail();
    const bad = [
      { packages: [], says: "the lock is empty" },
      { packages: [{ ...first, sha256: "" }], says: "has no sha256" },
      { packages: [{ ...first, subdir: "osx-64" }], says: "is for osx-64" },
      { packages: [{ ...first, url: `${first.url}#x` }], says: "has the address" },
      { packages: [first, first], says: `names ${first.name} twice` },
      {
        packages: [
          {
            ...first,
            channel: "https://evil.example.org",
            url: first.url.replace(first.channel, "https://evil.example.org"),
          },
        ],
        says: "which is not among the channels",
      },
    ];
    for (const { packages: locked, says } of bad) {
      const error = await failureOf(bench.install(await bench.installRequest(locked)));
      expect(error.failure).toBe("invalid_spec");
      expect(error.message).toContain(says);
    }
    expect(bench.channel.requests).toEqual([]);
  });
}
