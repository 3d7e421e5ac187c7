/** What every engine's install guarantees. */
import { execFile } from "node:child_process";
import { lstat, readdir, readFile, rename, stat } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { forgetPackageCache } from "#adapters/conda/conda-meta.ts";
import { PREFIX_TOO_LONG } from "#core/layout.ts";
import { type EngineBench, failureOf, TOKEN, TRUE_ORIGIN } from "./engine-bench.ts";

const execute = promisify(execFile);
const SPECS = ["app", "pylib", "scripted", "python=3.11"];

export function describeInstall(given: () => EngineBench): void {
  const installed = async (change = {}) => {
    const bench = given();
    const request = await bench.installRequest(await bench.solve(SPECS), change);
    const run = await bench.install(request);
    return { bench, request, run, prefix: request.prefix };
  };

  test("links exactly the packages of the lock, whose programs run", async () => {
    const { prefix, request } = await installed();
    const records = (await readdir(join(prefix, "conda-meta")))
      .filter((name) => name.endsWith(".json"))
      .sort();
    expect(records).toEqual(
      request.packages.map((one) => `${one.name}-${one.version}-${one.build}.json`).sort(),
    );
    expect((await execute(join(prefix, "bin/app"))).stdout).toBe("2.0.0\n");
    expect((await execute(join(prefix, "bin/python"))).stdout).toBe(`tiny python 3.11.7 in ${prefix}\n`);
    expect(await readFile(join(prefix, "lib/python3.11/site-packages/pylib/__init__.py"), "utf8")).toContain(
      "pylib",
    );
  });

  test("writes the prefix into text, binaries and entry points, at unchanged length in binaries", async () => {
    const { prefix } = await installed();
    expect(await readFile(join(prefix, "etc/conda/activate.d/app.sh"), "utf8")).toBe(
      `export APP_HOME=${prefix}\n`,
    );
    const binary = await readFile(join(prefix, "lib/app.bin"), "latin1");
    expect(binary).toMatch(new RegExp(`^\x7fTINY\0${prefix}/share\0+after\0$`));
    expect(binary.length).toBe("\x7fTINY\0".length + 255 + "/share\0after\0".length);
    expect(await readFile(join(prefix, "bin/pylib"), "utf8")).toContain(`${prefix}/bin/python`);
  });

  test("runs no link script and makes no .pyc", async () => {
    const { prefix } = await installed();
    const files = await readdir(prefix, { recursive: true });
    expect(files).toContain("bin/.scripted-post-link.sh");
    expect(files).not.toContain("script-ran");
    expect(files.filter((name) => name.endsWith(".pyc"))).toEqual([]);
  });

  test("leaves nothing in the prefix that no package put there, but conda-meta", async () => {
    const { prefix } = await installed();
    expect((await readdir(prefix)).sort()).toEqual(["bin", "conda-meta", "etc", "lib", "share"]);
  });

  test("names the true channel in conda-meta and history, and the mirror nowhere", async () => {
    const { prefix, bench } = await installed();
    const meta = join(prefix, "conda-meta");
    const record = JSON.parse(await readFile(join(meta, "pylib-0.5.0-tiny_0.json"), "utf8"));
    const url = `${TRUE_ORIGIN}/main/noarch/pylib-0.5.0-tiny_0.conda`;
    expect(record).toMatchObject({ url, channel: `${TRUE_ORIGIN}/main`, noarch: "python", subdir: "noarch" });
    expect(record).toMatchObject({ timestamp: 1_700_000_000_000, depends: ["python >=3.9"] });
    expect(record.files).toContain("lib/python3.11/site-packages/pylib/__init__.py");
    const history = await readFile(join(meta, "history"), "utf8");
    expect(history).toContain(`\n+${TRUE_ORIGIN}/main/noarch::pylib-0.5.0-tiny_0\n`);
    await forgetPackageCache(prefix);
    for (const name of await readdir(meta)) {
      const text = await readFile(join(meta, name), "utf8");
      expect(text).not.toContain("127.0.0.1");
      expect(text).not.toContain(bench.channel.origin.slice("http://".length));
    }
  });

  test("names the package cache until it is told to forget it, since conda-pack reads what is there", async () => {
    const { prefix, request } = await installed();
    const path = join(prefix, "conda-meta/app-1.2.0-tiny_0.json");
    const source = JSON.parse(await readFile(path, "utf8")).link.source;
    expect((await stat(join(source, "info/paths.json"))).isFile()).toBe(true);
    await forgetPackageCache(prefix);
    expect(await readFile(path, "utf8")).not.toContain(request.packageCache);
  });

  test("tells every package that arrives and that is linked", async () => {
    const { run, request } = await installed();
    for (const { name, version, build } of request.packages) {
      expect(run.lines).toContain(`Downloaded ${name}-${version}-${build}`);
      expect(run.lines).toContain(`Linking ${name}-${version}-${build}`);
    }
    expect(run.lines.join("\n")).not.toContain("127.0.0.1");
  });

  test("gives the engine's program a whole environment of its own", async () => {
    const { run } = await installed();
    for (const { env, args } of run.commands) {
      expect(args.join(" ")).not.toContain(TOKEN);
      expect(env["HOME"]?.startsWith(run.home)).toBe(true);
      expect(Object.keys(env).filter((name) => /TOKEN|SECRET|PASSWORD|KEY|PROXY|AWS/i.test(name))).toEqual(
        [],
      );
    }
  });

  test("makes a tree for another place, which runs there", async () => {
    const bench = given();
    const targetPrefix = join(await bench.folder(), "final");
    const { prefix, request } = await installed({ targetPrefix });
    expect(await readFile(join(prefix, "etc/conda/activate.d/app.sh"), "utf8")).toBe(
      `export APP_HOME=${targetPrefix}\n`,
    );
    await rename(prefix, targetPrefix);
    expect((await execute(join(targetPrefix, "bin/python"))).stdout).toBe(
      `tiny python 3.11.7 in ${targetPrefix}\n`,
    );
    const entries = await readdir(targetPrefix, { recursive: true, withFileTypes: true });
    for (const entry of entries.filter((one) => one.isFile() && !one.parentPath.endsWith("conda-meta"))) {
      expect(await readFile(join(entry.parentPath, entry.name), "latin1")).not.toContain(request.prefix);
    }
  });

  test("installs from a warm cache without asking anybody", async () => {
    const { bench, request } = await installed();
    const again = await bench.installRequest(request.packages, { packageCache: request.packageCache });
    bench.channel.fail();
    await bench.channel.offline(() => bench.install(again));
    expect(bench.channel.requests).toEqual([]);
    expect((await execute(join(again.prefix, "bin/app"))).stdout).toBe("2.0.0\n");
  });

  test("installs twice at once from one cold cache", async () => {
    const bench = given();
    const packages = await bench.solve([...SPECS, "large"]);
    const one = await bench.installRequest(packages);
    const two = await bench.installRequest(packages, { packageCache: one.packageCache });
    await Promise.all([bench.install(one), bench.install(two)]);
    for (const { prefix } of [one, two]) {
      expect((await execute(join(prefix, "bin/app"))).stdout).toBe("2.0.0\n");
      expect((await stat(join(prefix, "share/large/bytes"))).size).toBe(3_000_000);
    }
  });

  test("refuses a prefix of 255 bytes before anything is asked or written", async () => {
    const bench = given();
    const packages = await bench.solve(["app"]);
    bench.channel.fail();
    const folder = await bench.folder();
    const long = `${folder}/${"a".repeat(254 - folder.length)}`;
    for (const change of [{ prefix: long }, { targetPrefix: long }]) {
      const error = await failureOf(bench.install(await bench.installRequest(packages, change)));
      expect(error).toMatchObject({ failure: "prefix_too_long", message: PREFIX_TOO_LONG });
    }
    expect(bench.channel.requests).toEqual([]);
    await expect(lstat(long)).rejects.toThrow("ENOENT");
  });

  test("installs for a prefix of 254 bytes without cutting a binary", async () => {
    const bench = given();
    const targetPrefix = `/${"b".repeat(253)}`;
    const request = await bench.installRequest(await bench.solve(["app"]), { targetPrefix });
    await bench.install(request);
    const binary = await readFile(join(request.prefix, "lib/app.bin"), "latin1");
    expect(binary).toBe(`\x7fTINY\0${targetPrefix}/share\0\0after\0`);
  });
}
