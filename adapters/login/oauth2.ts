/**
 * Providers that speak OAuth 2 and no more: who the user is, is asked with the access token. GitHub and JupyterHub are such,
 * each with its own addresses and its own way of telling groups.
 * @module
 */
import { AppError } from "#core/errors.ts";
import type { Backend } from "#core/login/backends.ts";
import { groupNamesOf, type Identity, readPath, toIdentity } from "#core/login/identity.ts";
import { type AskProvider, checkAddress, ProviderError } from "./ask-provider.ts";
import { askAsUser, askForTokens, authorizeAddress, type Client, type LoginSecrets } from "./code-flow.ts";

export type OAuth2Backend = Extract<Backend, { kind: "oauth2" | "github" | "jupyterhub" }>;

interface Addresses {
  readonly authorize: string;
  readonly token: string;
  readonly scopes: readonly string[];
}

function addressesOf(backend: OAuth2Backend): Addresses {
  switch (backend.kind) {
    case "oauth2":
      return { authorize: backend.authorizeUrl, token: backend.tokenUrl, scopes: backend.scopes };
    case "github": {
      const oauth = `${backend.url}/login/oauth`;
      return { authorize: `${oauth}/authorize`, token: `${oauth}/access_token`, scopes: ["read:org"] };
    }
    case "jupyterhub": {
      const oauth = `${backend.url}/hub/api/oauth2`;
      // Without scopes the hub gives what the client is registered with.
      return { authorize: `${oauth}/authorize`, token: `${oauth}/token`, scopes: [] };
    }
  }
}

/** Where the browser is sent. @throws ProviderError for an address that no browser should be sent to */
export function beginOAuth2(
  backend: OAuth2Backend,
  client: Client,
  secrets: LoginSecrets,
  allowPrivateHosts: readonly string[],
): string {
  const { authorize, scopes } = addressesOf(backend);
  return authorizeAddress(checkAddress(authorize, allowPrivateHosts), client, secrets, {
    scope: scopes.join(" "),
  });
}

/**
 * Who the user is.
 * @throws AppError `login_refused`; ProviderError
 */
export async function finishOAuth2(
  backend: OAuth2Backend,
  client: Client,
  { verifier }: Pick<LoginSecrets, "verifier">,
  code: string,
  ask: AskProvider,
): Promise<Identity> {
  const { accessToken } = await askForTokens(ask, addressesOf(backend).token, client, "post", {
    grant_type: "authorization_code",
    code,
    redirect_uri: client.redirectUri,
    code_verifier: verifier,
  });
  switch (backend.kind) {
    case "oauth2":
      return await askAnybody(backend, accessToken, ask);
    case "github":
      return await askGitHub(backend, accessToken, ask);
    case "jupyterhub":
      return await askHub(backend, accessToken, ask);
  }
}

async function askAnybody(
  { name, userUrl, userKey, subjectKey, groupsKey, groupNames }: Extract<Backend, { kind: "oauth2" }>,
  accessToken: string,
  ask: AskProvider,
): Promise<Identity> {
  const { json } = await askAsUser(ask, userUrl, accessToken);
  const user = readPath(json, userKey);
  const subject = subjectKey === undefined ? user : readPath(json, subjectKey);
  const groups = groupsKey === undefined ? [] : readPath(json, groupsKey);
  const identity = toIdentity({ backend: name, subject, user, groups });
  return { ...identity, groups: groupNamesOf(identity.groups, groupNames) };
}

/** The hub's token of a service is somebody too, who must not log in as a user of its name. */
async function askHub(
  { name, url }: Extract<Backend, { kind: "jupyterhub" }>,
  accessToken: string,
  ask: AskProvider,
): Promise<Identity> {
  const { json } = await askAsUser(ask, `${url}/hub/api/user`, accessToken);
  const kind = readPath(json, "kind");
  if (kind !== "user" && kind !== undefined)
    throw new AppError("login_refused", "The hub says that you are no user.");
  const user = readPath(json, "name");
  const roles = readPath(json, "admin") === true ? ["admin"] : [];
  return toIdentity({ backend: name, subject: user, user, groups: readPath(json, "groups"), roles });
}

const PAGES_MAX = 10;

/** Organisations and teams; who is in none of those that the deployment names is refused. */
async function askGitHub(
  { name, apiUrl, organisations }: Extract<Backend, { kind: "github" }>,
  accessToken: string,
  ask: AskProvider,
): Promise<Identity> {
  const { json: user } = await askAsUser(ask, `${apiUrl}/user`, accessToken);
  const wanted = new Set(organisations.map((each) => each.toLowerCase()));
  const logins = await readPages(`${apiUrl}/user/orgs`, accessToken, ask, (each) => [
    readPath(each, "login"),
  ]);
  const mine = logins.filter((login) => wanted.has(login.toLowerCase()));
  if (mine.length === 0) {
    throw new AppError(
      "login_refused",
      "You are in none of the organisations whose members may log in here.",
    );
  }
  const teams = await readPages(`${apiUrl}/user/teams`, accessToken, ask, (each) => {
    const organisation = readPath(each, "organization.login");
    const isWanted = typeof organisation === "string" && wanted.has(organisation.toLowerCase());
    return isWanted ? [`${organisation}/${readPath(each, "slug")}`] : [];
  });
  const [subject, login] = [readPath(user, "id"), readPath(user, "login")];
  return toIdentity({ backend: name, subject, user: login, groups: [...mine, ...teams] });
}

/** All pages of a list, each entry read; more than a thousand entries are nobody's. */
async function readPages(
  url: string,
  accessToken: string,
  ask: AskProvider,
  read: (entry: unknown) => readonly unknown[],
): Promise<string[]> {
  const found: unknown[] = [];
  for (let page = 1; page <= PAGES_MAX; page += 1) {
    const { json } = await askAsUser(ask, `${url}?per_page=100&page=${page}`, accessToken);
    if (!Array.isArray(json)) throw new ProviderError(`${new URL(url).host} gave no list`);
    found.push(...json.flatMap(read));
    if (json.length < 100) break;
  }
  return found.filter((entry) => typeof entry === "string");
}
