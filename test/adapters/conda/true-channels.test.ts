import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { maskCredentials, trueChannels } from "#adapters/conda/true-channels.ts";

const channels = trueChannels([
  { url: "https://conda.example.org/team", address: "http://127.0.0.1:4000/c/1" },
  { url: "https://conda.example.org/team/inner", address: "http://127.0.0.1:4000/c/10" },
  { url: "https://plain.example.org/x", address: "https://plain.example.org/x" },
]);

describe("names of channels", () => {
  test("go there and back, also where one address begins another", () => {
    for (const url of [
      "https://conda.example.org/team/noarch/a-1-0.conda",
      "https://conda.example.org/team/inner/noarch/a-1-0.conda",
      "https://plain.example.org/x/linux-64/a-1-0.conda",
    ]) {
      expect(channels.toUrl(channels.toAddress(url) ?? "")).toBe(url);
    }
    expect(channels.toUrl("http://127.0.0.1:4000/c/10/noarch/a")).toBe(
      "https://conda.example.org/team/inner/noarch/a",
    );
  });

  test("are none for an address of another channel, also one that only begins alike", () => {
    expect(channels.toUrl("http://127.0.0.1:4000/c/11/noarch/a")).toBeUndefined();
    expect(channels.toAddress("https://conda.example.org/teams/noarch/a")).toBeUndefined();
    expect(channels.toAddress("https://evil.example.org/conda.example.org/team/a")).toBeUndefined();
  });

  test("replace a mirror's address in text, with and without scheme", () => {
    expect(
      channels.inText(
        "[http://127.0.0.1:4000/c/10/noarch/repodata.json] and 127.0.0.1:4000/c/1, 127.0.0.1:4000/c/1.",
      ),
    ).toBe(
      "[https://conda.example.org/team/inner/noarch/repodata.json] and conda.example.org/team, conda.example.org/team.",
    );
  });

  test("hold for any path below a channel", () => {
    fc.assert(
      fc.property(fc.webPath(), (path) => {
        const url = `https://conda.example.org/team/inner${path}`;
        if (path !== "") expect(channels.toUrl(channels.toAddress(url) ?? "")).toBe(url);
      }),
    );
  });
});

test("credentials in addresses are masked, whatever the text", () => {
  expect(maskCredentials("see https://ann:s3cret@h.org/t/tk-1/x and http://h.org/t/tk-2/y/t")).toBe(
    "see https://***@h.org/t/***/x and http://h.org/t/***/y/t",
  );
});
