/** What every engine's solve does when a channel does not do its part. */
import { expect, test } from "vitest";
import { type EngineBench, failureOf, TRUE_ORIGIN } from "./engine-bench.ts";

const INDEX = /^\/main\/.*repodata/;
const CHANNEL = `${TRUE_ORIGIN}/main`;

export function describeSolveFaults(given: () => EngineBench): void {
  test.each([
    { kind: 401, failure: "channel_auth", retryable: false },
    { kind: 403, failure: "channel_auth", retryable: false },
    { kind: 500, failure: "channel", retryable: true },
  ] as const)(
    "tells a channel that answers $kind with status and true address",
    async ({ kind, failure, retryable }) => {
      const bench = given();
      bench.channel.fail({ path: INDEX, kind });
      const error = await failureOf(bench.solve(["app"]));
      expect(error).toMatchObject({ failure, retryable });
      expect(error.message).toContain(String(kind));
      expect(error.message).toContain(CHANNEL);
      expect(error.message).not.toContain(bench.channel.origin);
    },
  );

  test("tells a channel that is not there, though another one is", async () => {
    const bench = given();
    const error = await failureOf(bench.solve(["app"], { channels: bench.channels("main", "absent") }));
    expect(error).toMatchObject({ failure: "channel", retryable: false });
    expect(error.message).toMatch(
      new RegExp(`${TRUE_ORIGIN}/absent.* is no index of a conda channel \\(HTTP 404\\)`),
    );
  });

  test.each(["html", "cut", "short"] as const)(
    "calls an index that comes as %s broken or unreachable",
    async (kind) => {
      const bench = given();
      bench.channel.fail({ path: INDEX, kind });
      const error = await failureOf(bench.solve(["app"]));
      expect(["channel", "channel_broken"]).toContain(error.failure);
      expect(error.retryable).toBe(true);
      expect(error.message).toContain(CHANNEL);
    },
  );

  test("survives an index that fails once", async () => {
    const bench = given();
    bench.channel.fail({ path: INDEX, kind: 503, times: 1 });
    expect((await bench.solve(["base-lib"])).map(({ name }) => name)).toEqual(["base-lib"]);
  });

  test("does not take a channel that cannot be reached for one without packages", async () => {
    const bench = given();
    const error = await bench.channel.offline(() => failureOf(bench.solve(["app"])));
    expect(error).toMatchObject({ failure: "channel", retryable: true });
    expect(error.message).toContain(CHANNEL);
  });

  test("is stopped while a channel hangs", async () => {
    const bench = given();
    bench.channel.fail({ path: INDEX, kind: "hang" });
    const stop = new AbortController();
    const asked = bench.channel.asked(INDEX);
    const solve = failureOf(bench.solve(["app"], {}, stop.signal));
    await asked;
    stop.abort();
    expect((await solve).failure).toBe("canceled");
  });

  test("is not even begun when it is stopped before", async () => {
    const bench = given();
    bench.channel.fail();
    const error = await failureOf(bench.solve(["app"], {}, AbortSignal.abort()));
    expect(error.failure).toBe("canceled");
    expect(bench.channel.requests).toEqual([]);
  });
}
