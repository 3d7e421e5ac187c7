/**
 * What mamba 2.x prints, as data.
 * @module
 */
import * as v from "valibot";
import type { CommandResult } from "#core/ports.ts";
import type { SolvedRecord } from "../locked-package.ts";

const linkRecord = v.object({
  name: v.string(),
  version: v.string(),
  build: v.string(),
  build_number: v.number(),
  subdir: v.string(),
  fn: v.string(),
  url: v.string(),
  sha256: v.optional(v.string(), ""),
  md5: v.optional(v.string(), ""),
  size: v.optional(v.number(), 0),
  depends: v.optional(v.array(v.string()), []),
  constrains: v.optional(v.array(v.string()), []),
  license: v.optional(v.string(), ""),
  timestamp: v.optional(v.number(), 0),
});
const answer = v.object({
  actions: v.optional(v.object({ LINK: v.optional(v.array(linkRecord), []) })),
  log_history: v.optional(v.array(v.object({ level: v.string(), message: v.string() })), []),
});

export interface MambaRecord {
  readonly level: string;
  readonly message: string;
}

export interface MambaAnswer {
  /** What would be installed, in install order; empty on a failure. */
  readonly packages: readonly SolvedRecord[];
  /** The log's records of level error and critical, in order, without mamba's advice on its own cache. */
  readonly errors: readonly MambaRecord[];
}

/** Reads stdout of a call with `--json`, and stderr where that says nothing: some failures are told there only. */
export function readAnswer(result: CommandResult): MambaAnswer {
  const value = v.safeParse(answer, parseJson(result.stdout));
  const fromText = readErrorText(result.stderr);
  if (!value.success) return { packages: [], errors: fromText };
  const { actions, log_history: log } = value.output;
  return {
    packages: (actions?.LINK ?? []).map(solvedRecord),
    errors: [...log.filter(isError).map(withoutAdvice), ...fromText],
  };
}

/** Records from stderr of a call without `--json`: `critical libmamba TEXT`, and indented lines that go on with it. */
export function readErrorText(stderr: string): MambaRecord[] {
  const records: { level: string; message: string }[] = [];
  for (const line of stderr.split("\n")) {
    const [, level, text] = /^(\w+) +libmamba (.*)$/.exec(line) ?? [];
    const last = records.at(-1);
    if (level !== undefined && text !== undefined) records.push({ level, message: text });
    else if (last !== undefined && (line === "" || /^\s/.test(line))) last.message += `\n${line}`;
    // Lines of the loader and of the C++ runtime have no level.
    else if (line.trim() !== "") records.push({ level: "critical", message: line });
  }
  return records.filter(isError).map(withoutAdvice);
}

function solvedRecord(record: v.InferOutput<typeof linkRecord>): SolvedRecord {
  return {
    name: record.name,
    version: record.version,
    build: record.build,
    buildNumber: record.build_number,
    subdir: record.subdir,
    fileName: record.fn,
    url: record.url,
    sha256: record.sha256 || null,
    md5: record.md5 || null,
    sizeBytes: record.size,
    depends: record.depends,
    constrains: record.constrains,
    license: record.license || null,
    timestamp: milliseconds(record.timestamp),
  };
}

/** mamba gives seconds whatever the index has; other releases may not. */
function milliseconds(timestamp: number): number | null {
  if (timestamp <= 0) return null;
  return timestamp < 100_000_000_000 ? timestamp * 1000 : timestamp;
}

function isError({ level }: MambaRecord): boolean {
  return level === "error" || level === "critical";
}

/** mamba ends many messages with advice about a cache and an issue tracker that are not the user's. */
function withoutAdvice({ level, message }: MambaRecord): MambaRecord {
  const advice = /\n?\s*If you (?:run into this error|see this message) repeatedly[\s\S]*$/;
  return { level, message: message.replace(advice, "").trimEnd() };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
