/**
 * How people log in: what the API is told of it, and what it may reach for it.
 * @module
 */
import { type LoginInput, readLogin } from "#core/login/backends.ts";

/** One password for everybody: where nothing is anybody else's. */
const LOCAL_LOGIN: LoginInput = { backends: [{ kind: "dummy", name: "dummy" }] };

interface Props {
  readonly local?: object;
  readonly login?: LoginInput;
}

/** @throws Error for the login whose one password makes an admin of everybody, and for what is no description of logins */
export function loginOf({ local, login = {} }: Props): LoginInput {
  if (local) return LOCAL_LOGIN;
  if (login.backends?.some(({ kind }) => kind === "dummy")) {
    throw new Error("login.backends cannot have a dummy: who knows its password owns everything.");
  }
  if (readLogin(login) === null) throw new Error("login is no description of logins: see docs/login.md.");
  return login;
}

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
