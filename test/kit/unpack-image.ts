/**
 * An image's layers, laid over each other as container engines do.
 * @module
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

const WHITEOUT = ".wh.";

/** @param layers gzip tars, the lowest first */
export function unpackLayers(layers: readonly Buffer[], root: string): void {
  mkdirSync(root, { recursive: true });
  for (const layer of layers) {
    const names = execFileSync("tar", ["-tz"], { input: layer, encoding: "utf8", maxBuffer: 2 ** 28 }).split(
      "\n",
    );
    for (const name of names.filter((each) => basename(each).startsWith(WHITEOUT))) {
      const hidden = join(root, dirname(name), basename(name).slice(WHITEOUT.length));
      rmSync(hidden, { recursive: true, force: true });
    }
    execFileSync("tar", ["-xz", "--numeric-owner", `--exclude=${WHITEOUT}*`, "-C", root], { input: layer });
  }
}
