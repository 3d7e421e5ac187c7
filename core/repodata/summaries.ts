/**
 * What a channel says of each of its packages in one line.
 * @module
 */
import { RepodataError } from "./limits.ts";
import { isPackageName } from "./record.ts";

/** By package name. */
export type Summaries = ReadonlyMap<string, string>;

/** Where channels say it, below their address: one file for all subdirs. */
export const CHANNEL_DATA = "channeldata.json";

const LENGTH_MAX = 300;

/**
 * @param entry of the file's section `packages`
 * @returns one line; null for a package of which nothing is said, undefined for what is no such entry
 */
export function readSummary(name: string, entry: unknown): string | null | undefined {
  if (!isPackageName(name) || typeof entry !== "object" || entry === null) return undefined;
  const { summary = null } = entry as { readonly summary?: unknown };
  if (summary === null) return null;
  return typeof summary === "string" ? onOneLine(summary) || null : undefined;
}

function onOneLine(text: string): string {
  const line = text
    .toWellFormed()
    // The last ones turn the direction of what stands beside.
    .replace(/[\p{Cc}\s\u202a-\u202e\u2066-\u2069]+/gu, " ")
    .trim();
  if (line.length <= LENGTH_MAX) return line;
  // Not between the halves of a sign.
  return `${line.slice(0, LENGTH_MAX - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** The first line of what is stored; raised when the others change. */
const FORMAT = "1";

/** @returns the text that is stored: neither names nor summaries have line ends or tabs */
export function encodeSummaries(summaries: Summaries): string {
  const sorted = [...summaries].sort(([a], [b]) => (a < b ? -1 : 1));
  return [FORMAT, ...sorted.map(([name, summary]) => `${name}\t${summary}`)].join("\n");
}

/** @throws RepodataError for what is no such text */
export function decodeSummaries(text: string): Summaries {
  const [format, ...lines] = text.split("\n");
  if (format !== FORMAT) throw new RepodataError("has stored summaries of another format");
  return new Map(
    lines.map((line) => {
      const tab = line.indexOf("\t");
      return [line.slice(0, tab), line.slice(tab + 1)];
    }),
  );
}
