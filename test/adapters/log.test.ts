import { expect, test } from "vitest";
import { openLog } from "#adapters/log.ts";

function logInto(level?: string) {
  const lines: string[] = [];
  const log = openLog({
    ...(level ? { level } : {}),
    fields: { function: "x" },
    write: (line) => lines.push(line),
  });
  return { log, entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>), lines };
}

test("each line is one JSON object with level, message and every field", () => {
  const { log, entries, lines } = logInto();
  log.with({ build: 3 }).info("two\nlines", { slot: 1 });

  expect(entries()).toMatchObject([
    { level: "info", message: "two\nlines", function: "x", build: 3, slot: 1 },
  ]);
  expect(lines[0]).not.toContain("\n");
});

test("what is less important than the level is dropped; an unknown level counts as info", () => {
  for (const [level, kept] of [
    ["warn", 2],
    ["nonsense", 3],
    ["debug", 4],
  ] as const) {
    const { log, lines } = logInto(level);
    log.debug("a");
    log.info("b");
    log.warn("c");
    log.error("d");
    expect(lines).toHaveLength(kept);
  }
});

test("an error is told with its name and message, a big integer as text", () => {
  const { log, entries } = logInto();
  log.error("no", { error: new TypeError("bad"), big: 12n });

  expect(entries()).toMatchObject([{ error: { name: "TypeError", message: "bad" }, big: "12" }]);
});

test("no password of an address and no token reaches the log", () => {
  const { log, lines } = logInto();
  log.info("channel https://user:hunter2@example.org/c", {
    header: "Authorization: Bearer abcdefghijklmnop",
    url: 'https://example.org/t/tk-123456"x',
    nested: [{ sessionToken: "s3cr3t" }],
    error: new Error("https://u:hunter2@example.org"),
  });

  expect(lines.join()).not.toMatch(/hunter2|abcdefghijklmnop|tk-123456|s3cr3t/);
  expect(() => JSON.parse(lines[0] ?? "")).not.toThrow();
});
