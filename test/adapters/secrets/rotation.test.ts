/**
 * Keys are rotated under functions that are warm: by the command, and in a day that is played in a second.
 */
import { randomBytes } from "node:crypto";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { describe, expect, test } from "vitest";
import { OVERLAP_HOURS_MIN, readVersion, replaceVersion, rotate } from "#adapters/secrets/rotation.ts";
import { cacheSecret, KEPT_MS, parseSecret } from "#adapters/secrets/secret.ts";
import { mintToken, verifyToken } from "#adapters/secrets/tokens.ts";
import { LOGIN_SECONDS } from "#core/token/claims.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { runProgram } from "#test/kit/run-program.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const START = new Date("2026-01-01T00:00:00Z");
const generated = () =>
  JSON.stringify({ kid: "1", key: randomBytes(32).toString("hex"), dummyPassword: "x" });

/** A deployment's secret, and functions that read it at moments of their own. */
function deployment(text: string) {
  const state = { text, nowMs: 0 };
  const warm = (startedMs: number) =>
    cacheSecret(
      async () => state.text,
      () => state.nowMs + startedMs,
    );
  return {
    state,
    functions: [warm(0), warm(90_000), warm(180_000)],
    now: () => new Date(START.getTime() + state.nowMs),
  };
}

describe("while keys are rotated", () => {
  test("every login of every function is good in every function until it ends, day after day", async () => {
    const { state, functions, now } = deployment(generated());
    const logins: { token: string; ends: number }[] = [];
    let refused = 0;
    for (; state.nowMs < 80 * HOUR_MS; state.nowMs += 7 * MINUTE_MS) {
      const sinceMidnight = state.nowMs % (26 * HOUR_MS);
      if (sinceMidnight < 7 * MINUTE_MS) {
        state.text = rotate(state.text, { now: now(), overlapHours: OVERLAP_HOURS_MIN }).text;
      }
      for (const each of functions) {
        const expiresAt = new Date(now().getTime() + LOGIN_SECONDS * 1000);
        const login = { primaryNamespace: "alice", roleBindings: {}, expiresAt };
        logins.push({ token: await mintToken(each, login, now()), ends: expiresAt.getTime() });
      }
      const newest = logins.slice(-3);
      const oldest = logins.filter(({ ends }) => ends > now().getTime()).slice(0, 3);
      for (const { token } of [...newest, ...oldest]) {
        for (const each of functions) if (!(await verifyToken(each, token, now()))) refused += 1;
      }
    }
    expect(refused).toBe(0);
    expect(logins.length).toBeGreaterThan(2000);
  }, 120_000);

  test("there are two keys, and when the overlap has passed the old one verifies nothing, also in a warm function", async () => {
    const { state, functions, now } = deployment(generated());
    const [warm] = functions;
    if (!warm) throw new Error("no function");
    const expiresAt = new Date(START.getTime() + 400 * HOUR_MS);
    const long = { primaryNamespace: "alice", roleBindings: {}, expiresAt };
    const token = await mintToken(warm, long, now());
    expect(await verifyToken(warm, token, now())).not.toBeNull();
    state.text = rotate(state.text, { now: now(), overlapHours: 30 }).text;
    expect(parseSecret(state.text).keys).toHaveLength(2);
    state.nowMs = 30 * HOUR_MS - 1000;
    expect(await verifyToken(warm, token, now())).not.toBeNull();
    state.nowMs = 30 * HOUR_MS;
    expect(await verifyToken(warm, token, now())).toBeNull();
  });

  test("a compromised key is good for five minutes at most, whether anybody brings a new token or not", async () => {
    const { state, functions, now } = deployment(generated());
    const [warm] = functions;
    if (!warm) throw new Error("no function");
    const expiresAt = new Date(START.getTime() + HOUR_MS);
    const stolen = await mintToken(warm, { primaryNamespace: "a", roleBindings: {}, expiresAt }, now());
    expect(await verifyToken(warm, stolen, now())).not.toBeNull();
    state.text = rotate(state.text, { now: now(), overlapHours: null }).text;
    state.nowMs = KEPT_MS;
    expect(await verifyToken(warm, stolen, now())).toBeNull();
  });

  test("what else is in the secret stays, also what this version does not know", () => {
    const text = JSON.stringify({ ...JSON.parse(generated()), clients: { keycloak: "s" } });
    const rotated = rotate(text, { now: START, overlapHours: 30 }).text;
    expect(JSON.parse(rotated)).toMatchObject({ dummyPassword: "x", clients: { keycloak: "s" } });
    expect(parseSecret(rotated).keys[1]).toMatchObject({ kid: "1" });
  });

  test.each([
    ["a second one before the first signs", 30, /is about to sign/],
    ["an overlap shorter than a login", 24, /must be 25 hours or more/],
  ])("%s is refused", (_, overlapHours, message) => {
    const { text } = rotate(generated(), { now: START, overlapHours: 30 });
    const now = overlapHours < 25 ? new Date(START.getTime() + HOUR_MS) : START;
    expect(() => rotate(text, { now, overlapHours })).toThrow(message);
  });
});

describe("the command", () => {
  const aws = useMiniStack();
  const client = () => new SecretsManagerClient();
  async function secret(name: string): Promise<string> {
    const { ARN = "" } = await client().send(
      new CreateSecretCommand({ Name: name, SecretString: generated() }),
    );
    return ARN;
  }
  const run = (...args: string[]) =>
    runProgram(process.execPath, ["scripts/rotate-keys.ts", ...args], {
      PATH: process.env["PATH"] ?? "",
      AWS_ENDPOINT_URL: aws.endpoint,
      AWS_REGION: process.env["AWS_REGION"] ?? "",
      AWS_ACCESS_KEY_ID: process.env["AWS_ACCESS_KEY_ID"] ?? "",
      AWS_SECRET_ACCESS_KEY: process.env["AWS_SECRET_ACCESS_KEY"] ?? "",
    });

  test("says what it would do and does nothing, then does it, and tells no key", async () => {
    const arn = await secret("rotated");
    const before = await readVersion(client(), arn);
    const dry = await run("--secret", arn);
    expect([dry.code, dry.stdout]).toEqual([0, expect.stringContaining("Nothing was changed")]);
    expect(await readVersion(client(), arn)).toEqual(before);

    const applied = await run("--secret", arn, "--apply");
    expect(applied.code, applied.stderr).toBe(0);
    const { keys } = parseSecret((await readVersion(client(), arn)).text);
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(applied.stdout).toContain(`key ${key.kid}: `);
      expect(dry.stdout + applied.stdout).not.toContain(key.secret);
    }
    const again = await run("--secret", arn, "--apply");
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining("is about to sign")]);
  });

  test.each([[[]], [["--secret", "x", "--local"]], [["--secret", "x", "--overlap-hours", "soon"]]])(
    "without sense is refused with its usage: %j",
    async (args) => {
      const { code, stderr } = await run(...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining("usage: npm run rotate-keys")]);
    },
  );

  test("two at once: one wins, the other changes nothing", async () => {
    const arn = await secret("contended");
    const read = await readVersion(client(), arn);
    const texts = [1, 2].map(() => rotate(read.text, { now: START, overlapHours: 30 }).text);
    const ends = await Promise.allSettled(
      texts.map((text) => replaceVersion(client(), arn, { text, version: read.version })),
    );
    expect(ends.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    const winner = ends.findIndex(({ status }) => status === "fulfilled");
    expect((await readVersion(client(), arn)).text).toBe(texts[winner]);
  });
});
