/**
 * A client of the deployed API, as a script of a user would be one.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import * as v from "valibot";
import { LocalError } from "./local-error.ts";

const Login = v.object({ status: v.literal("ok") });
const Submitted = v.object({ data: v.object({ build_id: v.number() }) });
const Lines = v.object({
  lines: v.array(v.object({ step: v.string(), text: v.string() })),
  cursor: v.string(),
  ended: v.boolean(),
});
const Build = v.object({
  data: v.object({
    id: v.number(),
    status: v.string(),
    status_info: v.nullable(v.string()),
    size: v.number(),
    scheduled_on: v.string(),
    started_on: v.nullable(v.string()),
    ended_on: v.nullable(v.string()),
    build_artifacts: v.nullable(v.array(v.object({ artifact_type: v.string(), key: v.string() }))),
  }),
});
export type BuildReply = v.InferOutput<typeof Build>["data"];
export type LogLine = v.InferOutput<typeof Lines>["lines"][number];

const ENDED: readonly string[] = ["COMPLETED", "FAILED", "CANCELED"];
const WAIT_SECONDS = 20;

export class Client {
  readonly #url: string;
  readonly #cookie: string;

  private constructor(url: string, cookie: string) {
    this.#url = url;
    this.#cookie = cookie;
  }

  /** @throws LocalError when the API does not let us in */
  static async login(url: string, username: string, password: string): Promise<Client> {
    const response = await fetch(`${url}/login/`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ username, password }),
    });
    await parsed(response, Login);
    const cookies = response.headers.getSetCookie().map((cookie) => cookie.split(";", 1)[0] ?? "");
    return new Client(url, cookies.join("; "));
  }

  /** @returns the build's id */
  async submit(namespace: string, specification: string): Promise<number> {
    const response = await this.#ask("/api/v1/specification/", {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ namespace, specification }),
    });
    return (await parsed(response, Submitted)).data.build_id;
  }

  async build(id: number): Promise<BuildReply> {
    return (await parsed(await this.#ask(`/api/v1/build/${id}/`), Build)).data;
  }

  /** Follows the log by long polls until the build has ended. */
  async follow(id: number, onLine: (line: LogLine) => void): Promise<BuildReply> {
    for (let after = ""; ; ) {
      const path = `/api/v1/build/${id}/logs/?after=${encodeURIComponent(after)}&wait=${WAIT_SECONDS}`;
      const { lines, cursor, ended } = await parsed(await this.#ask(path), Lines);
      for (const line of lines) onLine(line);
      if (ended) break;
      after = cursor;
    }
    for (;;) {
      const build = await this.build(id);
      if (ENDED.includes(build.status)) return build;
      await pause(200);
    }
  }

  /** The archive's bytes, by the redirect to the bucket. */
  async archive(id: number): Promise<Response> {
    const redirect = await this.#ask(`/api/v1/build/${id}/archive/`, { redirect: "manual" });
    const location = redirect.headers.get("location");
    if (redirect.status !== 307 || !location) {
      throw new LocalError(`The archive of build ${id} was not given: ${await redirect.text()}`);
    }
    // The address is signed: it needs no cookie, and must get none.
    const response = await fetch(location);
    if (!response.ok) throw new LocalError(`The archive of build ${id} answered ${response.status}.`);
    return response;
  }

  #ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`${this.#url}${path}`, { ...init, headers: { ...init.headers, cookie: this.#cookie } });
  }
}

async function parsed<T>(response: Response, schema: v.GenericSchema<unknown, T>): Promise<T> {
  const text = await response.text();
  if (!response.ok)
    throw new LocalError(`${new URL(response.url).pathname} answered ${response.status}: ${text}`);
  return v.parse(schema, JSON.parse(text));
}
