/**
 * Which channel the local stack builds from: conda-forge where it answers, else the demo channel.
 * @module
 */

import { join } from "node:path";
import { FROM_NOTHING } from "#core/image/reference.ts";
import { makeDemoChannel, serveDemoChannel } from "./demo-channel.ts";
import { platform } from "./engine.ts";

export interface LocalChannel {
  /** For people. */
  readonly description: string;
  /** Settings of the deployment's lowest layer. */
  readonly settings: Readonly<Record<string, unknown>>;
  /** Hosts on this machine that builds may ask. */
  readonly allowedPrivateHosts: readonly string[];
  close(): Promise<void>;
}

export interface ChannelOptions {
  readonly root: string;
  readonly python: string;
  /** For the demo channel; kept, because locks name it. */
  readonly port: number;
  /** Do not ask conda-forge. @default false */
  readonly demoOnly?: boolean;
  readonly log: (line: string) => void;
}

const CONDA_FORGE = "https://conda.anaconda.org/conda-forge";
const ANSWER_SECONDS_MAX = 3;

export async function chooseChannel(options: ChannelOptions): Promise<LocalChannel> {
  const { root, python, port, demoOnly, log } = options;
  const settings = { conda_solve_platforms: [platform()] };
  if (!demoOnly && (await answers())) {
    return {
      description: "conda-forge",
      settings,
      allowedPrivateHosts: [],
      close: () => Promise.resolve(),
    };
  }
  const directory = join(root, ".local", "demo-channel");
  const channel = await makeDemoChannel({ python, into: directory, log });
  const served = await serveDemoChannel(directory, { host: "127.0.0.1", port });
  const glibc = glibcVersion();
  const why = demoOnly ? "as asked" : "conda-forge does not answer";
  return {
    description: `demo channel of ${channel.packages.length} packages at ${served.url} (${why})`,
    settings: {
      ...settings,
      conda_default_channels: [served.url],
      // Where there is no internet there is no registry.
      default_docker_base_image: FROM_NOTHING,
      // The demo channel is made of what this machine has, which needs this machine's C library.
      ...(glibc ? { conda_virtual_packages: { __glibc: glibc } } : {}),
    },
    allowedPrivateHosts: [new URL(served.url).host],
    close: () => served.close(),
  };
}

function glibcVersion(): string | undefined {
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime;
}

/** A proxy or a captive portal may answer anything: only the real index will do. */
async function answers(): Promise<boolean> {
  try {
    const response = await fetch(`${CONDA_FORGE}/noarch/repodata.json.zst`, {
      method: "HEAD",
      signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
    });
    const type = response.headers.get("content-type") ?? "";
    return response.ok && !type.startsWith("text/html");
  } catch {
    return false;
  }
}
