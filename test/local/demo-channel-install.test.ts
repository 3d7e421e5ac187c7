import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { type Ended, runProgram } from "#test/kit/run-program.ts";

const INSTALLER = fileURLToPath(new URL("demo-channel/install.py", import.meta.url));
const demo = useDemoChannel();
const home = realpathSync(mkdtempSync(join(tmpdir(), "demo-channel-")));
const prefix = join(home, "env");

afterAll(() => rmSync(home, { recursive: true, force: true }));

/** Solves by py-rattler, and installs where a prefix is given. */
function install(into: string | undefined, ...specs: string[]): Promise<Ended> {
  return runProgram(demo.python(), ["-B", INSTALLER, demo.url(), into ?? "-", join(home, "cache"), ...specs]);
}

/** Runs a program of the environment with no environment variables at all. */
function runInside(program: string, ...args: string[]): Promise<Ended> {
  return runProgram(join(prefix, "bin", program), args, {});
}

describe("an environment of the channel", () => {
  beforeAll(async () => {
    const specs = ["python", "numpy", "pip", "demo-hello", "demo-prefix-text", "demo-prefix-binary"];
    const more = ["demo-pyc", "demo-links", "demo-post-link", "demo-activate", "demo-big", "demo-many-files"];
    const ended = await install(prefix, "--scripts", ...specs, ...more);
    expect(ended).toMatchObject({ code: 0 });
  }, 120_000);

  test("its python imports numpy, and finds everything inside of its own prefix", async () => {
    const code =
      "import json, numpy, site, ssl, sys, sysconfig; assert numpy.arange(4).sum() == 6; " +
      "print(json.dumps([sys.prefix, sys.base_prefix, numpy.__file__, sysconfig.get_path('purelib')," +
      " sysconfig.get_config_var('LIBDIR'), *site.getsitepackages(), *filter(None, sys.path)]))";

    const { stdout, stderr } = await runInside("python", "-c", code);

    expect(stderr).toBe("");
    const places = JSON.parse(stdout) as string[];
    expect(places.filter((place) => place !== prefix && !place.startsWith(`${prefix}/`))).toEqual([]);
  });

  test("its pip knows the installed packages and finds their requirements met", async () => {
    const listed = await runInside("pip", "list", "--format=freeze");
    const checked = await runInside("pip", "check");

    expect(listed.stdout.split("\n").map((line) => line.split("==")[0])).toEqual(
      expect.arrayContaining(["demo-hello", "demo-pyc", "numpy", "pip"]),
    );
    expect(checked).toMatchObject({ code: 0, stdout: "No broken requirements found.\n" });
  });

  test("programs print the prefix they were installed into, from text and from a binary", async () => {
    expect((await runInside("demo-prefix-text")).stdout).toBe(
      `${prefix}\n[demo]\nhome = ${prefix}/share/demo-prefix-text\n`,
    );
    expect((await runInside("demo-prefix-binary")).stdout).toBe(
      `${prefix}\n${prefix}/share/demo-prefix-binary/data.txt\n`,
    );
  });

  test("entry points and scripts of wheels run", async () => {
    expect((await runInside("demo-hello")).stdout).toBe(`hello from ${prefix}\n`);
    expect((await runInside("f2py", "-v")).stdout).toMatch(/^\d+\.\d+/);
  });

  test("links point where they did, and the link script wrote its file", () => {
    const links = join(prefix, "share", "demo-links");

    expect(readFileSync(join(links, "to-link.txt"), "utf8")).toBe("the file itself\n");
    expect(existsSync(join(links, "dangling"))).toBe(false);
    expect(readFileSync(join(prefix, "share/demo-post-link/written.txt"), "utf8")).toBe(
      `demo-post-link 1.0 in ${prefix}\n`,
    );
  });

  test("the failing link script fails with its message", async () => {
    const other = join(home, "fails");
    await install(other, "demo-post-link-fails");

    const ended = await runProgram("/bin/sh", [join(other, "bin/.demo-post-link-fails-post-link.sh")]);

    expect(ended).toEqual({
      code: 3,
      stdout: "",
      stderr: "demo-post-link-fails: this script always fails\n",
    });
  });
});

describe("a solver", () => {
  test("finds about forty packages for the medium environment", async () => {
    const { code, stdout } = await install(undefined, ...(demo.channel().environments["medium"] ?? []));

    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(stdout) as object).length).toBeGreaterThanOrEqual(40);
  });

  test("takes the older version where a constraint asks for it", async () => {
    const { stdout } = await install(undefined, "demo-choice", "demo-constrains");

    expect(JSON.parse(stdout)).toEqual({ "demo-choice": "1.5", "demo-constrains": "1.0" });
  });

  test("meets the virtual package only where the machine has it", async () => {
    expect((await install(undefined, "demo-cuda")).stderr).toContain("__cuda >=12");
    expect(await install(undefined, "--cuda", "demo-cuda")).toMatchObject({ code: 0 });
  });

  test.each([
    [["demo-conflict-a", "demo-conflict-b"], "demo-choice"],
    [["demo-missing"], "demo-does-not-exist >=1"],
    [["demo-old-python"], "python >=2.7,<3"],
  ])("refuses %j and names %s", async (specs, named) => {
    const { code, stderr } = await install(undefined, ...specs);

    expect(code).toBe(1);
    expect(stderr).toContain(named);
  });
});
