/**
 * Reading `repodata.json` and `channeldata.json` piece by piece: never more than one entry of it is text at a time.
 * @module
 */
import { RepodataError } from "./limits.ts";

/** One member of a section: what it says is not checked. */
export interface ScannedEntry {
  readonly section: string;
  readonly key: string;
  readonly value: unknown;
}

export interface Scanner {
  /** @returns the entries that this piece completes. @throws RepodataError for what is no JSON */
  push(piece: Uint8Array): ScannedEntry[];
  /** @throws RepodataError for a file that ends too early */
  end(): void;
}

const [QUOTE, COMMA, COLON, OPEN, CLOSE, OPEN_LIST, CLOSE_LIST, ESCAPE] = [
  0x22, 0x2c, 0x3a, 0x7b, 0x7d, 0x5b, 0x5d, 0x5c,
];

/** Where in the file the next byte is. */
type Place = "start" | "member" | "section" | "skipped" | "after" | "end";

const isSpace = (byte: number | undefined): boolean =>
  byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;

/**
 * @param wanted names of the top level whose members are entries; everything else is passed over
 * @param entryBytesMax of one entry
 */
export function openScanner(wanted: ReadonlySet<string>, entryBytesMax: number): Scanner {
  let place: Place = "start";
  let section = "";
  let rest: Buffer = Buffer.alloc(0);
  /** A comma was read, so that a member has to follow. */
  let mustFollow = false;
  /** The first member needs no comma before it. */
  let first = true;
  const skipping = { depth: 0, inString: false, escaped: false, begun: false };
  const seen = new Set<string>();
  const tooLarge = (): RepodataError =>
    new RepodataError(`has a file with an entry larger than ${entryBytesMax} bytes`);

  return {
    push(piece) {
      let bytes = rest.length === 0 ? Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength) : rest;
      if (bytes === rest) bytes = Buffer.concat([rest, piece]);
      const found: ScannedEntry[] = [];
      const at = advance(bytes, found);
      rest = bytes.subarray(at);
      if (rest.length > entryBytesMax) throw tooLarge();
      // What is left is kept until the next piece, which the caller's buffer need not live to see.
      rest = Buffer.from(rest);
      return found;
    },
    end() {
      if (place !== "end") throw new RepodataError("has a file that ends in the middle");
    },
  };

  /** @returns how far the bytes were understood: the rest waits for more. */
  function advance(bytes: Buffer, found: ScannedEntry[]): number {
    let at = 0;
    for (;;) {
      if (place === "skipped") {
        at = skipOver(bytes, at);
        if (place === "skipped") return at;
      }
      while (at < bytes.length && isSpace(bytes[at])) at += 1;
      if (at >= bytes.length) return at;
      const byte = bytes[at];
      if (place === "start") {
        expect(byte, OPEN);
        place = "member";
        first = true;
        at += 1;
      } else if (place === "end") {
        throw new RepodataError("has a file that goes on behind its end");
      } else if (place === "after") {
        // Behind a member of the top level.
        if (byte === CLOSE) place = "end";
        else {
          expect(byte, COMMA);
          place = "member";
          mustFollow = true;
        }
        at += 1;
      } else if (place === "member") {
        if (byte === CLOSE && first && !mustFollow) {
          place = "end";
          at += 1;
          continue;
        }
        const next = readKey(bytes, at);
        if (next === null) return at;
        first = false;
        mustFollow = false;
        at = next.at;
        if (wanted.has(next.key) && bytes[at] === OPEN) {
          if (seen.has(next.key)) throw new RepodataError(`has a file with ${next.key} twice`);
          seen.add(next.key);
          section = next.key;
          place = "section";
          first = true;
          at += 1;
        } else {
          place = "skipped";
          Object.assign(skipping, { depth: 0, inString: false, escaped: false, begun: false });
        }
      } else {
        const next = readEntry(bytes, at, found);
        if (next === null) return at;
        at = next;
      }
    }
  }

  /** One entry with the comma before it, or the end of the section. @returns null when more is needed */
  function readEntry(bytes: Buffer, from: number, found: ScannedEntry[]): number | null {
    let at = from;
    if (bytes[at] === CLOSE) {
      place = "after";
      return at + 1;
    }
    if (!first) {
      expect(bytes[at], COMMA);
      at += 1;
      while (isSpace(bytes[at])) at += 1;
      if (at >= bytes.length) return null;
    }
    const key = readKey(bytes, at);
    if (key === null) return null;
    const value = readValue(bytes, key.at);
    if (value === null) return null;
    if (value.at - from > entryBytesMax) throw tooLarge();
    first = false;
    found.push({ section, key: key.key, value: value.value });
    return value.at;
  }

  /** Passes over a value of any size without keeping it. */
  function skipOver(bytes: Buffer, from: number): number {
    const state = skipping;
    for (let at = from; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      if (state.inString) {
        if (state.escaped) state.escaped = false;
        else if (byte === ESCAPE) state.escaped = true;
        else if (byte === QUOTE) state.inString = false;
      } else if (byte === QUOTE) state.inString = true;
      else if (byte === OPEN || byte === OPEN_LIST) state.depth += 1;
      else if (state.depth > 0 && (byte === CLOSE || byte === CLOSE_LIST)) state.depth -= 1;
      else if (state.depth === 0 && state.begun && (byte === COMMA || byte === CLOSE)) {
        place = "after";
        return at;
      }
      if (!isSpace(byte)) state.begun = true;
    }
    return bytes.length;
  }
}

