/**
 * Checks that are told as they are made, with what took how long.
 * @module
 */
import * as v from "valibot";

let failures = 0;
/** How many checks have failed. */
export const countFailures = (): number => failures;

/** Makes a check and tells how it went. @param prove rejects when the promise is not kept; a text is told beside the time */
export async function check(promise: string, prove: () => Promise<unknown>): Promise<void> {
  const startedMs = performance.now();
  const took = (): string => `${Math.round(performance.now() - startedMs)} ms`;
  try {
    const said = await prove();
    console.log(`ok      ${promise} (${typeof said === "string" ? `${said}, ` : ""}${took()})`);
  } catch (error) {
    failures += 1;
    console.log(`FAILED  ${promise}: ${sentence(error)} (${took()})`);
  }
}

/** `fetch` says "fetch failed" and hides why in the cause. */
export function sentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}

/** @throws Error that says what is what, and not what it should be */
export function equal(actual: unknown, expected: unknown, what: string): void {
  if (actual !== expected) throw new Error(`${what} is ${String(actual)}, not ${String(expected)}`);
}

/** @throws Error with the status and the beginning of an answer that is another one, such as a refusal */
export async function read<T>(response: Response, schema: v.GenericSchema<unknown, T>): Promise<T> {
  const text = await response.text();
  const result = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), text);
  if (result.success) return result.output;
  throw new Error(`${result.issues[0].message}; the answer was ${response.status} ${text.slice(0, 300)}`);
}

/** Fails unless HEAD has GET's status, length and the named headers. */
export async function sameAsHead(
  address: string,
  headers: Readonly<Record<string, string>>,
  ...names: readonly string[]
): Promise<void> {
  // Compressed, the length would be another one than that of what we read.
  const init = { headers: { ...headers, "accept-encoding": "identity" }, redirect: "manual" } as const;
  const got = await fetch(address, init);
  const { byteLength } = await got.arrayBuffer();
  const head = await fetch(address, { ...init, method: "HEAD" });
  const of = `of HEAD ${new URL(address).pathname}`;
  equal(head.status, got.status, `status ${of}`);
  equal(head.headers.get("content-length"), String(byteLength), `content-length ${of}`);
  for (const name of names) equal(head.headers.get(name), got.headers.get(name), `${name} ${of}`);
}
