/**
 * A browser's way through a login at a provider, without the browser: addresses, cookies, and who one is afterwards.
 * @module
 */
import type { JWTPayload } from "jose";
import * as v from "valibot";
import { type BackendInput, Login } from "#core/login/backends.ts";
import { type Api, bearer } from "./api.ts";
import type { LoginProvider } from "./login-provider.ts";

/** A deployment's description of logins, read as the function reads it. */
export const loginWith = (...backends: BackendInput[]) =>
  v.parse(Login, { backends, publicUrl: "https://store.example" });

/** Whoever answers requests: the API itself, or the address where one is. */
type Door = Pick<Api, "request">;

export const doorAt = (url: string): Door => ({
  request: (path, init) => fetch(`${url}${path}`, { ...init, redirect: "manual" }),
});

export interface Begun {
  /** Where the browser is sent. */
  readonly address: string;
  /** What it then keeps, as a `cookie` header. */
  readonly cookie: string;
}

/** Asks for a login at the provider. */
export async function begin(api: Door, query = "", headers: Record<string, string> = {}): Promise<Begun> {
  const response = await api.request(`/login/${query}`, { headers });
  if (response.status !== 307) throw new Error(`${response.status} ${await response.text()}`);
  return { address: response.headers.get("location") ?? "", cookie: jar(response) };
}

/** Comes back from the provider. */
export const comeBack = (api: Door, query: string, cookie: string, headers: Record<string, string> = {}) =>
  api.request(`/oauth_callback?${query}`, { headers: { cookie, ...headers } });

/** From beginning to end. */
export async function logIn(
  api: Door,
  provider: LoginProvider,
  claims: JWTPayload,
  query = "",
): Promise<Response> {
  const { address, cookie } = await begin(api, query);
  return comeBack(api, provider.letIn(address, claims), cookie);
}

/** Cookies that an answer sets, as the browser sends them. */
export const jar = (response: Response): string =>
  response.headers
    .getSetCookie()
    .filter((cookie) => !/Max-Age=0/.test(cookie))
    .map((cookie) => cookie.split(";")[0] ?? "")
    .join("; ");

/** The token in the cookie; empty where there is none. */
export const tokenOf = (response: Response): string =>
  /conda-store-auth=([^;]+)/.exec(jar(response))?.[1] ?? "";

export interface Me {
  readonly authenticated: boolean;
  readonly primary_namespace: string;
  readonly entity_roles: Record<string, string[]>;
}

export async function whoAmI(api: Door, token: string): Promise<Me> {
  const response = await api.request("/api/v1/permission/", { headers: bearer(token) });
  return ((await response.json()) as { data: Me }).data;
}
