/**
 * How people log in: what the API is told of it, and what it may reach for it.
 * @module
 */
import { isAllowedPrivateHost } from "#core/address/check-url.ts";
import { type LoginInput, readLogin } from "#core/login/backends.ts";

/** One password for everybody: where nothing is anybody else's. */
const LOCAL_LOGIN: LoginInput = { backends: [{ kind: "dummy", name: "dummy" }] };

interface Props {
  readonly allowedPrivateHosts?: readonly string[];
  readonly local?: object;
  readonly login?: LoginInput;
}

/** @throws Error for the login whose one password makes an admin of everybody, and for what is no description of logins */
export function loginOf({ local, login = {}, allowedPrivateHosts = [] }: Props): LoginInput {
  if (local) return LOCAL_LOGIN;
  if (login.backends?.some(({ kind }) => kind === "dummy")) {
    throw new Error("login.backends cannot have a dummy: who knows its password owns everything.");
  }
  if (readLogin(login) === null) throw new Error("login is no description of logins: see docs/login.md.");
  // The API refuses them as well, but would find out at the first login.
  for (const address of addressesOf(login)) {
    const url = new URL(address);
    if (url.protocol === "https:" || isAllowedPrivateHost(url, allowedPrivateHosts)) continue;
    throw new Error(`login.backends names ${address}: use https, or name its host in allowedPrivateHosts.`);
  }
  return login;
}

const addressesOf = ({ backends = [] }: LoginInput): string[] =>
  backends.flatMap((backend) =>
    Object.values(backend).filter((value) => typeof value === "string" && /^https?:/.test(value)),
  ) as string[];

/** ARNs of the secrets of the backends' clients; the secret's name is followed by six characters of AWS's. */
export const clientSecretsOf = ({ backends = [] }: LoginInput): string[] => [
  ...new Set(
    backends.flatMap((backend) =>
      "clientSecretArn" in backend && backend.clientSecretArn !== undefined ? [backend.clientSecretArn] : [],
    ),
  ),
];

/** ARNs of the functions that are asked about passwords. */
export const hooksOf = ({ backends = [] }: LoginInput): string[] =>
  backends.flatMap((backend) => (backend.kind === "hook" ? [backend.functionArn] : []));
