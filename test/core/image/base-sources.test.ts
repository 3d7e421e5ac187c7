/** Where base images may come from, as text. */
import { describe, expect, test } from "vitest";
import { isBaseImage, isFrom, parseBaseSource, parseReference, usualSources } from "#core/image/reference.ts";

const digest = `sha256:${"0".repeat(64)}`;

describe("a base image", () => {
  test("with a host that no address can have is none", () => {
    for (const host of ["ghcr.io:99999", "[:::::]", "1.2.3.4.5", "0x100000000.1"]) {
      expect(parseReference(`${host}/a/b`), host).toBeNull();
    }
  });

  test("is one line without spaces, as people read it", () => {
    for (const path of ["root\n.tar.gz", "ro ot.tar.gz", "root\t.tar.gz", "ro\\ot.tar.gz", "röt.tar.gz"]) {
      expect(isBaseImage(`https://example.org/${path}#${digest}`), path).toBe(false);
    }
    for (const name of ["debian\n", " debian", "deb\u200bian", "debian:1 "]) {
      expect(isBaseImage(name), JSON.stringify(name)).toBe(false);
    }
  });
});

describe("a place that base images may come from", () => {
  test("is a registry, a part of one, or a server of tars", () => {
    for (const text of [
      "ghcr.io",
      "ghcr.io/team",
      "docker.io/library",
      "localhost:5000/a/b",
      "https://a.org",
    ]) {
      expect(parseBaseSource(text), text).not.toBeNull();
    }
  });

  test.each([
    "",
    "team",
    "team/images",
    "ghcr.io/",
    "ghcr.io/team/",
    "ghcr.io/Team",
    "ghcr.io/team:1",
    "ghcr.io/*",
    "ghcr.io/../x",
    "ghcr.io:99999",
    "*",
    "https://a.org/part",
    "https://me:secret@a.org",
    "https://a.org?x",
    "https://a.org#x",
    "file://a",
    "ftp://a.org",
  ])("is not %j", (text) => expect(parseBaseSource(text)).toBeNull());

  test.each<[string, string]>([
    ["ghcr.io/team", "ghcr.io/team/base:1"],
    ["ghcr.io/team", "ghcr.io/team/deep/base"],
    ["ghcr.io/team/base", `ghcr.io/team/base@${digest}`],
    ["ghcr.io", "ghcr.io/anything"],
    ["ghcr.io", "GHCR.IO/anything"],
    ["ghcr.io", "ghcr.io:443/anything"],
    ["docker.io/library", "debian"],
    ["docker.io/library", "library/debian:12"],
    ["docker.io", "somebody/image"],
    ["https://files.example.org", `https://files.example.org/root.tar.gz#${digest}`],
    ["ghcr.io", "scratch"],
  ])("%s has %s", (source, image) => expect(isFrom(image, [source])).toBe(true));

  test.each<[string, string]>([
    ["ghcr.io/team", "ghcr.io/teams/base"],
    ["ghcr.io/team", "ghcr.io/other/team/base"],
    ["ghcr.io/team", "evil.example/ghcr.io/team/base"],
    ["ghcr.io", "ghcr.io.evil.example/a"],
    ["ghcr.io", "xghcr.io/a"],
    ["ghcr.io", "ghcr.io:8443/a"],
    ["docker.io/library", "somebody/debian"],
    ["docker.io/library", "evil.example/library/debian"],
    ["docker.io", "index.docker.io/somebody/image"],
    ["https://files.example.org", `http://files.example.org/root.tar.gz#${digest}`],
    ["https://files.example.org", `https://files.example.org.evil.example/root.tar.gz#${digest}`],
    ["https://files.example.org", `https://files.example.org@evil.example/root.tar.gz#${digest}`],
    ["files.example.org", `https://files.example.org/root.tar.gz#${digest}`],
    ["https://files.example.org", "files.example.org/a"],
    ["ghcr.io", "no image at all"],
  ])("%s has no %s", (source, image) => expect(isFrom(image, [source])).toBe(false));

  test("is, unless somebody says otherwise, docker's own images and the repository of the deployment's", () => {
    expect(usualSources("docker.io/library/debian:stable-slim")).toEqual(["docker.io/library"]);
    expect(usualSources("ghcr.io/team/base:1")).toEqual(["docker.io/library", "ghcr.io/team/base"]);
    expect(usualSources("somebody/image")).toEqual(["docker.io/library", "docker.io/somebody/image"]);
    expect(usualSources(`https://a.org/root.tar.gz#${digest}`)).toEqual(["docker.io/library"]);
    expect(usualSources("scratch")).toEqual(["docker.io/library"]);
    for (const image of ["ghcr.io/team/base:1", "localhost:5000/x", "somebody/image"]) {
      expect(isFrom(image, usualSources(image)), image).toBe(true);
    }
  });
});
