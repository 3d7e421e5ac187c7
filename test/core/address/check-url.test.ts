import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AddressError, checkUrl } from "#core/address/check-url.ts";

const refusal = (text: string, allowed: readonly string[] = []): string => {
  try {
    checkUrl(text, allowed);
  } catch (error) {
    if (error instanceof AddressError) return error.message;
    throw error;
  }
  throw new Error("was let through");
};

describe("checkUrl", () => {
  it.each([
    "https://conda.anaconda.org/conda-forge",
    "http://repo.example.org:8081/conda/",
    "https://1.1.1.1/x",
    "https://[2606:4700::1111]/x",
    "HTTPS://Repo.Example.ORG/x",
    "https://example.org/@scope/x",
  ])("lets %s through", (text) => {
    expect(checkUrl(text, []).href).toBe(new URL(text).href);
  });

  it.each([
    ["file:///etc/passwd", "not an http(s) address"],
    ["ftp://example.org/x", "not an http(s) address"],
    ["s3://bucket/x", "not an http(s) address"],
    ["git+https://example.org/x", "not an http(s) address"],
    ["javascript:alert(1)", "not an http(s) address"],
    ["/etc/passwd", "not an http(s) address"],
    ["example.org/x", "not an http(s) address"],
    ["", "not an http(s) address"],
    ["http:127.0.0.1", "has no host"],
    ["http:///127.0.0.1/", "has no host"],
    ["https://", "has no host"],
    ["http://a b/", "space"],
    ["http://example.org\\@127.0.0.1/", "backslash"],
    ["http://example.org/\u0000", "control"],
    ["http://exa\tmple.org/", "control"],
    ["http://[::1/", "not a valid address"],
    ["http://example.org:99999/", "not a valid address"],
    ["http://1.2.3.256/", "not a valid address"],
  ])("refuses %j: %s", (text, why) => {
    expect(refusal(text)).toContain(why);
  });

  it.each([
    "http://127.0.0.1/",
    "http://127.1/",
    "http://0/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://0x7f.1/",
    "http://0177.0.0.1/",
    "http://127.0.0.1./",
    "http://１２７.0.0.1/",
    "http://169.254.170.2/v2/credentials",
    "http://169.254.169.254/latest/meta-data/",
    "http://[::1]:8080/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[fd00:ec2::254]/",
    "http://[fe80::1]/",
    "http://10.1.2.3:8888/x",
    "http://localhost/",
    "http://LOCALHOST:80/",
    "http://localhost./",
    "http://a.localhost/",
    "https://100.64.0.1/",
    "http://224.0.0.1/",
  ])("refuses the private address %s", (text) => {
    expect(refusal(text)).toContain("private or loopback");
  });

  it.each([
    ["http://127.0.0.1:8000/x", "127.0.0.1:8000"],
    ["http://127.0.0.1:8000/x", "127.0.0.1"],
    ["http://localhost:1234/x", "localhost:1234"],
    ["http://localhost/x", "localhost:80"],
    ["https://10.0.0.1/x", "10.0.0.1:443"],
    ["http://[::1]:8080/x", "[::1]:8080"],
    ["http://LocalHost:1/x", "LOCALHOST:1"],
  ])("lets %s through when %s is allowed", (text, entry) => {
    expect(checkUrl(text, ["other.example:1", entry]).protocol).toMatch(/^https?:$/);
  });

  it.each([
    ["http://127.0.0.1:8001/", "127.0.0.1:8000"],
    ["http://127.0.0.2:8000/", "127.0.0.1"],
    ["http://localhost:8000/", "127.0.0.1:8000"],
    ["http://127.0.0.1/", ""],
  ])("refuses %s when only %j is allowed", (text, entry) => {
    expect(refusal(text, [entry])).toContain("private or loopback");
  });

  it("refuses credentials, says what to do, and does not repeat them", () => {
    for (const text of [
      "https://robot:hunter2secret@example.org/x",
      "https://hunter2secret@example.org/x",
      "https://example.org/t/hunter2secret/x",
    ]) {
      const message = refusal(text, ["example.org"]);

      expect(message).toContain("holds credentials");
      expect(message).toContain("ask the operator");
      expect(message).not.toContain("hunter2secret");
    }
  });

  it("gives one short printable line whatever it is given", async () => {
    await fc.assert(
      fc.property(fc.oneof(fc.string({ unit: "binary", maxLength: 300 }), fc.webUrl()), (text) => {
        try {
          checkUrl(text, []);
        } catch (error) {
          expect(error).toBeInstanceOf(AddressError);
          expect((error as AddressError).message).toMatch(/^[\x20-\x7e…]{1,320}$/);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it("never lets a private IPv4 address through, in whatever form it is written", async () => {
    const byte = fc.integer({ min: 0, max: 255 });
    const forms = [
      (a: number, b: number, c: number, d: number) => `${a}.${b}.${c}.${d}`,
      (a: number, b: number, c: number, d: number) => String(((a * 256 + b) * 256 + c) * 256 + d),
      (a: number, b: number, c: number, d: number) => `0x${a.toString(16)}.0${b.toString(8)}.${c * 256 + d}`,
      (a: number, b: number, c: number, d: number) => `[::ffff:${a}.${b}.${c}.${d}]`,
    ];
    await fc.assert(
      fc.property(
        fc.constantFrom(10, 127, 0, 224, 255),
        byte,
        byte,
        byte,
        fc.constantFrom(...forms),
        (a, b, c, d, form) => {
          expect(refusal(`http://${form(a, b, c, d)}/x`)).toContain("private or loopback");
        },
      ),
    );
  });
});
