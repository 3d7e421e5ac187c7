/**
 * A base image that is given as a root file system in one gzip tar, seen as a registry that has one image of one layer.
 * @module
 */
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { askUpstream, drain } from "#adapters/channel/upstream.ts";
import { renderBaseConfig } from "#core/image/config.ts";
import { digestOf, OCI_CONFIG, OCI_LAYER, renderManifest } from "#core/image/manifest.ts";
import type { TarReference } from "#core/image/reference.ts";
import { redact } from "#core/redact.ts";
import { BuildFailure } from "../failure.ts";
import type { PullOptions, Registry } from "./pull.ts";

/** Connects at the first call. Errors are BuildFailures that name the tar. */
export function openTar({ url, digest }: TarReference, options: PullOptions): Registry {
  const broken = (what: string): BuildFailure =>
    new BuildFailure(`The base image ${redact(url)} cannot be copied: ${what}. ${options.advice}`);
  const fetchTar = async (): Promise<IncomingMessage> => {
    const asked = askUpstream({ method: "GET", url: new URL(url), headers: {}, ...options });
    const response = await asked.catch((error: unknown) => {
      options.signal.throwIfAborted();
      throw broken(error instanceof Error ? error.message : String(error));
    });
    if (response.statusCode === 200) return response;
    drain(response);
    throw broken(`the server answers ${response.statusCode}`);
  };
  let config = "";
  return {
    async manifest(architecture) {
      const { sizeBytes, diffId, found } = await weigh(await fetchTar()).catch((error: unknown) => {
        options.signal.throwIfAborted();
        throw error instanceof BuildFailure ? error : broken("it is no gzip tar, or did not arrive whole");
      });
      if (found !== digest) throw broken("it has other bytes than its digest says");
      config = renderBaseConfig(architecture, diffId);
      const text = renderManifest({
        config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: Buffer.byteLength(config) },
        layers: [{ mediaType: OCI_LAYER, digest, size: sizeBytes }],
        annotations: {},
      });
      return { digest, text };
    },
    blob: fetchTar,
    text: async () => config,
  };
}

/** @returns digests of the tar as it is, and unpacked */
async function weigh(
  response: IncomingMessage,
): Promise<{ readonly sizeBytes: number; readonly found: string; readonly diffId: string }> {
  const packed = createHash("sha256");
  const unpacked = createHash("sha256");
  let sizeBytes = 0;
  const counting = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      packed.update(chunk);
      sizeBytes += chunk.byteLength;
      done(null, chunk);
    },
  });
  const hashing = new Writable({
    write(chunk: Buffer, _encoding, done) {
      unpacked.update(chunk);
      done();
    },
  });
  await pipeline(response, counting, createGunzip(), hashing);
  return {
    sizeBytes,
    found: `sha256:${packed.digest("hex")}`,
    diffId: `sha256:${unpacked.digest("hex")}`,
  };
}
