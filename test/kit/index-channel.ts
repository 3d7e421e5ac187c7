/**
 * A channel that has an index and no packages, in all forms that channels publish, from a server that can be told to fail in
 * every way that servers do.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { zstdCompressSync } from "node:zlib";
import { encode } from "@msgpack/msgpack";
import { afterAll, beforeAll, beforeEach } from "vitest";

export interface IndexRecord {
  readonly name: string;
  readonly version: string;
  readonly [key: string]: unknown;
}

/** By file name. */
export type Records = Readonly<Record<string, IndexRecord>>;

const FORMS = ["repodata_shards.msgpack.zst", "repodata.json.zst", "repodata.json"] as const;
export type Form = (typeof FORMS)[number];

/** A function answers in the server's place. */
export type Fault =
  | "cut"
  | "half"
  | "html"
  | number
  | ((request: IncomingMessage, response: ServerResponse) => void);

/** A redirect to itself, one into the network, and more than anybody takes. */
export const FAULTS = {
  round: (request, response) => {
    response.writeHead(302, { location: request.url ?? "" }).end();
  },
  inward: (_, response) => {
    response.writeHead(302, { location: "http://169.254.169.254/latest/meta-data" }).end();
  },
  huge: (_, response) => {
    response.writeHead(200, { "content-length": 20 * 2 ** 30 });
    response.write("x");
  },
} satisfies Record<string, Fault>;

export interface IndexChannel {
  /** Without a slash at its end. */
  readonly url: string;
  readonly host: string;
  /** Paths below the channel that were asked, with the status of the answer. */
  readonly asked: {
    readonly path: string;
    readonly status: number;
    readonly authorization: string | undefined;
  }[];
  /** What a subdir has from now on; of files that are not `.conda` the section is the older one. */
  publish(subdir: string, records: Records, forms?: readonly Form[]): void;
  /** One file as it is told, below the channel; null takes it away. */
  put(path: string, bytes: Uint8Array | null): void;
  read(path: string): Buffer;
  /** Replaces what fails from now on. */
  fail(faults: Readonly<Record<string, Fault>>): void;
}

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** A record as channels have it. */
export function record(
  name: string,
  version: string,
  more: Readonly<Record<string, unknown>> = {},
): IndexRecord {
  const build = "h0_0";
  return {
    build,
    build_number: 0,
    depends: [],
    license: "BSD-3-Clause",
    md5: createHash("md5").update(`${name}-${version}`).digest("hex"),
    name,
    sha256: sha256(Buffer.from(`${name}-${version}-${build}`)),
    size: 1000,
    subdir: "noarch",
    timestamp: 1_700_000_000_000,
    version,
    ...more,
  };
}

/** `name-version-build.conda` for each. */
export const filesOf = (...records: readonly IndexRecord[]): Records =>
  Object.fromEntries(records.map((one) => [`${one.name}-${one.version}-${String(one["build"])}.conda`, one]));

const isConda = (fileName: string): boolean => fileName.endsWith(".conda");

/** The index's text as one file. */
export function repodataOf(subdir: string, records: Records): string {
  const part = (conda: boolean): Records =>
    Object.fromEntries(Object.entries(records).filter(([fileName]) => isConda(fileName) === conda));
  return JSON.stringify({
    info: { subdir },
    packages: part(false),
    "packages.conda": part(true),
    removed: [],
    repodata_version: 1,
  });
}

/** A shard, packed. */
export function shardOf(records: Records): Buffer {
  const part = (conda: boolean): Record<string, object> =>
    Object.fromEntries(
      Object.entries(records)
        .filter(([fileName]) => isConda(fileName) === conda)
        .map(([fileName, { sha256: sha, md5, ...rest }]) => [
          fileName,
          {
            ...rest,
            ...(typeof sha === "string" ? { sha256: Buffer.from(sha, "hex") } : {}),
            ...(typeof md5 === "string" ? { md5: Buffer.from(md5, "hex") } : {}),
          },
        ]),
    );
  return zstdCompressSync(encode({ packages: part(false), "packages.conda": part(true), removed: [] }));
}

