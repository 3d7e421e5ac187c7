/**
 * A conda channel of real packages, made from what the machine has, and served to the engines of this machine.
 * @module
 */
import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import * as v from "valibot";
import { LocalError } from "./local-error.ts";
import { type StaticFiles, serveFiles } from "./static-files.ts";

const Manifest = v.object({
  /** conda's name of this machine, such as `linux-64`. */
  subdir: v.string(),
  /** Version of the package `python`. */
  python: v.string(),
  /** Sets of package names that can be installed together: `small`, `medium` (about 40 packages), `large`. */
  environments: v.record(v.string(), v.array(v.string())),
  packages: v.array(
    v.object({
      name: v.string(),
      version: v.string(),
      build: v.string(),
      subdir: v.string(),
      file: v.string(),
      /** Bytes of the package file. */
      size: v.number(),
      sha256: v.string(),
      depends: v.array(v.string()),
      /** Words for what an engine meets in this package, such as `binary-prefix` or `clobber`. */
      shows: v.array(v.string()),
    }),
  ),
});

export interface DemoChannel extends v.InferOutput<typeof Manifest> {
  /** The channel's folder, absolute as given. */
  readonly directory: string;
}

export interface DemoChannelOptions {
  /** A virtual environment's interpreter that has `local/requirements.txt`. */
  readonly python: string;
  /** The channel's folder; made whole, or not at all. */
  readonly into: string;
  /** Takes progress lines. */
  readonly log: (line: string) => void;
  /** Adds packages of more than 300 MB unpacked, for benchmarks. @default false */
  readonly large?: boolean;
}

/**
 * Makes the channel, or finds it made; a second call returns within a second.
 * @throws LocalError one line that says why not and what to do
 */
export async function makeDemoChannel(options: DemoChannelOptions): Promise<DemoChannel> {
  const program = fileURLToPath(new URL("demo-channel/make.py", import.meta.url));
  const large = options.large ? ["--large"] : [];
  const child = spawn(options.python, ["-B", "-s", program, "--into", options.into, ...large], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", () =>
      reject(
        new LocalError(
          `${options.python} does not run: delete the virtual environment it is in, then try again.`,
        ),
      ),
    );
    child.once("close", resolve);
  });
  createInterface(child.stdout).on("line", options.log);
  const [code, errors] = await Promise.all([ended, text(child.stderr)]);
  if (code !== 0) {
    throw new LocalError(
      errors.trim().split("\n").at(-1) || "The demo channel's maker was stopped: try again.",
    );
  }
  const manifest: unknown = JSON.parse(await readFile(join(options.into, "manifest.json"), "utf8"));
  return { ...v.parse(Manifest, manifest), directory: options.into };
}

/**
 * Serves a channel's folder to this machine.
 * @returns the channel's URL and a way to end the server
 * @throws LocalError when the port is taken
 */
export function serveDemoChannel(
  directory: string,
  options: { readonly host: "127.0.0.1"; readonly port: number },
): Promise<StaticFiles> {
  // Below a path of its own: engines take a channel's name from the end of its URL.
  return serveFiles(directory, { ...options, mount: "/demo-channel" });
}
