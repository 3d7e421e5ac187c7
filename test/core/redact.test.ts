import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { redact } from "#core/redact.ts";

const word = (alphabet: string, min: number, max: number) =>
  fc.string({ unit: fc.constantFrom(...alphabet), minLength: min, maxLength: max });
const alphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
/** Long enough that it cannot stand in the frame around it by chance. */
const secret = word(alphanumeric, 12, 40);
const noise = fc.string({ maxLength: 30 }).map((text) => text.replace(/[\r\n]/g, " "));

const FRAMES: readonly (readonly [name: string, frame: (secret: string) => string])[] = [
  ["a token in a channel's path", (s) => `https://conda.anaconda.org/t/${s}/noarch/repodata.json`],
  ["a user and password", (s) => `fetching https://robot:${s}@repo.example.org/x`],
  ["a password with an @", (s) => `http://robot:a@${s}@repo.example.org/x`],
  ["a user alone", (s) => `https://${s}@repo.example.org/simple`],
  ["a bearer header", (s) => `Authorization: Bearer ${s}`],
  ["a basic header as JSON", (s) => `{"authorization": "Basic ${s}="}`],
  ["a signature of several parts", (s) => `authorization: AWS4-HMAC-SHA256 Credential=x, Signature=${s}`],
  ["a bare bearer", (s) => `curl -H 'bearer ${s}'`],
  ["a cookie", (s) => `Set-Cookie: conda-store-auth=${s}; Path=/`],
  ["an S3 signature", (s) => `https://b.s3.amazonaws.com/k?X-Amz-Date=1&X-Amz-Signature=${s}&x=1`],
  ["a security token", (s) => `GET /k?X-Amz-Security-Token=${s}`],
  ["a query token", (s) => `https://host/x?a=1&token=${s}#top`],
  ["an environment variable", (s) => `AWS_SECRET_ACCESS_KEY=${s} mamba create`],
  ["a session token", (s) => `export AWS_SESSION_TOKEN='${s}'`],
  ["a password option", (s) => `password=${s}`],
  ["a JSON password", (s) => `{"user": "x", "password": "${s}"}`],
  ["a JSON token", (s) => `{"access_token": "${s}"}`],
  ["a JSON web token", (s) => `token was eyJhbGciOiJIUzI1NiJ9.${s}.${s}`],
];

describe("redact", () => {
  it.each(FRAMES)("hides %s", async (_name, frame) => {
    await fc.assert(
      fc.property(secret, noise, noise, (value, before, after) => {
        const text = redact(`${before} ${frame(value)} ${after}`);

        expect(text).not.toContain(value);
      }),
    );
  });

  it("hides AWS access keys", async () => {
    await fc.assert(
      fc.property(
        fc.constantFrom("AKIA", "ASIA"),
        word("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", 16, 16),
        (head, tail) => {
          expect(redact(`key ${head}${tail}, region us-east-1`)).toBe("key ***, region us-east-1");
        },
      ),
    );
  });

  it("changes nothing more when applied again", async () => {
    const line = fc.oneof(
      noise,
      fc.tuple(fc.constantFrom(...FRAMES), secret).map(([[, frame], value]) => frame(value)),
    );
    await fc.assert(
      fc.property(fc.array(line, { maxLength: 4 }), (parts) => {
        const once = redact(parts.join(" "));

        expect(redact(once)).toBe(once);
      }),
    );
  });

  it.each([
    "+ numpy 1.26.4 py311h64a7726_0 conda-forge/linux-64 8MB",
    "https://conda.anaconda.org/conda-forge/linux-64/numpy-1.26.4-py311_0.conda#sha256:0123456789abcdef",
    "nothing provides __glibc >=2.34 needed by tokenizers",
    "mail bob@example.org about /opt/conda-store/team/env",
    "see https://example.org/a?page=2&size=3",
  ])("leaves %j as it is", (line) => {
    expect(redact(line)).toBe(line);
  });

  it.each([
    ["/t/", "a"],
    ["://", "a@"],
    ["eyJ", "-eyJaaaaaaaaa"],
    ["authorization", " "],
    ["bearer", " bearer"],
    ["token", '"token" : '],
    ["?x-amz-", "&x-amz-a"],
    ["password", "password = "],
    ["cookie", " "],
    ["'", "'a"],
    ["AKIA", "AKIA"],
  ])("takes linear time on long lines that begin with %j", (head, filler) => {
    const line = (length: number): string => head + filler.repeat(Math.ceil(length / filler.length));
    const started = process.cpuUsage();

    redact(line(1_000_000));

    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
  });
});