function expect(byte: number | undefined, wanted: number | undefined): void {
  if (byte !== wanted) throw new RepodataError("has a file that is not JSON");
}

/** A string and the colon behind it. @returns null when more is needed; else where its value begins */
function readKey(bytes: Buffer, from: number): { readonly key: string; readonly at: number } | null {
  expect(bytes[from], QUOTE);
  const end = endOfString(bytes, from);
  if (end === null) return null;
  let at = end;
  while (isSpace(bytes[at])) at += 1;
  if (at >= bytes.length) return null;
  expect(bytes[at], COLON);
  at += 1;
  while (isSpace(bytes[at])) at += 1;
  if (at >= bytes.length) return null;
  return { key: parse(bytes, from, end) as string, at };
}

/** @returns null when more is needed */
function readValue(bytes: Buffer, from: number): { readonly value: unknown; readonly at: number } | null {
  if (bytes[from] === OPEN) {
    // Nearly every entry has no object inside: what ends at the first brace and is JSON is the whole.
    const close = bytes.indexOf(CLOSE ?? 0, from);
    if (close < 0) return null;
    try {
      return { value: JSON.parse(bytes.toString("utf8", from, close + 1)) as unknown, at: close + 1 };
    } catch {
      // It has one, or a brace in a text.
    }
  }
  const end = endOfValue(bytes, from);
  return end === null ? null : { value: parse(bytes, from, end), at: end };
}

function parse(bytes: Buffer, from: number, to: number): unknown {
  try {
    return JSON.parse(bytes.toString("utf8", from, to)) as unknown;
  } catch {
    throw new RepodataError("has a file that is not JSON");
  }
}

function endOfString(bytes: Buffer, from: number): number | null {
  for (let at = from + 1; at < bytes.length; at += 1) {
    if (bytes[at] === ESCAPE) at += 1;
    else if (bytes[at] === QUOTE) return at + 1;
  }
  return null;
}

function endOfValue(bytes: Buffer, from: number): number | null {
  if (bytes[from] === QUOTE) return endOfString(bytes, from);
  let depth = 0;
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      const end = endOfString(bytes, at);
      if (end === null) return null;
      at = end - 1;
    } else if (byte === OPEN || byte === OPEN_LIST) depth += 1;
    else if (byte === CLOSE || byte === CLOSE_LIST) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && byte === COMMA) return at;
  }
  return null;
}
