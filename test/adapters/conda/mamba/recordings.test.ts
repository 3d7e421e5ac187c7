import { describe, expect, test } from "vitest";
import { checkSpecs } from "#adapters/conda/check-request.ts";
import { readSolve } from "#adapters/conda/mamba/mamba-engine.ts";
import { failureOf, unsolvableOf } from "#adapters/conda/mamba/mamba-failure.ts";
import { readAnswer } from "#adapters/conda/mamba/mamba-output.ts";
import { trueChannels } from "#adapters/conda/true-channels.ts";
import { EngineError, type SolveRequest } from "#core/ports.ts";
import { type Recording, readRecordings, resultOf } from "#test/kit/mamba-recordings.ts";
import { EXPECTATIONS, type Meaning, SPECS_ACCEPTED, SPECS_REFUSED } from "./expectations.ts";

const recordings = readRecordings();
const TRUE_SERVER = "https://conda.example.org";

/** The request that a recorded command line would have come from; the recorded server is the mirror. */
function requestOf({ argv }: Recording): SolveRequest {
  const words = argv ?? [];
  // The adapter's channels have no credentials; mamba leaves them out of what it says.
  const channels = words
    .flatMap((word, index) => (word === "-c" ? (words[index + 1] ?? []) : []))
    .map((address) => address.replace(/^http:\/\/.*@\{HOST\}/, "{SERVER}"));
  return {
    specs: ["asked"],
    channels: (channels.length > 0 ? channels : ["{SERVER}"]).map((address) => ({
      address,
      url: address.replace("{SERVER}", TRUE_SERVER),
    })),
    platform: "linux-64",
    virtualPackages: { __glibc: "2.28" },
  };
}

/** What the adapter makes of a recorded call. */
function meaningOf(
  one: Recording,
): Exclude<Meaning, { packages: number }> | { packages: number } | EngineError {
  const command = one.argv?.[1];
  if (one.exitCode === null && one.signal === null) return "not ours";
  if (command !== "create" && command !== "install") return "not ours";
  const request = requestOf(one);
  const names = trueChannels(request.channels);
  const isSolve = one.argv?.includes("--dry-run") && !one.argv.includes("--file");
  try {
    if (isSolve && one.argv?.includes("--json"))
      return { packages: readSolve(resultOf(one), request).length };
  } catch (error) {
    if (error instanceof EngineError) return error;
    throw error;
  }
  const { errors } = readAnswer(resultOf(one));
  const what = isSolve ? "index" : "package";
  return (
    unsolvableOf(errors, request, names) ??
    failureOf(resultOf(one), errors, what, { names, list: request.channels }) ??
    "done"
  );
}

function rowsOf(name: string) {
  return EXPECTATIONS.filter(([cases]) => new RegExp(`^(?:${cases})$`).test(name));
}

describe("recorded calls of mamba", () => {
  test("are 322, each with one expectation, and every expectation is of some", () => {
    expect(recordings.size).toBe(322);
    const rows = [...recordings.keys()].map((name) => [name, rowsOf(name).length]);
    expect(rows.filter(([, count]) => count !== 1)).toEqual([]);
    const unused = EXPECTATIONS.filter(
      ([cases]) => ![...recordings.keys()].some((name) => rowsOf(name)[0]?.[0] === cases),
    );
    expect(unused).toEqual([]);
  });

  test.each([...recordings.keys()])("%s means what it must", (name) => {
    const one = recordings.get(name);
    const expected = rowsOf(name)[0]?.[1];
    if (!one || !expected) throw new Error(`${name} has no expectation`);
    const meaning = meaningOf(one);
    if (typeof expected === "string") expect(meaning).toEqual(expected);
    else if ("packages" in expected) {
      if (expected.packages < 0)
        expect(meaning).toMatchObject({ packages: expect.toSatisfy((count) => count > 0) });
      else expect(meaning).toEqual(expected);
    } else {
      expect(meaning).toBeInstanceOf(EngineError);
      expect(meaning).toMatchObject({ failure: expected.failure, retryable: expected.retryable });
      const { message } = meaning as EngineError;
      for (const words of expected.says ?? []) expect(message).toContain(words);
      // One line first, nothing of a mirror, of mamba's advice or of a secret anywhere.
      expect(message.split("\n")[0]).toMatch(/\.$/);
      for (const { address, url } of requestOf(one).channels) {
        if (address !== url) expect(message).not.toContain(`${address}/`);
      }
      expect(message).not.toMatch(/repeatedly|issue tracker|SECRET|s3cret/);
    }
  });

  test.each(SPECS_ACCEPTED)("06-spec-%s is a spec that may be asked", (number) => {
    const spec = recordings.get(`06-spec-${number}`)?.argv?.at(-1) ?? "";
    expect(checkSpecs({ ...requestOf({ argv: [] } as unknown as Recording), specs: [spec] })).toEqual([spec]);
  });

  test.each(SPECS_REFUSED)("06-spec-%s is refused before mamba is asked", (number) => {
    const one = recordings.get(`06-spec-${number}`);
    if (!one) throw new Error("no such recording");
    const request = { ...requestOf(one), specs: [one.argv?.at(-1) ?? ""] };
    expect(() => checkSpecs(request)).toThrow(EngineError);
  });
});
