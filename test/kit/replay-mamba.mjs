#!/usr/bin/env node
/**
 * Poses as mamba, and can do nothing but replay: it finds the recorded call with exactly this command line, prints what
 * mamba printed and ends as mamba ended. Any other command line is exit 70. Of the disk it makes what was recorded of
 * it: as many package records as there were, for the packages that were linked.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";

const FILE = new URL("../fixtures/mamba/cases.jsonl.gz", import.meta.url);
const VARIABLES = { HOME: "{HOME}", MAMBA_ROOT_PREFIX: "{ROOT}", CONDA_PKGS_DIRS: "{PKGS}" };
const EXIT_NO_RECORDING = 70;

/** The values of the placeholders if the arguments are the recorded ones, else undefined. */
function match(template, actual) {
  if (template.length !== actual.length) return undefined;
  const values = {};
  for (const [index, part] of template.entries()) {
    const names = [];
    const pattern = part.replace(/\{([A-Z_]+)\}|[^{]+/g, (text, name) => {
      if (!name) return text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
      names.push(`{${name}}`);
      return "(.+)";
    });
    const found = new RegExp(`^${pattern}$`, "s").exec(actual[index]);
    if (!found) return undefined;
    for (const [at, name] of names.entries()) {
      if ((values[name] ?? found[at + 1]) !== found[at + 1]) return undefined;
      values[name] = found[at + 1];
    }
  }
  return values;
}

function fill(text, values) {
  return text.replace(/\{[A-Z_]+\}/g, (name) => values[name] ?? name);
}

const actual = process.argv.slice(2);
const recordings = gunzipSync(readFileSync(FILE))
  .toString("utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line));
const hits = recordings.flatMap((one) => {
  const values = one.argv && match(one.argv.slice(1), actual);
  return values ? [{ one, values }] : [];
});
// The caller may say which of several recordings of the same command line it wants.
const wanted = process.env.REPLAY_CASE;
const hit = hits.find(({ one }) => (wanted ? one.name === wanted : hits.length === 1));
if (!hit) {
  const names = hits.map(({ one }) => one.name).join(", ") || "none";
  process.stderr.write(`replay-mamba: no one recording of ${JSON.stringify(actual)} (${names})\n`);
  process.exit(EXIT_NO_RECORDING);
}
const { one, values } = hit;
for (const [variable, name] of Object.entries(VARIABLES)) {
  if (process.env[variable]) values[name] = process.env[variable];
}
if (!values["{SERVER}"] && actual.includes("--file")) {
  const lock = readFileSync(actual[actual.indexOf("--file") + 1], "utf8");
  values["{SERVER}"] = /https?:\/\/[^/]+/.exec(lock)?.[0];
}
if (values["{SERVER}"]) values["{HOST}"] = values["{SERVER}"].replace(/^https?:\/\//, "");
if (values["{HOST}"]) values["{HOST_AND_PORT}"] = values["{HOST}"].replace(":", "_");

const linked = [...one.stdout.matchAll(/^Linking (\S+)$/gm)].map(([, name]) => name);
if (one.condaMeta !== null && linked.length === one.condaMeta) {
  const directory = join(values["{PREFIX}"], "conda-meta");
  mkdirSync(directory, { recursive: true });
  for (const name of linked) writeFileSync(join(directory, `${name}.json`), JSON.stringify({ files: [] }));
}
process.stderr.write(fill(one.stderr, values));
process.stdout.write(fill(one.stdout, values), () => {
  if (one.signal) process.kill(process.pid, one.signal);
  else process.exit(one.exitCode);
});
