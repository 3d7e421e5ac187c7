/**
 * Two channels of tiny real packages, served over HTTP by a server that can be told to fail.
 * @module
 */
import { execFile } from "node:child_process";
import { createReadStream } from "node:fs";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, normalize } from "node:path";
import { promisify } from "node:util";

const PROGRAM = new URL("./tiny_channel.py", import.meta.url).pathname;

/**
 * "cut" ends the connection in the middle of the body, "short" sends half of it as if it were all, "wrong" changes
 * a byte, "html" answers 200 with a page, "hang" sends half and then nothing. A number is an HTTP status.
 */
export type FaultKind = "cut" | "short" | "wrong" | "html" | "hang" | number;

export interface Fault {
  /** Tested against the path, e.g. `/main/noarch/repodata.json`. */
  readonly path: RegExp;
  readonly kind: FaultKind;
  /** Only the first so many matching requests fail. */
  readonly times?: number;
}

export interface TinyChannel {
  /** `http://127.0.0.1:<port>`; channels are `<origin>/main` and `<origin>/other`, from which any path is a 404. */
  readonly origin: string;
  /** Paths asked since the last call of `fail`, in order. */
  readonly requests: readonly string[];
  /** Replaces what fails from now on; without arguments nothing does. */
  fail(...faults: readonly Fault[]): void;
  /** Resolves when a path was asked that matches. */
  asked(path: RegExp): Promise<void>;
  /** Nothing listens on the port while the function runs. */
  offline<T>(work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
}

/** @param python an interpreter with py-rattler, which indexes the channels. */
export async function startTinyChannel(python: string): Promise<TinyChannel> {
  const folder = await mkdtemp(join(tmpdir(), "tiny-channel-"));
  await promisify(execFile)(python, ["-B", PROGRAM, folder]);
  let faults: { fault: Fault; left: number }[] = [];
  let requests: string[] = [];
  let watchers: { path: RegExp; seen: () => void }[] = [];

  const server = createServer((request, response) => {
    const path = normalize(decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname));
    requests.push(path);
    for (const watcher of watchers.filter((one) => one.path.test(path))) watcher.seen();
    const hit = faults.find(({ fault, left }) => left > 0 && fault.path.test(path));
    if (hit) hit.left -= 1;
    serve(join(folder, path), response, request.method === "HEAD", hit?.fault.kind).catch((error: Error) => {
      response.destroy(error);
    });
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(port, "127.0.0.1", resolve);
    });
  const close = async () => {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  };
  await listen(0);
  const { port } = server.address() as AddressInfo;

  return {
    origin: `http://127.0.0.1:${port}`,
    get requests() {
      return requests;
    },
    fail(...wanted) {
      faults = wanted.map((fault) => ({ fault, left: fault.times ?? Number.POSITIVE_INFINITY }));
      requests = [];
    },
    asked(path) {
      return new Promise((resolve) => {
        const watcher = { path, seen: () => {} };
        watcher.seen = () => {
          watchers = watchers.filter((one) => one !== watcher);
          resolve();
        };
        watchers.push(watcher);
      });
    },
    async offline(work) {
      await close();
      try {
        return await work();
      } finally {
        await listen(port);
      }
    },
    async stop() {
      await close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function serve(
  file: string,
  response: ServerResponse,
  headOnly: boolean,
  fault: FaultKind | undefined,
): Promise<void> {
  const found = await stat(file).catch(() => undefined);
  if (typeof fault === "number" || !found?.isFile()) {
    response.writeHead(typeof fault === "number" ? fault : 404, { "content-type": "text/plain" });
    response.end("no");
    return;
  }
  if (fault === undefined) {
    response.writeHead(200, { "content-length": found.size, "last-modified": found.mtime.toUTCString() });
    if (headOnly) response.end();
    else createReadStream(file).pipe(response);
    return;
  }
  const data = await readFile(file);
  const half = data.subarray(0, data.length >> 1);
  if (fault === "html") {
    response.writeHead(200, { "content-type": "text/html" }).end("<html><body>Please log in</body></html>");
  } else if (fault === "short") {
    response.writeHead(200, { "content-length": half.length }).end(half);
  } else if (fault === "wrong") {
    const wrong = Buffer.from(data);
    const middle = data.length >> 1;
    wrong[middle] = (wrong[middle] ?? 0) ^ 0xff;
    response.writeHead(200, { "content-length": wrong.length }).end(wrong);
  } else {
    response.writeHead(200, { "content-length": data.length });
    response.write(half, () => {
      if (fault === "cut") response.destroy();
    });
  }
}
