import { describe, expect, test } from "vitest";
import { parseBaseConfig, renderConfig } from "#core/image/config.ts";
import { layerKeyOf } from "#core/image/layer-key.ts";
import {
  DOCKER_MANIFEST,
  digestOf,
  hexOf,
  inDockersWords,
  OCI_CONFIG,
  OCI_LAYER,
  parseManifest,
  renderManifest,
} from "#core/image/manifest.ts";
import { parseReference } from "#core/image/reference.ts";

const descriptor = (mediaType: string, text: string) => ({
  mediaType,
  digest: digestOf(text),
  size: text.length,
});

test("a manifest says the same in docker's words, about the same blobs", () => {
  const layers = [descriptor(OCI_LAYER, "a"), descriptor("application/vnd.oci.image.layer.v1.tar+zstd", "b")];
  const text = renderManifest({ config: descriptor(OCI_CONFIG, "c"), layers, annotations: { a: "b" } });
  const dockers = JSON.parse(inDockersWords(text));
  expect(dockers.mediaType).toBe(DOCKER_MANIFEST);
  expect(dockers.layers.map((each: { mediaType: string }) => each.mediaType)).toEqual([
    "application/vnd.docker.image.rootfs.diff.tar.gzip",
    "application/vnd.oci.image.layer.v1.tar+zstd",
  ]);
  expect(parseManifest(JSON.stringify(dockers)).layers.map(({ digest }) => digest)).toEqual(
    layers.map(({ digest }) => digest),
  );
});

test("what is no manifest of one image is refused", () => {
  for (const text of ["{}", '{"schemaVersion":1}', '{"schemaVersion":2,"manifests":[]}']) {
    expect(() => parseManifest(text), text).toThrow("no manifest of an image");
  }
  expect([hexOf("sha256:AB"), hexOf(`sha512:${"a".repeat(64)}`), hexOf(digestOf("x").toUpperCase())]).toEqual(
    [null, null, null],
  );
});

test("a configuration goes on from its base's: layers below, variables kept, programs behind ours", () => {
  const base = parseBaseConfig(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { Env: ["PATH=/base/bin", "KEPT=1", "HOME=/root"] },
      rootfs: { type: "layers", diff_ids: ["sha256:base"] },
    }),
  );
  const layers = [{ diffId: "sha256:ours", what: "python" }];
  const config = JSON.parse(renderConfig({ platform: "linux-aarch64", base, layers, labels: {} }));
  expect(config.architecture).toBe("arm64");
  expect(config.rootfs.diff_ids).toEqual(["sha256:base", "sha256:ours"]);
  expect(config.config.Env).toEqual(
    expect.arrayContaining(["KEPT=1", "PATH=/opt/conda/bin:/base/bin", "HOME=/home/conda"]),
  );
  expect(config.config.Env).not.toContain("HOME=/root");
  expect(config.config.User).toBe("1000:1000");
});

describe("a layer's key", () => {
  const parts = {
    namespace: "team",
    prefix: "/opt/conda",
    sitePackages: null,
    packages: [
      { sha256: "a", url: "x" },
      { sha256: "b", url: "y" },
    ],
  };
  test("is the same whatever the order, and another for everything that decides about the bytes or who may use them", () => {
    expect(layerKeyOf({ ...parts, packages: parts.packages.toReversed() })).toBe(layerKeyOf(parts));
    const others = [
      { namespace: "other" },
      { prefix: "/x" },
      { sitePackages: "lib" },
      { packages: parts.packages.slice(1) },
    ];
    const keys = others.map((change) => layerKeyOf({ ...parts, ...change }));
    expect(new Set([...keys, layerKeyOf(parts)]).size).toBe(others.length + 1);
  });
});

describe("a reference", () => {
  test("is read as docker reads it", () => {
    const digest = `sha256:${"0".repeat(64)}`;
    const hub = "https://registry-1.docker.io";
    expect(parseReference("debian")).toEqual({
      origin: hub,
      repository: "library/debian",
      reference: "latest",
    });
    expect(parseReference("docker.io/library/debian:stable-slim")).toEqual({
      origin: hub,
      repository: "library/debian",
      reference: "stable-slim",
    });
    expect(parseReference("me/mine:1")).toEqual({ origin: hub, repository: "me/mine", reference: "1" });
    expect(parseReference(`quay.io/a/b:1@${digest}`)).toEqual({
      origin: "https://quay.io",
      repository: "a/b",
      reference: digest,
    });
    expect(parseReference("localhost:5000/a")).toEqual({
      origin: "http://localhost:5000",
      repository: "a",
      reference: "latest",
    });
  });

  test("that is none is refused", () => {
    for (const text of [
      "",
      "A/b",
      "a:b:c",
      "a@sha256:1",
      "a b",
      "https://x/y",
      "../x",
      `a:${"x".repeat(200)}`,
      "a".repeat(600),
    ]) {
      expect(parseReference(text), text).toBeNull();
    }
  });
});
