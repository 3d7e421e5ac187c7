import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getAttempt } from "#adapters/dynamodb/attempts.ts";
import { getRepodata, putRepodata } from "#adapters/dynamodb/repodata.ts";
import { VARIABLES } from "#core/layout.ts";
import { newState } from "#core/repodata/state.ts";
import { bundleBuildTask } from "#scripts/bundle.ts";
import { useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { type Ended, runProgram } from "#test/kit/run-program.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const HOST_CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";
const TASK = "/opt/conda-store-task";
/** As the Dockerfile starts from. */
const SUITE = "bookworm";

const why = missing();
function missing(): string | null {
  if (process.getuid?.() !== 0) return "only root can make a chroot";
  const { error } = spawnSync("mmdebstrap", ["--version"]);
  return error ? "mmdebstrap is not installed" : null;
}
const pins = existsSync(join(ROOT, "pins.json"));

const aws = useMiniStack();
const demo = useDemoChannel();
const workshop = useWorkshop({ aws, python: demo.python, channel: demo.url });

describe.skipIf(why !== null)(`a Debian that install.sh made${why ? ` (skipped: ${why})` : ""}`, () => {
  const root = mkdtempSync(join(tmpdir(), "debian-"));
  let installed: Ended;
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** Runs a program in it, with /proc, as the container does; this machine's network and certificates are its own. */
  function inside(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    return runProgram(
      "unshare",
      ["--mount", "--", "sh", "-c", 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"', root, ...args],
      { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", PIP_CERT: "/host.crt", ...env },
    );
  }

  /** What `npm run pin` has written; else this machine's own Node, and no micromamba. */
  function writePins(directory: string): void {
    if (pins) {
      copyFileSync(join(ROOT, "pins.json"), join(directory, "pins.json"));
      return;
    }
    const name = "node-v24";
    mkdirSync(join(directory, name, "bin"), { recursive: true });
    copyFileSync(process.execPath, join(directory, name, "bin", "node"));
    spawnSync("tar", ["-cJf", "node.tar.xz", name], {
      cwd: directory,
      env: { XZ_OPT: "-0", PATH: process.env["PATH"] },
    });
    const sha256 = createHash("sha256")
      .update(readFileSync(join(directory, "node.tar.xz")))
      .digest("hex");
    const pin = { url: pathToFileURL(join(TASK, "node.tar.xz")).href, sha256 };
    writeFileSync(
      join(directory, "pins.json"),
      JSON.stringify({ node: { "linux-64": pin, "linux-aarch64": pin }, micromamba: {} }),
    );
  }

  beforeAll(async () => {
    const made = spawnSync("mmdebstrap", ["--quiet", "--variant=minbase", SUITE, root], { encoding: "utf8" });
    if (made.status !== 0) throw new Error(made.stderr);
    await bundleBuildTask(ROOT, join(root, TASK));
    writePins(join(root, TASK));
    copyFileSync("/etc/resolv.conf", join(root, "etc", "resolv.conf"));
    if (existsSync(HOST_CERTIFICATES)) copyFileSync(HOST_CERTIFICATES, join(root, "host.crt"));
    installed = await inside(["sh", `${TASK}/install.sh`]);
  }, 900_000);

  test("has Node, conda-pack and the directories that the deployment mounts, each with its owner", async () => {
    if (pins) expect(installed).toMatchObject({ code: 0, stderr: "" });
    else expect(installed.stderr).toContain("pins.json has no micromamba for linux-");
    expect((await inside(["/opt/node/bin/node", "--version"])).stdout).toMatch(/^v24\./);
    expect(await inside(["/opt/conda-pack/bin/python", "-c", "import conda_pack, isal"])).toMatchObject({
      code: 0,
    });
    const { stdout } = await inside([
      "stat",
      "-c",
      "%n %a %u",
      "/var/lib/conda-store",
      "/opt/conda-store",
      "/mnt/supervisor",
    ]);
    expect(stdout.trim().split("\n")).toEqual([
      "/var/lib/conda-store 755 0",
      "/opt/conda-store 755 0",
      "/mnt/supervisor 700 0",
    ]);
  });

  test.skipIf(!pins)(
    `has micromamba${pins ? "" : " (skipped: there is no pins.json, see npm run pin)"}`,
    async () => {
      expect((await inside(["/usr/local/bin/micromamba", "--version"])).stdout).toMatch(/^2\./);
    },
  );

  test("reads a channel there as a user without a name or a capability", async () => {
    const place = { owner: null, channel: demo.url(), subdir: "noarch" };
    const order = await putRepodata(workshop.db, newState(place));
    const nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--bounding-set=-all"];

    const ended = await inside([...nobody, "/opt/node/bin/node", `${TASK}/prefetch.mjs`], {
      ...workshop.environment(),
      [VARIABLES.logLevel]: "info",
      [VARIABLES.repodataOrder]: JSON.stringify({ ...order, believeLoss: false }),
    });

    expect(ended).toMatchObject({ code: 0, stdout: expect.stringContaining('"outcome":"changed"') });
    const [state] = await getRepodata(workshop.db, [place]);
    expect(state).toMatchObject({ error: null, live: { names: expect.any(Number) } });
  });

  test("builds an environment there with packages' own code kept apart, and publishes it", async () => {
    // The engine that is had wherever PyPI is; the image's own is micromamba.
    const [rattler = ""] =
      readFileSync(join(ROOT, "local", "requirements.txt"), "utf8").match(/^py-rattler==\S+/m) ?? [];
    const pip = ["/opt/conda-pack/bin/python", "-m", "pip", "install", "--quiet", rattler];
    expect(await inside(pip)).toMatchObject({ code: 0 });
    expect(
      await inside([
        "/opt/node/bin/node",
        `${TASK}/smoke.mjs`,
        ...["rattler", "/opt/conda-pack/bin/python", "/opt/conda-pack/bin/python"],
      ]),
    ).toMatchObject({ code: 0, stdout: expect.stringMatching(/^py-rattler .* and conda-pack packs\.$/m) });
    const disk = "/mnt/supervisor/conda-store";
    mkdirSync(join(root, disk));
    const id = await workshop.order("name: demo\ndependencies: [demo-hello]\n");

    const ended = await inside(["/opt/node/bin/node", "--max-semi-space-size=2", `${TASK}/main.mjs`], {
      ...workshop.environment(),
      [VARIABLES.buildId]: String(id),
      [VARIABLES.isolation]: "required",
      [VARIABLES.storeDirectory]: "/opt/conda-store",
      [VARIABLES.diskDirectory]: disk,
      [VARIABLES.workDirectory]: "/var/lib/conda-store",
      [VARIABLES.engineProgram]: "/opt/conda-pack/bin/python",
      [VARIABLES.packPython]: "/opt/conda-pack/bin/python",
    });

    expect(ended).toMatchObject({ code: 0, stdout: expect.stringMatching(/^completed$/m) });
    const { result } = (await getAttempt(workshop.db, id, 1)) ?? {};
    if (result?.outcome !== "completed") throw new Error(ended.stdout);
    const directory = result.artifacts.find(({ type }) => type === "DIRECTORY")?.key ?? "";
    expect(dirname(directory)).toBe("/opt/conda-store/team");
    expect(existsSync(join(root, disk, "team", basename(directory), "conda-meta", "history"))).toBe(true);
  }, 300_000);
});
