/**
 * Which engine builds on this machine: a mamba on PATH, else the official micromamba by pin, else py-rattler.
 * @module
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { basename, delimiter, join } from "node:path";
import * as v from "valibot";
import { LocalError } from "./local-error.ts";

export interface LocalEngine {
  readonly kind: "mamba" | "rattler";
  /** mamba, micromamba, or a Python with py-rattler; absolute. */
  readonly program: string;
  /** For people: name, version and where it comes from. */
  readonly description: string;
}

export interface EngineOptions {
  readonly root: string;
  /** A Python with py-rattler. */
  readonly python: string;
  /** `rattler`, or the path of a mamba or micromamba. @default - the first that is found */
  readonly wanted?: string;
  readonly log: (line: string) => void;
}

const Pins = v.object({
  micromamba: v.record(v.string(), v.object({ url: v.string(), sha256: v.string(), version: v.string() })),
});
const DOWNLOAD_SECONDS_MAX = 60;
const ANSWER_SECONDS_MAX = 3;

/** @throws LocalError when the wanted engine does not run */
export async function chooseEngine(options: EngineOptions): Promise<LocalEngine> {
  const { wanted } = options;
  if (wanted === "rattler") return rattler(options.python);
  if (wanted !== undefined) {
    const found = mamba(wanted, "as asked");
    if (!found)
      throw new LocalError(`${wanted} is no mamba 2 or micromamba 2 that runs: choose another --engine.`);
    return found;
  }
  return onPath() ?? (await pinned(options)) ?? rattler(options.python);
}

function onPath(): LocalEngine | null {
  const directories = (process.env["PATH"] ?? "").split(delimiter).filter((directory) => directory !== "");
  for (const name of ["mamba", "micromamba"]) {
    for (const directory of directories) {
      const found = mamba(join(directory, name), "on PATH");
      if (found) return found;
    }
  }
  return null;
}

function mamba(program: string, origin: string): LocalEngine | null {
  try {
    accessSync(program, constants.X_OK);
  } catch {
    return null;
  }
  const { stdout, status } = spawnSync(program, ["--version"], { encoding: "utf8", timeout: 20_000 });
  const version = /(\d+)\.\d+\S*/.exec(stdout ?? "");
  // 1.x speaks another language.
  if (status !== 0 || !version || Number(version[1]) < 2) return null;
  return {
    kind: "mamba",
    program,
    description: `${basename(program)} ${version[0]} (${origin}: ${program})`,
  };
}

/** The official micromamba, kept in `.local/`; null where there is no pin or its host does not answer. */
async function pinned({ root, log }: EngineOptions): Promise<LocalEngine | null> {
  const pins = join(root, "pins.json");
  if (!existsSync(pins)) return null;
  const pin = v.parse(Pins, JSON.parse(readFileSync(pins, "utf8"))).micromamba[platform()];
  if (!pin?.url.endsWith(".tar.bz2")) return null;
  const directory = join(root, ".local", "micromamba", pin.sha256.slice(0, 16));
  const program = join(directory, "bin", "micromamba");
  if (!existsSync(program)) {
    const answered = await fetch(pin.url, {
      method: "HEAD",
      signal: AbortSignal.timeout(ANSWER_SECONDS_MAX * 1000),
    })
      .then((response) => response.ok)
      .catch(() => false);
    if (!answered) return null;
    log(`downloading micromamba ${pin.version}`);
    await download(pin.url, pin.sha256, directory);
  }
  return mamba(program, "pinned");
}

/** @throws LocalError when the bytes are not the pinned ones */
async function download(url: string, sha256: string, directory: string): Promise<void> {
  const response = await fetch(url, { signal: AbortSignal.timeout(DOWNLOAD_SECONDS_MAX * 1000) });
  const bytes = Buffer.from(await response.arrayBuffer());
  const found = createHash("sha256").update(bytes).digest("hex");
  if (found !== sha256)
    throw new LocalError(`${url} has the checksum ${found}, but pins.json says ${sha256}.`);
  const unpacking = `${directory}.unpacking`;
  mkdirSync(unpacking, { recursive: true });
  const archive = join(unpacking, "micromamba.tar.bz2");
  writeFileSync(archive, bytes);
  const { status, stderr } = spawnSync("tar", ["-xjf", archive, "-C", unpacking, "bin/micromamba"], {
    encoding: "utf8",
  });
  if (status !== 0) throw new LocalError(`micromamba could not be unpacked: ${stderr.trim()}`);
  chmodSync(join(unpacking, "bin", "micromamba"), 0o755);
  renameSync(unpacking, directory);
}

function rattler(python: string): LocalEngine {
  const { stdout, status } = spawnSync(
    python,
    ["-c", "import importlib.metadata as m; print(m.version('py-rattler'))"],
    { encoding: "utf8" },
  );
  if (status !== 0) throw new LocalError("py-rattler does not run: delete .local/venv and start again.");
  return { kind: "rattler", program: python, description: `py-rattler ${stdout.trim()} (no mamba here)` };
}

/** conda's name of this machine. */
export function platform(): string {
  const systems: Record<string, string> = { linux: "linux", darwin: "osx" };
  const machines: Record<string, string> =
    process.platform === "linux" ? { x64: "64", arm64: "aarch64" } : { x64: "64", arm64: "arm64" };
  return `${systems[process.platform] ?? process.platform}-${machines[process.arch] ?? process.arch}`;
}
