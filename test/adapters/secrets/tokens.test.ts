import { randomBytes } from "node:crypto";
import { SignJWT } from "jose";
import { describe, expect, test } from "vitest";
import { cacheSecret, parseSecret } from "#adapters/secrets/secret.ts";
import { mintToken, verifyToken } from "#adapters/secrets/tokens.ts";

const random = () => randomBytes(32).toString("hex");
const inAnHour = () => new Date(Date.now() + 3_600_000);
const NEW = { primaryNamespace: "alice", roleBindings: { "alice/*": ["admin"] } };

/** A secret whose text can be replaced, and which counts its reads. */
function rotating(text: string) {
  const state = { text, reads: 0, nowMs: 0 };
  const cache = cacheSecret(
    async () => {
      state.reads++;
      return state.text;
    },
    () => state.nowMs,
  );
  return { state, cache };
}
const keysOf = (...keys: [kid: string, secret: string][]) =>
  JSON.stringify({ keys: keys.map(([kid, secret]) => ({ kid, secret })) });

test("a minted token speaks for its owner until it ends, and not after", async () => {
  const { cache } = rotating(random());
  const expiresAt = inAnHour();
  const token = await mintToken(cache, { ...NEW, expiresAt });
  expect(await verifyToken(cache, token)).toMatchObject({ authenticated: true, primaryNamespace: "alice" });
  expect(await verifyToken(cache, token, new Date(expiresAt.getTime() + 1000))).toBeNull();
});

test("a token that was good before is refused when its key was taken out of the secret", async () => {
  const { cache, state } = rotating(keysOf(["a", random()]));
  const token = await mintToken(cache, { ...NEW, expiresAt: inAnHour() });
  expect(await verifyToken(cache, token)).toEqual(await verifyToken(cache, token));
  state.text = keysOf(["b", random()]);
  state.nowMs = 60_000;
  await cache.refresh();
  expect(await verifyToken(cache, token)).toBeNull();
});

test("as many good tokens as there may be, each still speaks for its owner", async () => {
  const { cache } = rotating(random());
  const tokens: string[] = [];
  for (let n = 0; n < 1002; n++) {
    tokens.push(await mintToken(cache, { ...NEW, primaryNamespace: `n-${n}`, expiresAt: inAnHour() }));
  }
  for (const round of [tokens, tokens.toReversed()]) {
    for (const token of round) {
      const n = tokens.indexOf(token);
      expect(await verifyToken(cache, token)).toMatchObject({ primaryNamespace: `n-${n}` });
    }
  }
});

describe("what is not a token of ours gives nobody", () => {
  const { cache, state } = rotating(random());
  const key = () => new TextEncoder().encode(state.text);
  const signed = (alg: string, payload: Record<string, unknown>, secret = key()) =>
    new SignJWT(payload).setProtectedHeader({ alg }).sign(secret);
  const exp = Math.floor(Date.now() / 1000) + 60;
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");

  test.each<[string, () => Promise<string> | string]>([
    ["an empty text", () => ""],
    ["no JWT", () => "secret"],
    ["three dots", () => "..."],
    ["another key", () => signed("HS256", { exp }, new TextEncoder().encode(random()))],
    [
      "another algorithm with the right key",
      () => signed("HS512", { exp }, new TextEncoder().encode(state.text + state.text)),
    ],
    [
      "no algorithm",
      () => `${encode({ alg: "none" })}.${encode({ exp, role_bindings: { "*/*": ["admin"] } })}.`,
    ],
    ["no end", () => signed("HS256", { primary_namespace: "alice" })],
    ["a registry token", () => signed("HS256", { exp, aud: "registry" })],
    [
      "a changed payload",
      async () => {
        const [header, , signature] = (await mintToken(cache, { ...NEW, expiresAt: inAnHour() })).split(".");
        return `${header}.${encode({ exp, role_bindings: { "*/*": ["admin"] } })}.${signature}`;
      },
    ],
  ])("%s", async (_, make) => {
    expect(await verifyToken(cache, await make())).toBeNull();
  });
});

describe("keys rotate", () => {
  test("with two keys both verify and the first signs", async () => {
    const [before, after] = [random(), random()];
    const old = await mintToken(rotating(keysOf(["a", before])).cache, { ...NEW, expiresAt: inAnHour() });
    const { cache } = rotating(keysOf(["b", after], ["a", before]));
    expect(await verifyToken(cache, old)).not.toBeNull();
    const fresh = await mintToken(cache, { ...NEW, expiresAt: inAnHour() });
    expect(JSON.parse(Buffer.from(fresh.split(".")[0] ?? "", "base64url").toString())).toMatchObject({
      kid: "b",
    });
  });

  test("an unknown key makes the secret be read again, at most once a minute", async () => {
    const [before, after] = [random(), random()];
    const { cache, state } = rotating(keysOf(["a", before]));
    await cache.get();
    state.text = keysOf(["b", after], ["a", before]);
    const fresh = await mintToken(rotating(state.text).cache, { ...NEW, expiresAt: inAnHour() });
    state.nowMs = 59_999;
    for (let n = 0; n < 20; n++) expect(await verifyToken(cache, fresh)).toBeNull();
    expect(state.reads).toBe(1);
    state.nowMs = 60_000;
    expect(await verifyToken(cache, fresh)).not.toBeNull();
    expect(state.reads).toBe(2);
  });

  test("a secret that cannot be read for a moment leaves the known keys good", async () => {
    let broken = false;
    let nowMs = 0;
    const text = keysOf(["a", random()]);
    const cache = cacheSecret(
      async () => {
        if (broken) throw new Error("throttled");
        return text;
      },
      () => nowMs,
    );
    const token = await mintToken(cache, { ...NEW, expiresAt: inAnHour() });
    broken = true;
    nowMs = 60_000;
    await expect(cache.refresh()).rejects.toThrow("throttled");
    expect(await verifyToken(cache, token)).not.toBeNull();
  });
});

describe("the secret's text", () => {
  test("a generated string is one key, named without giving it away", () => {
    const text = random();
    const { keys } = parseSecret(text);
    expect(keys).toHaveLength(1);
    expect(keys[0].secret).toBe(text);
    expect(text).not.toContain(keys[0].kid);
  });

  test("a generated key inside JSON keeps its name, and the dummy password comes with it", () => {
    const key = random();
    const text = JSON.stringify({ kid: "1", key, dummyPassword: "x" });
    expect(parseSecret(text)).toMatchObject({ keys: [{ kid: "1", secret: key }], dummyPassword: "x" });
  });

  test.each([
    ["short", "too-short-to-sign"],
    ["no key", "{}"],
    ["an empty list", '{"keys":[]}'],
    ["broken JSON", '{"keys": hunter2-hunter2-hunter2-hunter2'],
    ["keys that are no list", '{"keys":"hunter2-hunter2-hunter2-hunter2"}'],
    ["keys that are texts", '{"keys":["hunter2-hunter2-hunter2-hunter2"]}'],
    ["a key that is no string", '{"keys":[{"kid":"a","secret":123456789}]}'],
  ])("%s is refused without being repeated", (_, text) => {
    let message = "";
    try {
      parseSecret(text);
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/^Error: The secret /);
    for (const word of text.match(/[\w-]{8,}/g) ?? []) expect(message).not.toContain(word);
  });
});
