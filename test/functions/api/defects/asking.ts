/**
 * What the files of defects ask with: a store with something in it, and one question at a time.
 * @module
 */
import { SignJWT } from "jose";
import { beforeAll, beforeEach, expect } from "vitest";
import { type Api, bearer, openApi, post } from "#test/kit/api.ts";
import type { LocalAws } from "#test/kit/ministack.ts";
import { makeWorld, type World } from "../world.ts";

/** What was wrong in the original, and what shows that it is right here. */
export type Row = readonly [defect: string, shows: () => Promise<void>];

export interface Answer {
  readonly http: number;
  readonly message: string | null;
  readonly count: number;
  readonly data: never;
  readonly cursor: string | null;
  readonly headers: Headers;
}

/** Filled before the first test runs; `fresh` is a name of each row's own. */
export interface Asking {
  readonly api: Api;
  readonly world: World;
  /** A token for everything. */
  readonly admin: string;
  readonly fresh: string;
}

/** Call at the top of a test file. */
export function useAsking(aws: LocalAws): Asking {
  const asking = {} as { -readonly [K in keyof Asking]: Asking[K] };
  let n = 0;
  beforeAll(async () => {
    asking.api = openApi(aws);
    asking.world = await makeWorld(asking.api.services);
    asking.admin = await asking.api.token({ "*/*": ["admin"] });
  });
  beforeEach(() => {
    n += 1;
    asking.fresh = `fresh-${n}`;
  });
  return asking;
}

/** Asks below `/api/v1/`, or at a whole path. */
export async function ask(
  api: Api,
  token: string | null,
  path: string,
  init: RequestInit = {},
): Promise<Answer> {
  const headers = { ...(token === null ? {} : bearer(token)), ...(init.headers as Record<string, string>) };
  const response = await api.request(path.startsWith("/") ? path : `/api/v1/${path}`, { ...init, headers });
  const text = await response.text();
  const isJson = response.headers.get("content-type")?.startsWith("application/json");
  const reply = isJson ? JSON.parse(text) : { message: text };
  return { ...reply, http: response.status, headers: response.headers };
}

export const status = async (...args: Parameters<typeof ask>): Promise<number> => (await ask(...args)).http;

export const specify = (api: Api, token: string, namespace: string, specification: string) =>
  ask(api, token, "specification/", post({ namespace, specification }));

/** The document that a POST was kept as. */
export async function stored(api: Api, token: string, answer: Answer): Promise<Record<string, unknown>> {
  expect(answer).toMatchObject({ http: 200 });
  const { build_id } = answer.data as { build_id: number };
  const build = await ask(api, token, `build/${build_id}/`);
  return (build.data as { specification: { spec: Record<string, unknown> } }).specification.spec;
}

export const roles = async (api: Api, token: string) =>
  ((await ask(api, token, "permission/")).data as { entity_roles: Record<string, string[]> }).entity_roles;

/** A token as another program with the secret could make it. */
export async function signed(api: Api, claims: Record<string, unknown>): Promise<string> {
  const { key } = JSON.parse(api.secretText) as { key: string };
  const token = new SignJWT(claims).setProtectedHeader({ alg: "HS256", typ: "JWT" });
  return token.sign(new TextEncoder().encode(key));
}

/** As claims have it. */
export const inAnHour = () => Math.floor(Date.now() / 1000) + 3600;
