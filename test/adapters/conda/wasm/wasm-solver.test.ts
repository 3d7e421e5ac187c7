/** The solver in a function's process gives what the engines of builds give. */
import { describe, expect, test } from "vitest";
import { openFetchIndex } from "#adapters/channel/fetch-index.ts";
import { solveByWasm } from "#adapters/conda/wasm/wasm-solver.ts";
import { openChannelKeys } from "#core/channel/credentials.ts";
import type { EngineError } from "#core/ports.ts";
import { SOLVER } from "#core/solve/solve.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import manifest from "../../../../package.json" with { type: "json" };

const demo = useDemoChannel();
const platform = "linux-64";
const virtualPackages = { __linux: "5.10", __glibc: "2.39", __archspec: "x86_64" };
const { signal } = new AbortController();

const solve = (
  specs: readonly string[],
  more: { channels?: string[]; virtual?: Record<string, string> } = {},
) => {
  const channels = more.channels ?? [demo.url()];
  const { host } = new URL(demo.url());
  const request = { specs, channels, platform, virtualPackages: more.virtual ?? virtualPackages };
  return solveByWasm(request, openFetchIndex(openChannelKeys({}, "", []), [host], signal), signal);
};
const refused = async (...given: Parameters<typeof solve>): Promise<EngineError> => {
  const error = await solve(...given).then(
    () => null,
    (thrown: EngineError) => thrown,
  );
  if (error === null) throw new Error("it was solved");
  return error;
};

test("the version that solves are remembered by is the installed one", () => {
  expect(SOLVER).toBe(`rattler wasm ${manifest.dependencies["@conda-org/rattler"]}`);
});

test("a solve has true addresses, hashes, sizes and what of the index was read, and no virtual package", async () => {
  const { packages, sources } = await solve(["python", "numpy"]);

  expect(packages.map(({ name }) => name)).toEqual(expect.arrayContaining(["python", "numpy"]));
  for (const { name, url, channel, sha256, sizeBytes } of packages) {
    expect([name.startsWith("__"), channel, url.startsWith(`${channel}/`)]).toEqual([
      false,
      demo.url(),
      true,
    ]);
    expect([sha256.length, sizeBytes > 0]).toEqual([64, true]);
  }
  const read = sources.filter(({ status }) => status === 200);
  expect(new Set(read.map(({ path }) => path.split("/")[0]))).toEqual(new Set(["linux-64", "noarch"]));
  expect(read.every(({ validator }) => validator !== null)).toBe(true);
});

describe("what cannot be solved is explained", () => {
  test("a package that no channel has, with the channels", async () => {
    const { failure, message } = await refused(["no-such-package"]);
    expect(failure).toBe("not_found");
    expect(message).toContain("no-such-package was not found in");
    expect(message).toContain(demo.url());
    expect(message).not.toContain("solver.invalid");
  });

  test("a version that there is not", async () => {
    expect((await refused(["demo-hello >99"])).message).toMatch(/demo-hello >99 was not found in/);
  });

  test("a machine that is too old for it", async () => {
    const { failure, message } = await refused(["python"], {
      virtual: { ...virtualPackages, __glibc: "2.5" },
    });
    expect([failure, message.includes("__glibc")]).toEqual(["virtual_package", true]);
  });

  test.each(["numpy ===1", "-x", "numpy[url=x]", "numpy >=", " "])(
    "a requirement that is none: %j",
    async (spec) => {
      expect((await refused([spec])).failure).toBe("invalid_spec");
    },
  );

  test("a channel that is not there, or is private", async () => {
    const nowhere = new URL(demo.url());
    nowhere.port = "1";
    const { message } = await refused(["python"], { channels: [nowhere.href.replace(/\/$/, "")] });
    expect(message).toMatch(/private or loopback|not allowed|ECONNREFUSED/i);
  });
});

test("a solve that is stopped ends at once with the reason", async () => {
  const stopping = new AbortController();
  const never = (): Promise<never> => {
    stopping.abort(new Error("stopped by this test"));
    return new Promise(() => {});
  };
  const request = { specs: ["python"], channels: [demo.url()], platform, virtualPackages };
  await expect(solveByWasm(request, never, stopping.signal)).rejects.toThrow("stopped by this test");
});

test("two solves at once do not see each other's channels", async () => {
  const [first, second] = await Promise.all([solve(["demo-hello"]), refused(["nope"])]);
  expect(first.packages.map(({ name }) => name)).toContain("demo-hello");
  expect(second.failure).toBe("not_found");
});
