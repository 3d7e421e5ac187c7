/**
 * The image registry around a test file's own local AWS, and images in it.
 * @module
 */
import { gzipSync } from "node:zlib";
import { expect } from "vitest";
import { type DbCall, openDb } from "#adapters/dynamodb/db.ts";
import { holdThings } from "#adapters/dynamodb/holds.ts";
import { putRepositoryBlob, putRepositoryTag } from "#adapters/dynamodb/repositories.ts";
import { openLog } from "#adapters/log.ts";
import { putObject } from "#adapters/s3/objects.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { cacheSecret } from "#adapters/secrets/secret.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import type { BindingMap } from "#core/access/binding.ts";
import type { Build } from "#core/build/build.ts";
import { packagesThing } from "#core/build/thing.ts";
import { renderConfig } from "#core/image/config.ts";
import {
  DOCKER_MANIFEST,
  digestOf,
  hexOf,
  inDockersWords,
  OCI_CONFIG,
  OCI_LAYER,
  OCI_MANIFEST,
  renderManifest,
} from "#core/image/manifest.ts";
import { tagsOf } from "#core/image/tags.ts";
import { blobKey, manifestKey } from "#core/layout.ts";
import { readServices } from "#core/token/services.ts";
import { toRequest, toResult } from "#functions/registry/lambda.ts";
import { answer } from "#functions/registry/registry.ts";
import type { Services } from "#functions/registry/services.ts";
import type { LocalAws } from "./ministack.ts";
import { type Served, serveFunction } from "./serve-app.ts";
import { building, complete, completedResult, sha256Of } from "./submissions.ts";

export interface Registry extends Served {
  readonly services: Services;
  /** Every call to DynamoDB since the list was emptied. */
  readonly calls: DbCall[];
  /** A conda-store token with these bindings, whose owner's namespace is `alice`. */
  token(bindings: BindingMap): Promise<string>;
}

/** @param named services with tokens of their own, as a deployment names them */
export async function openRegistry(aws: LocalAws, named: unknown = []): Promise<Registry> {
  const calls: DbCall[] = [];
  const db = openDb({ table: aws.table, observe: (call) => calls.push(call) });
  const secretText = JSON.stringify({ kid: "1", key: crypto.randomUUID() + crypto.randomUUID() });
  const services: Services = {
    db,
    bucket: openBucket(aws.bucket, db.client),
    secret: cacheSecret(async () => secretText),
    services: readServices(named) ?? new Map(),
    log: openLog({ level: "error" }),
  };
  const served = await serveFunction(async (event) => toResult(await answer(services, toRequest(event))));
  return {
    ...served,
    services,
    calls,
    token: (roleBindings) =>
      mintToken(services.secret, {
        primaryNamespace: "alice",
        roleBindings,
        expiresAt: new Date(Date.now() + 3_600_000),
      }),
  };
}

export interface StoredImage {
  readonly build: Build;
  readonly manifest: string;
  readonly config: string;
  readonly layer: Buffer;
}

/** A completed build with an image of one layer, as a task leaves it. @param content what the layer is made of */
export async function storeImage(
  { db, bucket }: Pick<Services, "db" | "bucket">,
  place: { readonly namespace: string; readonly environment: string },
  content: string | Buffer,
): Promise<StoredImage> {
  const { id, attempt } = await building(db, "task", place);
  const layer = gzipSync(content);
  const layers = [{ diffId: digestOf(content), what: "all" }];
  const config = renderConfig({ platform: "linux-64", base: null, layers, labels: {} });
  const manifest = renderManifest({
    config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: Buffer.byteLength(config) },
    layers: [{ mediaType: OCI_LAYER, digest: digestOf(layer), size: layer.byteLength }],
    annotations: {},
  });
  const dockers = inDockersWords(manifest);
  const keyOf = (make: (hex: string) => string, bytes: string | Buffer): string =>
    make(hexOf(digestOf(bytes)) ?? "");
  const all = [
    { bytes: layer, mediaType: OCI_LAYER, key: keyOf(blobKey, layer) },
    { bytes: config, mediaType: OCI_CONFIG, key: keyOf(blobKey, config) },
    { bytes: manifest, mediaType: OCI_MANIFEST, key: keyOf(manifestKey, manifest) },
    { bytes: dockers, mediaType: DOCKER_MANIFEST, key: keyOf(manifestKey, dockers) },
  ];
  const lockDigest = sha256Of(digestOf(content));
  const things = [...all.map(({ key }) => key), packagesThing(lockDigest)];
  expect(await holdThings(db, { build: id, attempt }, things)).toBe("held");
  for (const { bytes, mediaType, key } of all) {
    await putObject(bucket, key, bytes, { contentType: mediaType });
    const sizeBytes = Buffer.byteLength(bytes);
    await putRepositoryBlob(db, { ...place, id }, { digest: digestOf(bytes), mediaType, sizeBytes });
  }
  const key = keyOf(manifestKey, manifest);
  const result = completedResult({
    lockDigest,
    artifacts: [{ type: "DOCKER_MANIFEST", key, sizeBytes: Buffer.byteLength(manifest) }],
  });
  const build = await complete(db, { id, attempt }, result);
  for (const tag of tagsOf(build)) await putRepositoryTag(db, { ...place, id }, tag);
  return { build: build, manifest, config, layer };
}
