/**
 * A channel of packages that mean harm, served on the loopback interface.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { type StaticFiles, serveFiles } from "#local/static-files.ts";

const PROGRAM = fileURLToPath(new URL("./stranger_channel.py", import.meta.url));

export interface StrangerPackage {
  readonly name: string;
  readonly members: readonly {
    readonly path: string;
    readonly text?: string;
    /** Octal. @default "644" */
    readonly mode?: string;
    /** Makes it a link to this. */
    readonly link?: string;
  }[];
  readonly depends?: readonly string[];
  /** Entries of `paths.json`. @default what the members are */
  readonly paths?: readonly object[];
}

/** A package whose post-link script does this. */
export const scripted = (name: string, ...lines: readonly string[]): StrangerPackage => ({
  name,
  members: [
    { path: `bin/.${name}-post-link.sh`, text: `set -e\n${lines.join("\n")}\n`, mode: "755" },
    { path: `share/${name}/readme.txt`, text: `${name}\n` },
  ],
});

/** Call at the top of a test file. @param python an interpreter with py-rattler */
export function useStrangerChannel(
  python: () => string,
  packages: readonly StrangerPackage[],
): { url(): string; host(): string; readonly folder: string } {
  const folder = mkdtempSync(join(tmpdir(), "stranger-channel-"));
  let served: StaticFiles | undefined;
  const url = (): string => {
    if (!served) throw new Error("the channel is not served yet");
    return served.url;
  };
  beforeAll(async () => {
    execFileSync(python(), ["-B", PROGRAM, folder], { input: JSON.stringify(packages) });
    served = await serveFiles(folder, { host: "127.0.0.1", port: 0, mount: "/strangers" });
  });
  afterAll(async () => {
    await served?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  return { url, host: () => new URL(url()).host, folder };
}
