/** Images on a Debian that mmdebstrap makes: the tar is the base image, and what is on top runs in it. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type StaticFiles, serveFiles } from "#local/static-files.ts";
import { useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { type BuiltImage, buildImage, digestsIn, unpackImage } from "#test/kit/images.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { runProgram } from "#test/kit/run-program.ts";

/** Of this machine's age at least: the demo channel's python is this machine's own, and wants its C library. */
const SUITE = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1] ?? "stable";

const why = missing();
function missing(): string | null {
  if (process.getuid?.() !== 0) return "only root can run what is in an image";
  return spawnSync("mmdebstrap", ["--version"]).error ? "mmdebstrap is not installed" : null;
}

const aws = useMiniStack();
const demo = useDemoChannel();
const folder = mkdtempSync(join(tmpdir(), "base-tar-"));
let served: StaticFiles | undefined;
let digest = "";
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  settings: { build_artifacts: ["DOCKER_MANIFEST"] },
  baseImage: () => `${served?.url}/root.tar.gz#${digest}`,
  privateHosts: () => (served ? [new URL(served.url).host] : []),
});

describe.skipIf(why !== null)(`an image on a tar of Debian${why ? ` (skipped: ${why})` : ""}`, () => {
  const root = join(folder, "root");
  let image: BuiltImage;
  beforeAll(async () => {
    const site = join(folder, "site");
    mkdirSync(site);
    // What its python and the channel's libraries are linked with comes from this machine's own packages.
    const wanted = "--include=dash,coreutils,libc6,libstdc++6,zlib1g";
    const tar = join(site, "root.tar.gz");
    const made = await runProgram("mmdebstrap", ["--quiet", "--variant=extract", wanted, SUITE, tar], {
      PATH: process.env["PATH"] ?? "",
      HOME: folder,
      TMPDIR: folder,
    });
    if (made.code !== 0) throw new Error(made.stderr);
    digest = `sha256:${createHash("sha256").update(readFileSync(tar)).digest("hex")}`;
    served = await serveFiles(site, { host: "127.0.0.1", port: 0, mount: "/site" });
    image = await buildImage(workshop, "name: demo\ndependencies: [python, demo-activate]\n");
    await unpackImage(workshop, image, root);
    mkdirSync(join(root, "proc"), { recursive: true });
  }, 900_000);
  afterAll(async () => {
    await served?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it("has the tar as its lowest layer, and its manifest says which one", () => {
    expect(digestsIn(image)[0]).toBe(digest);
    expect(image.manifest.annotations["org.opencontainers.image.base.digest"]).toBe(digest);
  });

  it("runs its python, and Debian's shell in the activated environment, as nobody's user", async () => {
    const run = async (...args: readonly string[]) => {
      // With what every container has: its own /proc.
      const inside = ["--userspec=1000:1000", root, "/opt/conda/bin/conda-store-entrypoint", ...args];
      const apart = ["-m", "-p", "-f", `--mount-proc=${join(root, "proc")}`, "/usr/sbin/chroot", ...inside];
      const env = { PATH: "/opt/conda/bin:/usr/bin:/bin", CONDA_PREFIX: "/opt/conda", HOME: "/home/conda" };
      const ended = await runProgram("/usr/bin/unshare", apart, env);
      expect(ended, `${args.join(" ")}: ${ended.stderr}`).toMatchObject({ code: 0 });
      return ended.stdout;
    };
    expect(await run("python", "-c", "import sys, os; print(sys.prefix, os.getuid())")).toBe(
      "/opt/conda 1000\n",
    );
    expect(await run("sh", "-c", 'echo "$0 $DEMO_ACTIVATE"; ls /usr/share/doc/libc6')).toMatch(
      /^sh \/opt\/conda\n(?:.*\n)*copyright\n/,
    );
  });

  it("is made again without asking for the tar", async () => {
    const blobs = digestsIn(image);
    const again = await buildImage(workshop, "name: demo\ndependencies: [demo-activate]\n");
    expect(digestsIn(again)[0]).toBe(blobs[0]);
    expect(again.ended.log).not.toMatch(/base image .* copied/);
    expect(image.ended.log).toMatch(/base image .* copied/);
  }, 300_000);
});
