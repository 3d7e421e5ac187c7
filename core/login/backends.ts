/**
 * Where people may log in, as the deployment says. What is secret is only named here: it lies in Secrets Manager.
 * @module
 */
import * as v from "valibot";

const text = v.pipe(v.string("must be text"), v.nonEmpty("must not be empty"));
const texts = (...fallback: string[]) => v.optional(v.array(text, "must be a list"), fallback);
const address = v.pipe(
  text,
  v.regex(/^https?:\/\/[^\s?#\\@]+$/, "must be an http(s) address without a query"),
  v.transform((url) => url.replace(/\/+$/, "")),
);
const arn = (service: string) =>
  v.pipe(text, v.regex(new RegExp(`^arn:[\\w-]+:${service}:`), `must be the ARN of ${service}`));

const common = {
  /** Stands in addresses and before user names in the list of who owns which. */
  name: v.pipe(text, v.regex(/^[a-z][a-z0-9-]{0,30}$/, "must be lower-case letters, digits and dashes")),
  /** What the login page shows. */
  title: v.exactOptional(text),
  /**
   * Whoever logs in first under the name of a namespace that exists already gets it: for namespaces that were taken over
   * from another store, and only where nobody chooses his own user name.
   */
  adoptsNamespaces: v.optional(v.boolean("must be true or false"), false),
};
const client = {
  clientId: text,
  /** Its secret's ARN; the whole text of that secret is the client's. Absent for a public client. */
  clientSecretArn: v.exactOptional(arn("secretsmanager")),
};
/** `last`: of `/division/team` the part behind the last slash, which must then be unique. */
const groupNames = v.optional(v.picklist(["whole", "last"], "must be whole or last"), "whole");

const Dummy = v.strictObject({ kind: v.literal("dummy"), ...common });

const OpenIdConnect = v.strictObject({
  kind: v.literal("oidc"),
  ...common,
  ...client,
  issuer: v.pipe(text, v.regex(/^https?:\/\/[^\s?#\\@]+$/, "must be an http(s) address without a query")),
  scopes: texts("openid", "profile", "email"),
  /** Claims may be paths, such as `resource_access.conda_store.roles`. */
  userClaim: v.optional(text, "preferred_username"),
  groupsClaim: v.optional(text, "groups"),
  rolesClaim: v.optional(text, "roles"),
  groupNames,
  /** Asks Keycloak for the `scopes` attribute of the user's client roles. */
  keycloakRoleScopes: v.optional(v.boolean("must be true or false"), false),
});

const OAuth2 = v.strictObject({
  kind: v.literal("oauth2"),
  ...common,
  ...client,
  authorizeUrl: address,
  tokenUrl: address,
  userUrl: address,
  /** Where in the answer of `userUrl` the user's name stands, a path too. */
  userKey: text,
  /** What tells a user for ever, where names may be given to somebody else. */
  subjectKey: v.exactOptional(text),
  groupsKey: v.exactOptional(text),
  groupNames,
  scopes: texts(),
});

const GitHub = v.strictObject({
  kind: v.literal("github"),
  ...common,
  ...client,
  url: v.optional(address, "https://github.com"),
  apiUrl: v.optional(address, "https://api.github.com"),
  /** Members of these may log in. Groups are `organisation` and `organisation/team`. */
  organisations: v.pipe(v.array(text, "must be a list"), v.minLength(1, "must name an organisation")),
});

const JupyterHub = v.strictObject({
  kind: v.literal("jupyterhub"),
  ...common,
  ...client,
  /** Where the hub is, without `/hub`. */
  url: address,
});

const Hook = v.strictObject({
  kind: v.literal("hook"),
  ...common,
  /** A Lambda function that is given user name and password, and answers who that is. */
  functionArn: arn("lambda"),
});

const Backend = v.variant(
  "kind",
  [OpenIdConnect, OAuth2, GitHub, JupyterHub, Hook, Dummy],
  "must have a kind: oidc, oauth2, github, jupyterhub or hook",
);
/** Several at once; names tell them apart, and a password goes to one of them only. */
const Backends = v.pipe(
  v.array(Backend, "must be a list"),
  v.check((all) => new Set(all.map(({ name }) => name)).size === all.length, "must have different names"),
  v.check(
    (all) => all.filter(isPasswordBackend).length <= 1,
    "must not have two backends that take passwords: nobody could tell whose password it is",
  ),
);

/** How people log in. */
export const Login = v.strictObject(
  {
    /** Without one, tokens are the only way in. */
    backends: v.optional(Backends, []),
    /**
     * Where browsers find the service, such as `https://store.example.org`, without the prefix: providers send people back
     * there. Needed behind a proxy and with a domain name of one's own; else it is API Gateway's address.
     */
    publicUrl: v.exactOptional(
      v.pipe(
        text,
        v.regex(/^https?:\/\/[a-z0-9.[\]:-]+$/, "must be an origin such as https://store.example.org"),
      ),
    ),
    /** `none`: the cookie also goes with requests of pages of other sites, such as JupyterLab's on another host. */
    sameSite: v.optional(v.picklist(["lax", "none"], "must be lax or none"), "lax"),
  },
  "must be an object",
);
export type Login = v.InferOutput<typeof Login>;
export type LoginInput = v.InferInput<typeof Login>;

export type Backend = v.InferOutput<typeof Backend>;
export type BackendInput = v.InferInput<typeof Backend>;
export type PasswordBackend = Extract<Backend, { kind: "dummy" | "hook" }>;
/** A backend that the browser is sent to. */
export type RedirectBackend = Exclude<Backend, PasswordBackend>;

export function isPasswordBackend(backend: Backend): backend is PasswordBackend {
  return backend.kind === "dummy" || backend.kind === "hook";
}

export const isRedirectBackend = (backend: Backend): backend is RedirectBackend =>
  !isPasswordBackend(backend);

/**
 * Reads a JSON value.
 * @returns null when it is no description of logins
 */
export function readLogin(value: unknown): Login | null {
  const result = v.safeParse(Login, value);
  return result.success ? result.output : null;
}
