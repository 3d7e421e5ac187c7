/**
 * A small server of one folder's files: ranges, validators, streams. Made for conda channels on a laptop.
 * @module
 */
import { type FileHandle, open, realpath } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { LocalError } from "./local-error.ts";

export interface StaticFiles {
  /** Where the folder is answered: no slash at the end. */
  readonly url: string;
  /** Ends the server and every connection to it. */
  close(): Promise<void>;
}

export interface StaticFilesOptions {
  /** An address of this machine. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** The path the folder is answered at: a leading slash, none at the end. */
  readonly mount: string;
}

const TYPES: Readonly<Record<string, string>> = {
  ".json": "application/json",
  ".zst": "application/zstd",
  ".bz2": "application/x-bzip2",
};

/**
 * Serves the files of `directory`; folders have no page. Files may be replaced while it runs.
 * @throws LocalError when the port is taken
 */
export async function serveFiles(directory: string, options: StaticFilesOptions): Promise<StaticFiles> {
  const root = await realpath(directory);
  const server = createServer((request, response) => {
    answer(root, options.mount, request, response).catch(() => {
      // The client went away, or the disk failed while its answer was under way.
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const busy = `Port ${options.port} is in use: free it or choose another one.`;
      reject(error.code === "EADDRINUSE" ? new LocalError(busy) : error);
    });
    server.listen(options.port, options.host, resolve);
  });
  // A server that listens on a port has an address of that shape.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host}:${port}${options.mount}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  root: string,
  mount: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    return refuse(response, 405);
  }
  const path = await findFile(root, mount, request.url ?? "/");
  const file = path === undefined ? undefined : await open(path).catch(() => undefined);
  if (path === undefined || file === undefined) return refuse(response, 404);
  try {
    await sendFile(file, path, request, response);
  } finally {
    await file.close();
  }
}

/** The file that a request's path names, inside of `root` even after links are followed; else undefined. */
async function findFile(root: string, mount: string, target: string): Promise<string | undefined> {
  const [encoded = ""] = target.split("?", 1);
  let path: string;
  try {
    path = decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
  if (!path.startsWith(`${mount}/`) || path.includes("\0")) return undefined;
  const parts = path.slice(mount.length + 1).split("/");
  if (parts.some((part) => part === "" || part === "." || part === ".." || part.includes("\\")))
    return undefined;
  const found = await realpath(join(root, ...parts)).catch(() => undefined);
  return found?.startsWith(root + sep) ? found : undefined;
}

async function sendFile(
  file: FileHandle,
  path: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const stat = await file.stat({ bigint: true });
  if (!stat.isFile()) return refuse(response, 404);
  const size = Number(stat.size);
  const etag = `"${stat.ino.toString(36)}-${size.toString(36)}-${stat.mtimeNs.toString(36)}"`;
  const modified = new Date(Math.floor(Number(stat.mtimeMs) / 1000) * 1000);
  response.setHeader("etag", etag);
  response.setHeader("last-modified", modified.toUTCString());
  response.setHeader("accept-ranges", "bytes");
  response.setHeader("cache-control", "no-cache");
  if (isUnchanged(request, etag, modified)) {
    response.writeHead(304).end();
    return;
  }
  const range = request.method === "GET" ? wantedRange(request, size, etag, modified) : undefined;
  if (range === "unsatisfiable") {
    response.setHeader("content-range", `bytes */${size}`);
    return refuse(response, 416);
  }
  const { first, last } = range ?? { first: 0, last: size - 1 };
  if (range) response.setHeader("content-range", `bytes ${first}-${last}/${size}`);
  response.setHeader("content-type", TYPES[extname(path)] ?? "application/octet-stream");
  response.setHeader("content-length", last - first + 1);
  response.writeHead(range ? 206 : 200);
  if (request.method === "HEAD" || last < first) {
    response.end();
    return;
  }
  await pipeline(file.createReadStream({ start: first, end: last, autoClose: false }), response);
}

/** RFC 9110: the entity tag decides where there is one, the date only where there is none. */
function isUnchanged(request: IncomingMessage, etag: string, modified: Date): boolean {
  const known = request.headers["if-none-match"];
  if (known !== undefined) {
    return known.split(",").some((tag) => ["*", etag, `W/${etag}`].includes(tag.trim()));
  }
  const since = Date.parse(request.headers["if-modified-since"] ?? "");
  return since >= modified.getTime();
}

interface Range {
  readonly first: number;
  readonly last: number;
}

/** One range of bytes; several at once, or one meant for another version, are answered by the whole file. */
function wantedRange(
  request: IncomingMessage,
  size: number,
  etag: string,
  modified: Date,
): Range | "unsatisfiable" | undefined {
  const condition = request.headers["if-range"];
  if (condition !== undefined && condition !== etag && condition !== modified.toUTCString()) return undefined;
  const found = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  const [from, to] = [found?.[1] ?? "", found?.[2] ?? ""];
  if (from === "" && to === "") return undefined;
  if (from === "") {
    const length = Number(to);
    return length === 0 || size === 0
      ? "unsatisfiable"
      : { first: Math.max(0, size - length), last: size - 1 };
  }
  const first = Number(from);
  const last = to === "" ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== "" && Number(to) < first) return undefined;
  return first >= size ? "unsatisfiable" : { first, last };
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${status}\n`);
}
