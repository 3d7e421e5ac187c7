/**
 * A channel of two tiny real packages, made and served on this machine by nothing but what the image has.
 * @module
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { dirname, join } from "node:path";
import { runCommand } from "#adapters/process/command.ts";

/** As long as conda-build's own. */
const PLACEHOLDER = `/${"_placehold".repeat(26)}`.slice(0, 255);
const BUILD = { version: "1.0", build: "smoke_0", build_number: 0, license: "BSD-3-Clause" };

interface TinyPackage {
  readonly name: string;
  readonly depends: readonly string[];
  /** The one file, in which the prefix is written as text. */
  readonly path: string;
  readonly text: string;
}

const PACKAGES: readonly TinyPackage[] = [
  { name: "smoke-data", depends: [], path: "share/smoke/place", text: `${PLACEHOLDER}\n` },
  {
    name: "smoke",
    depends: ["smoke-data >=1", "__glibc >=2.17"],
    path: "bin/smoke",
    text: `#!/bin/sh\ncat ${PLACEHOLDER}/share/smoke/place\n`,
  },
];

export interface SmokeChannel {
  /** Where it is served. */
  readonly address: string;
  close(): Promise<void>;
}

/**
 * Makes the channel below a folder and serves it; `smoke` needs `smoke-data`, and prints where it is installed.
 * @param platform the one that has packages, beside an empty noarch
 */
export async function serveSmokeChannel(folder: string, platform: string): Promise<SmokeChannel> {
  const packages: Record<string, object> = {};
  for (const each of PACKAGES) {
    const name = `${each.name}-${BUILD.version}-${BUILD.build}.tar.bz2`;
    packages[name] = await makePackage(each, join(folder, platform, name), platform);
  }
  for (const subdir of [platform, "noarch"]) {
    const repodata = {
      info: { subdir },
      packages: subdir === platform ? packages : {},
      "packages.conda": {},
    };
    await mkdir(join(folder, subdir), { recursive: true });
    await writeFile(join(folder, subdir, "repodata.json"), JSON.stringify(repodata));
  }
  const server = createServer(({ url = "", method }, response) => {
    readFile(join(folder, new URL(url, "http://channel").pathname)).then(
      (data) => {
        response.writeHead(200, { "content-length": data.length });
        response.end(method === "HEAD" ? undefined : data);
      },
      () => response.writeHead(404).end(),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** @returns its record in repodata.json */
async function makePackage(
  { name, depends, path, text }: TinyPackage,
  archive: string,
  subdir: string,
): Promise<object> {
  const index = { name, ...BUILD, depends, subdir };
  const entry = {
    _path: path,
    path_type: "hardlink",
    sha256: digest("sha256", text),
    size_in_bytes: Buffer.byteLength(text),
    file_mode: "text",
    prefix_placeholder: PLACEHOLDER,
  };
  const files: Readonly<Record<string, string>> = {
    [path]: text,
    "info/index.json": JSON.stringify(index),
    "info/paths.json": JSON.stringify({ paths: [entry], paths_version: 1 }),
    "info/files": `${path}\n`,
    "info/has_prefix": `${PLACEHOLDER} text ${path}\n`,
  };
  const tree = `${archive}.d`;
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(tree, file)), { recursive: true });
    await writeFile(join(tree, file), content);
  }
  await chmod(join(tree, path), 0o755);
  const result = await runCommand(
    {
      program: "tar",
      args: ["-cjf", archive, ...Object.keys(files)],
      cwd: tree,
      env: { PATH: "/usr/bin:/bin" },
    },
    AbortSignal.timeout(60_000),
  );
  if (result.code !== 0) throw new Error(`tar and bzip2 make no package: ${result.stderr}`);
  await rm(tree, { recursive: true });
  const data = await readFile(archive);
  return { ...index, sha256: digest("sha256", data), md5: digest("md5", data), size: data.length };
}

const digest = (algorithm: string, data: string | Buffer): string =>
  createHash(algorithm).update(data).digest("hex");
