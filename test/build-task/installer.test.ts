/**
 * Installers as users have them: a file on another machine's disk, run by that machine's shells with an empty environment.
 */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getObject } from "#adapters/s3/objects.ts";
import type { ArtifactType } from "#core/build/status.ts";
import { installerScript } from "#core/installer.ts";
import { type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  settings: { build_artifacts: ["CONDA_PACK", "CONSTRUCTOR_INSTALLER"] },
});
const home = mkdtempSync(join(tmpdir(), "installer-"));
const file = join(home, "demo environment.sh");
let ended: Ended;
let withoutPython: Buffer;
afterAll(() => rmSync(home, { recursive: true, force: true }));

const yaml = (name: string, ...dependencies: string[]): string => JSON.stringify({ name, dependencies });
const typesOf = ({ result }: Ended): ArtifactType[] =>
  result?.outcome === "completed" ? result.artifacts.map(({ type }) => type) : [];
async function storedOf({ result, output }: Ended, type: ArtifactType): Promise<Buffer> {
  if (result?.outcome !== "completed") throw new Error(output);
  const key = result.artifacts.find((each) => each.type === type)?.key ?? "";
  const bytes = await getObject(workshop.bucket, key);
  if (bytes === null) throw new Error(`${type} is not stored`);
  return bytes;
}
/** Runs with an empty environment but for what is given. */
function sh(
  script: string,
  args: readonly string[],
  options: { shell?: string; env?: NodeJS.ProcessEnv } = {},
) {
  const env = { PATH: "/usr/bin:/bin", ...options.env };
  const { status, stdout, stderr } = spawnSync(options.shell ?? "/bin/sh", [script, ...args], {
    cwd: home,
    env,
    encoding: "utf8",
    input: "",
  });
  return { status, stdout, stderr };
}

beforeAll(async () => {
  ended = await workshop.build(
    await workshop.order(
      yaml("install-me", "python", "demo-hello", "demo-prefix-text", "demo-prefix-binary"),
    ),
  );
  await workshop.settle(ended);
  writeFileSync(file, await storedOf(ended, "CONSTRUCTOR_INSTALLER"));
  const small = await workshop.build(await workshop.order(yaml("no-python", "demo-links")));
  await workshop.settle(small);
  withoutPython = await storedOf(small, "CONSTRUCTOR_INSTALLER");
}, 240_000);

