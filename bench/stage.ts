/**
 * What benches that build need: tools, engine, a channel of real packages, the bundled build task, a local AWS.
 * @module
 */
import { join } from "node:path";
import { type DemoChannel, makeDemoChannel, serveDemoChannel } from "#local/demo-channel.ts";
import { chooseEngine, platform } from "#local/engine.ts";
import { ensurePythonTools } from "#local/python.ts";
import { bundleAll } from "#scripts/bundle.ts";
import { startLocalAws } from "./local-aws.ts";
import type { OurSetup } from "./pipeline/our-build.ts";
import type { BenchPlace } from "./run-bench.ts";

const ROOT = join(import.meta.dirname, "..");

export interface Stage {
  readonly setup: OurSetup;
  readonly demo: DemoChannel;
  /** Where it is served. */
  readonly channel: string;
}

export interface StageRequest {
  /** Everything is made below it. */
  readonly directory: string;
  /** `rattler`, or the path of a mamba or micromamba; undefined takes the first that is found. */
  readonly engine?: string | undefined;
  /** Further settings of the deployment. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Takes what ends it, to be called backwards. */
  readonly closers: BenchPlace["closers"];
}

/** @throws LocalError when this machine lacks something */
export async function openStage({ directory, engine, settings, closers }: StageRequest): Promise<Stage> {
  const { python } = await ensurePythonTools(ROOT, say);
  const chosen = await chooseEngine({
    ...{ root: ROOT, python, log: say },
    ...(engine === undefined ? {} : { wanted: engine }),
  });
  const into = join(ROOT, ".local", "demo-channel-large");
  const demo = await makeDemoChannel({ python, into, log: say, large: true });
  const served = await serveDemoChannel(demo.directory, { host: "127.0.0.1", port: 0 });
  closers.push(() => served.close());
  const bundles = join(directory, "bundles");
  await bundleAll(ROOT, bundles);
  const aws = await startLocalAws(python, join(directory, "aws"));
  closers.push(() => aws.stop());
  const setup: OurSetup = {
    ...{ aws, engine: chosen, python, platform: platform() },
    program: join(bundles, "build-task", "main.mjs"),
    settings: {
      conda_solve_platforms: [platform()],
      conda_virtual_packages: thisMachine(),
      default_docker_base_image: "scratch",
      ...settings,
    },
  };
  return { setup, demo, channel: served.url };
}

/** The demo channel is made of what this machine has, which needs this machine's C library. */
function thisMachine(): Record<string, string> {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime === undefined ? {} : { __glibc: header.glibcVersionRuntime };
}

/** Progress, beside what is measured. */
export function say(line: string): void {
  console.error(`  ${line}`);
}
