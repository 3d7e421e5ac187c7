/**
 * A typed client of the API. Outcomes are values: for a page a refusal is nothing exceptional.
 * @module
 */
import type * as v from "valibot";
import type { ErrorCode } from "#core/errors.ts";
import type { BodyInput, QueryInput, Reply, Route } from "./route.ts";
import type { ErrorReply } from "./shapes.ts";

export interface Refusal {
  readonly ok: false;
  /** HTTP status; 0 when nobody answered. */
  readonly status: number;
  readonly code: ErrorCode | "unreachable" | "unexpected";
  readonly message: string;
  readonly requestId: string | null;
}
export type Outcome<T> = { readonly ok: true; readonly value: T } | Refusal;

type Input<R extends Route> = {
  readonly params?: { readonly [K in keyof v.InferInput<R["params"]>]: string | number };
  readonly query?: QueryInput<R>;
  readonly body?: BodyInput<R>;
  readonly signal?: AbortSignal;
};

export interface ClientOptions {
  /** Where the API is, prefix included, without trailing slash. */
  readonly baseUrl: string;
  /** Sent as Bearer; without it the browser's cookie decides. */
  readonly token?: string;
  readonly fetch?: typeof fetch;
}

export type Client = <R extends Route>(route: R, input?: Input<R>) => Promise<Outcome<Reply<R>>>;

/** Makes a client. It never throws, but for an abort by the caller. */
export function createClient({ baseUrl, token, fetch: send = fetch }: ClientOptions): Client {
  return async (route, { params, query, body, signal } = {}) => {
    const headers: Record<string, string> = { accept: "application/json" };
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    let response: Response;
    let reply: unknown;
    try {
      response = await send(addressOf(baseUrl, route, params, query), {
        method: route.method.toUpperCase(),
        headers,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(signal ? { signal } : {}),
      });
      reply = await response.json().catch(() => null);
    } catch (error) {
      if (signal?.aborted) throw error;
      return refusal(0, "unreachable", "The server cannot be reached. Check the network and try again.");
    }
    if (response.ok && reply !== null) return { ok: true, value: reply as Reply<typeof route> };
    return refusalOf(response, reply);
  };
}

/** The address of a route: parameters filled in, each encoded. */
export function addressOf(
  baseUrl: string,
  route: Pick<Route, "path">,
  params: Readonly<Record<string, string | number>> = {},
  query: Readonly<Record<string, unknown>> = {},
): string {
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== undefined && each !== null) search.append(name, String(each));
    }
  }
  return `${baseUrl}${path}/${search.size > 0 ? `?${search}` : ""}`;
}

const refusal = (
  status: number,
  code: Refusal["code"],
  message: string,
  requestId: string | null = null,
): Refusal => ({
  ok: false,
  status,
  code,
  message,
  requestId,
});

function refusalOf({ status, statusText }: Response, reply: unknown): Refusal {
  const { message, code, request_id } = (reply ?? {}) as Partial<ErrorReply>;
  if (typeof message !== "string") {
    return refusal(status, "unexpected", `The server answered ${status} ${statusText}`.trim());
  }
  return refusal(status, (code as ErrorCode | undefined) ?? "unexpected", message, request_id ?? null);
}