/** The index of shards, packed. @param shards by name: 64 hexadecimal digits */
export function shardIndexOf(
  subdir: string,
  shards: Readonly<Record<string, string>>,
  info: object = {},
): Buffer {
  const bytes = Object.entries(shards).map(([name, digest]) => [name, Buffer.from(digest, "hex")] as const);
  const head = { subdir, base_url: "", shards_base_url: "./shards/", ...info };
  return zstdCompressSync(encode({ info: head, shards: Object.fromEntries(bytes) }));
}

/** Call at the top of a test file; each test begins with an empty channel that fails in nothing. */
export function useIndexChannel(): IndexChannel {
  const files = new Map<string, Buffer>();
  const asked: { path: string; status: number; authorization: string | undefined }[] = [];
  let faults: Readonly<Record<string, Fault>> = {};
  let port = 0;
  /** Each test has an address of its own, and so keys of its own in the bucket. */
  let tests = 0;
  const server = createServer((request, response) => {
    const path = (request.url ?? "").replace(/^\/channel-\d+\//, "");
    response.on("close", () => {
      const { authorization } = request.headers;
      asked.push({ path, status: response.statusCode, authorization });
    });
    answer(files.get(path), request, response, faults[path]);
  });
  beforeAll(async () => {
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  });
  beforeEach(() => {
    tests += 1;
    files.clear();
    asked.length = 0;
    faults = {};
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    get url() {
      return `http://127.0.0.1:${port}/channel-${tests}`;
    },
    get host() {
      return `127.0.0.1:${port}`;
    },
    asked,
    publish(subdir, records, forms = FORMS) {
      for (const form of FORMS) files.delete(`${subdir}/${form}`);
      const text = repodataOf(subdir, records);
      if (forms.includes("repodata.json")) files.set(`${subdir}/repodata.json`, Buffer.from(text));
      if (forms.includes("repodata.json.zst")) {
        files.set(`${subdir}/repodata.json.zst`, zstdCompressSync(text));
      }
      if (!forms.includes("repodata_shards.msgpack.zst")) return;
      const shards: Record<string, string> = {};
      for (const name of new Set(Object.values(records).map((one) => one.name))) {
        const own = Object.fromEntries(Object.entries(records).filter(([, one]) => one.name === name));
        const shard = shardOf(own);
        shards[name] = sha256(shard);
        files.set(`${subdir}/shards/${shards[name]}.msgpack.zst`, shard);
      }
      files.set(`${subdir}/repodata_shards.msgpack.zst`, shardIndexOf(subdir, shards));
    },
    put(path, bytes) {
      if (bytes === null) files.delete(path);
      else files.set(path, Buffer.from(bytes));
    },
    read(path) {
      const file = files.get(path);
      if (!file) throw new Error(`the channel has no ${path}`);
      return file;
    },
    fail(wanted) {
      faults = wanted;
    },
  };
}

function answer(
  file: Buffer | undefined,
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
): void {
  const etag = `"${sha256(file ?? Buffer.alloc(0)).slice(0, 16)}"`;
  if (typeof fault === "function") fault(request, response);
  else if (typeof fault === "number") response.writeHead(fault).end("no");
  else if (fault === "html") {
    response.writeHead(200, { "content-type": "text/html" }).end("<html>Please log in</html>");
  } else if (file === undefined) response.writeHead(404).end("none");
  else if (request.headers["if-none-match"] === etag) response.writeHead(304, { etag }).end();
  else {
    const sent = fault === "half" ? file.subarray(0, file.length >> 1) : file;
    response.writeHead(200, { etag, "content-length": sent.length });
    if (fault === "cut") response.write(sent.subarray(0, sent.length >> 1), () => response.destroy());
    else response.end(sent);
  }
}