describe("an installer", () => {
  it("is the script with the very archive behind it, packed once", async () => {
    expect(typesOf(ended)).toEqual(expect.arrayContaining(["CONDA_PACK", "CONSTRUCTOR_INSTALLER"]));
    const archive = await storedOf(ended, "CONDA_PACK");
    const installer = readFileSync(file);
    const script = installerScript();
    expect(installer.subarray(0, script.length).toString()).toBe(script);
    expect(installer.subarray(script.length).equals(archive)).toBe(true);
    expect(ended.log).toMatch(/^archive: archives\/[0-9a-f]+\.sh: .*sha256/m);
  });

  it.each(["/bin/sh", "/bin/bash"])(
    "installs an environment that works, by %s with an empty environment",
    (shell) => {
      const prefix = join(home, `by ${shell.replaceAll("/", " ")}`);

      const { status, stdout, stderr } = sh(file, ["-b", "-p", prefix], { shell });

      expect(stderr).toBe("");
      expect(status).toBe(0);
      expect(stdout).toBe(`Installed into ${prefix}. To use it: source '${prefix}/bin/activate'\n`);
      const python = spawnSync(join(prefix, "bin/python"), ["-c", "import sys; print(sys.prefix)"], {
        env: {},
        encoding: "utf8",
      });
      expect(python.stdout).toBe(`${prefix}\n`);
      expect(existsSync(join(prefix, "conda-meta", "history"))).toBe(true);
      // Files that name their place name the new one.
      const old = join(workshop.store, "team", ended.build.buildKey);
      const said = spawnSync("grep", ["-rlF", old, join(prefix, "share"), join(prefix, "etc")], {
        encoding: "utf8",
      });
      expect(said.stdout).toBe("");
    },
  );

  it("takes a place below the working directory, or the home directory and its own name", () => {
    expect(sh(file, ["-b", "-p", "here/below"]).status).toBe(0);
    expect(existsSync(join(home, "here/below/bin/python"))).toBe(true);
    expect(sh(file, ["-b"], { env: { HOME: home } }).status).toBe(0);
    expect(existsSync(join(home, "demo environment/bin/python"))).toBe(true);
    expect(sh(file, ["-b"])).toMatchObject({ status: 1, stderr: expect.stringContaining("-p PREFIX") });
  });

  it("needs no python where no file names its place", () => {
    const small = join(home, "small.sh");
    writeFileSync(small, withoutPython);
    const tools = join(home, "tools");
    mkdirSync(tools);
    for (const tool of ["tail", "tar", "gzip", "sed", "grep", "ls", "mkdir", "rm", "find"]) {
      const { stdout } = spawnSync("/bin/sh", ["-c", `command -v ${tool}`], { encoding: "utf8" });
      spawnSync("ln", ["-s", stdout.trim(), join(tools, tool)]);
    }

    const { status, stderr } = sh(small, ["-b", "-p", join(home, "small")], { env: { PATH: tools } });

    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(existsSync(join(home, "small/conda-meta/history"))).toBe(true);
  });

  it("leaves alone what is there: a directory with something in it, a file, a link to nowhere", () => {
    const full = join(home, "full");
    mkdirSync(full);
    writeFileSync(join(full, "mine"), "mine");
    writeFileSync(join(home, "a-file"), "mine");
    spawnSync("ln", ["-s", "nowhere", join(home, "a-link")]);

    for (const prefix of [full, join(home, "a-file"), join(home, "a-link")]) {
      const { status, stderr } = sh(file, ["-b", "-p", prefix]);
      expect(status).toBe(1);
      expect(stderr).toContain(`${prefix} is there already`);
    }
    expect(readdirSync(full)).toEqual(["mine"]);
    expect(readFileSync(join(home, "a-file"), "utf8")).toBe("mine");
  });

  it("that is cut off leaves nothing behind, and the empty directory that it was given stays", () => {
    const bytes = readFileSync(file);
    const cut = join(home, "cut.sh");
    const given = join(home, "given");
    mkdirSync(given);
    for (const length of [bytes.length - 100, bytes.length / 2, installerScript().length]) {
      writeFileSync(cut, bytes.subarray(0, length));
      for (const prefix of [join(home, "new"), given]) {
        const { status, stderr } = sh(cut, ["-b", "-p", prefix]);
        expect(status).toBe(1);
        expect(stderr).toMatch(/could not be unpacked|is not whole/);
      }
      expect(existsSync(join(home, "new"))).toBe(false);
      expect(readdirSync(given)).toEqual([]);
    }
  });

  describe("that is told to stop", () => {
    /** A tar that has unpacked a part and goes on for ever, and an rm that waits for a file: there is time for a signal. */
    const tools = join(home, "slow tools");
    const [begun, removing, go] = ["begun", "removing", "go"].map((name) => join(tools, name)) as [
      string,
      string,
      string,
    ];
    beforeAll(() => {
      mkdirSync(tools);
      const slow = {
        tar: `head -c 200000 | /bin/tar "$@" 2> /dev/null; : > "${begun}"; exec sleep 1000`,
        rm: `: > "${removing}"; until [ -e "${go}" ]; do sleep 0.05; done; exec /bin/rm "$@"`,
      };
      for (const [name, does] of Object.entries(slow)) {
        writeFileSync(join(tools, name), `#!/bin/sh\n${does}\n`, { mode: 0o755 });
      }
    });

    it.each([
      ["SIGINT", "/bin/sh", 130],
      ["SIGINT", "/bin/bash", 130],
      ["SIGTERM", "/bin/sh", 143],
      ["SIGHUP", "/bin/bash", 143],
    ] as const)(
      "by %s to %s in the middle leaves nothing, also when told so twice",
      async (signal, shell, code) => {
        const prefix = join(home, "interrupted", "deep");
        const child = spawn(shell, [file, "-b", "-p", prefix], {
          cwd: home,
          env: { PATH: `${tools}:/usr/bin:/bin` },
          // As a terminal does it: the signal is for the shell and all that it runs.
          detached: true,
          stdio: "ignore",
        });
        const ended = once(child, "exit");
        const { pid = 0 } = child;
        await expect.poll(() => existsSync(begun), { timeout: 30_000 }).toBe(true);
        expect(readdirSync(prefix)).not.toEqual([]);
        process.kill(-pid, signal);
        await expect.poll(() => existsSync(removing), { timeout: 30_000 }).toBe(true);
        process.kill(-pid, signal);
        writeFileSync(go, "");

        expect(await ended).toEqual([code, null]);
        expect(existsSync(prefix)).toBe(false);
        for (const mark of [begun, removing, go]) rmSync(mark);
        expect(sh(file, ["-b", "-p", prefix]).status).toBe(0);
        rmSync(prefix, { recursive: true });
      },
    );
  });

  it("that is run twice at once into one place installs once, and twice in a row leaves the first alone", async () => {
    const prefix = join(home, "contested");
    const run = async () => {
      const child = spawn("/bin/sh", [file, "-b", "-p", `${prefix}/`], {
        env: { PATH: "/usr/bin:/bin" },
        stdio: "ignore",
      });
      return (await once(child, "exit"))[0];
    };

    expect((await Promise.all([run(), run(), run()])).sort()).toEqual([0, 1, 1]);
    const python = spawnSync(join(prefix, "bin/python"), ["-c", "print(1)"], { env: {}, encoding: "utf8" });
    expect(python.stdout).toBe("1\n");

    const before = statSync(prefix).ctimeMs;
    expect(await run()).toBe(1);
    expect(statSync(prefix).ctimeMs).toBe(before);
  });

  it("asks before it installs, and without anybody to ask it does not", () => {
    const { status, stderr } = sh(file, ["-p", join(home, "unasked")]);
    expect({ status, stderr }).toMatchObject({ status: 1, stderr: expect.stringContaining("add -b") });
    expect(existsSync(join(home, "unasked"))).toBe(false);
  });

  it("says how it is used", () => {
    expect(sh(file, ["-h"])).toMatchObject({ status: 0, stdout: expect.stringContaining("-p PREFIX") });
    for (const args of [["-x"], ["-p"], ["-b", "more"]]) {
      expect(sh(file, args)).toMatchObject({ status: 2, stderr: expect.stringContaining("usage:") });
    }
  });
});

describe("what the setting build_artifacts wants", () => {
  it("is made alone, and an installer that an earlier build has not is made for a later one", async () => {
    const settings = (types: readonly ArtifactType[]) => ({
      CONDA_STORE_SETTINGS: JSON.stringify({
        conda_default_channels: [demo.url()],
        build_artifacts: types,
      }),
    });
    const build = async (types: readonly ArtifactType[]) => {
      const done = await workshop.build(await workshop.order(yaml("wants", "demo-choice")), settings(types));
      await workshop.settle(done);
      return done;
    };

    expect(typesOf(await build(["CONDA_PACK"])).sort()).toEqual(["CONDA_PACK", "DIRECTORY", "LOGS"]);
    const alone = await build(["CONSTRUCTOR_INSTALLER"]);
    expect(typesOf(alone).sort()).toEqual(["CONSTRUCTOR_INSTALLER", "DIRECTORY", "LOGS"]);
    const lent = await build(["CONSTRUCTOR_INSTALLER"]);
    expect(lent.log).toContain("what it made is lent");
    expect(await storedOf(lent, "CONSTRUCTOR_INSTALLER")).toEqual(
      await storedOf(alone, "CONSTRUCTOR_INSTALLER"),
    );
  }, 120_000);
});
