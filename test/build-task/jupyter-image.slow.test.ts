/** Jupyter in an image: the real one, which pip installs from an index of this test's own that has the wheels of PyPI. */
import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { type BuiltImage, blobOf, buildImage, unpackImage } from "#test/kit/images.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { useIndex } from "#test/kit/wheels.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const index = useIndex(demo.python, [], new URL("./jupyter/requirements.txt", import.meta.url));
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  settings: { build_artifacts: ["DOCKER_MANIFEST"] },
  privateHosts: () => [index.host()],
});
const root = mkdtempSync(join(tmpdir(), "jupyter-image-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let image: BuiltImage;
beforeAll(async () => {
  const pip = [`--index-url ${index.url()}`, "ipykernel"];
  image = await buildImage(workshop, JSON.stringify({ name: "demo", dependencies: ["python", { pip }] }));
  await unpackImage(workshop, image, root);
  // As container engines mount it: everybody may enter.
  chmodSync(root, 0o755);
}, 600_000);

/** As its configuration says: at its place, by its user, with its variables. */
function run(env: readonly string[], ...command: readonly string[]): string {
  const script = [
    "mount -t tmpfs none /opt && mkdir /opt/conda",
    `mount --bind '${root}/opt/conda' /opt/conda && mount --bind '${root}/home' /home`,
    "chown 1000:1000 /home/conda && cd /home/conda",
    'exec setpriv --reuid=1000 --regid=1000 --clear-groups env -i "$@"',
  ];
  const args = ["-m", "sh", "-ec", script.join("\n"), "sh", ...env, "conda-store-entrypoint", ...command];
  return execFileSync("unshare", args, { encoding: "utf8", stdio: "pipe", timeout: 120_000 });
}

/** Prints what a kernel says that is found by its name and started as its specification says. */
const ASK_A_KERNEL = `
from jupyter_client.manager import start_new_kernel
manager, client = start_new_kernel(kernel_name="python3", startup_timeout=100)
try:
    client.execute_interactive("import sys, os; print(sys.prefix, os.getuid())", timeout=100)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
`;

describe.skipIf(process.getuid?.() !== 0)(
  "an image with Jupyter in it (only root can run what is in an image)",
  () => {
    it("runs jupyter, which finds the image's own kernel at its place, and the kernel runs as nobody's user", async () => {
      const text = String(await blobOf(workshop, image.manifest.config.digest));
      const { config } = JSON.parse(text) as { config: { Env: string[]; User: string } };
      expect(config.User).toBe("1000:1000");
      const { kernelspecs } = JSON.parse(run(config.Env, "jupyter", "kernelspec", "list", "--json")) as {
        kernelspecs: Record<string, { resource_dir: string; spec: { argv: string[] } }>;
      };
      expect(kernelspecs["python3"]?.resource_dir).toBe("/opt/conda/share/jupyter/kernels/python3");
      expect(run(config.Env, "python", "-c", ASK_A_KERNEL)).toBe("/opt/conda 1000\n");
    }, 300_000);
  },
);
