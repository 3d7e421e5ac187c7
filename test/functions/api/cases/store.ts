/**
 * The service itself, tokens, channels and what is counted.
 * @module
 */
import { post } from "#test/kit/api.ts";
import type { RouteCase, RouteCases } from "./case.ts";

const NO_TOKEN = `${"0".repeat(9)}-${"0".repeat(32)}`;
const WHY = "/api/v1/permission/explanation/?permission=environment::read";

/** What only those who may read everything are told. */
function monitored(path: string, shows: RegExp): RouteCase[] {
  const refused = { path: () => path, status: 403, code: "permission_denied" } as const;
  return [
    { kind: "happy", says: "an admin reads it", as: "admin", path: () => path, status: 200, shows },
    { kind: "unauthenticated", says: "nobody is refused", as: "nobody", ...refused },
    { kind: "forbidden", says: "a viewer of one namespace is refused", as: "viewer", ...refused },
  ];
}

export const STORE_CASES: RouteCases = {
  getStatus: [
    {
      kind: "happy",
      says: "anybody may ask",
      as: "nobody",
      path: () => "/api/v1/",
      status: 200,
      shows: /"version":"\d/,
    },
  ],
  getOpenApi: [
    {
      kind: "happy",
      says: "anybody may read it, and where the deployment answers",
      as: "nobody",
      path: () => "/openapi.json",
      status: 200,
      shows: /"openapi":"3\.1\.0".*"servers":\[\{"url":"\/"\}\]/s,
    },
  ],
  getPermission: [
    {
      kind: "happy",
      says: "nobody is somebody too",
      as: "nobody",
      path: () => "/api/v1/permission/",
      status: 200,
      shows: /"authenticated":false/,
    },
    {
      kind: "happy",
      says: "a token says who asks",
      as: "admin",
      path: () => "/api/v1/permission/",
      status: 200,
      shows: /"authenticated":true.*environment:create/,
    },
  ],
  explainPermission: [
    {
      kind: "happy",
      says: "the token decides",
      as: "viewer",
      path: () => `${WHY}&namespace=team&environment=demo`,
      status: 200,
      shows: /"allowed":true,"because":\[\{"source":\{"kind":"token","name":null\},"pattern":"team\/\*"/,
    },
    {
      kind: "happy",
      says: "nobody reads by default",
      as: "nobody",
      path: () => `${WHY}&namespace=default&environment=demo`,
      status: 200,
      shows: /"kind":"default","name":"anonymous"/,
    },
    {
      kind: "happy",
      says: "nothing decides for who may not",
      as: "stranger",
      path: () => `${WHY}&namespace=team&environment=demo`,
      status: 200,
      shows: /"allowed":false,"because":\[\],"roles_with_it":\["viewer","developer","admin"\]/,
    },
    {
      kind: "happy",
      says: "an admin asks for another",
      as: "admin",
      path: () => `${WHY}&primary_namespace=alice`,
      status: 200,
    },
    {
      kind: "forbidden",
      says: "for another, without being an admin",
      as: "viewer",
      path: () => `${WHY}&primary_namespace=alice`,
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "malformed",
      says: "a permission that does not exist",
      as: "admin",
      path: () => "/api/v1/permission/explanation/?permission=environment::create",
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "malformed",
      says: "an environment of no namespace",
      as: "admin",
      path: () => `${WHY}&environment=demo`,
      status: 400,
      code: "invalid_request",
    },
  ],
  postToken: [
    {
      kind: "happy",
      says: "a viewer makes one for a program of theirs",
      as: "viewer",
      path: () => "/api/v1/token/",
      init: { method: "POST" },
      status: 200,
      shows: /"token":"/,
    },
    {
      kind: "happy",
      says: "nobody gets one too",
      as: "nobody",
      path: () => "/api/v1/token/",
      init: { method: "POST" },
      status: 200,
      shows: /"token":"[\w-]+\.[\w-]+\.[\w-]+"/,
    },
    {
      kind: "malformed",
      says: "roles that are no list",
      as: "viewer",
      path: () => "/api/v1/token/",
      init: post({ role_bindings: { "team/*": "viewer" } }),
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "forbidden",
      says: "more than the caller has",
      as: "viewer",
      path: () => "/api/v1/token/",
      init: post({ role_bindings: { "team/*": ["admin"] } }),
      status: 400,
      code: "invalid_token_request",
    },
  ],
  listTokens: [
    {
      kind: "happy",
      says: "a viewer sees their own",
      as: "viewer",
      path: () => "/api/v1/token/",
      status: 200,
    },
    {
      kind: "happy",
      says: "an admin sees another's, if there are any",
      as: "admin",
      path: () => "/api/v1/token/?primary_namespace=bob",
      status: 200,
      shows: /"data":\[\].*"cursor":null/,
    },
    {
      kind: "malformed",
      says: "a cursor that is none",
      as: "viewer",
      path: () => "/api/v1/token/?cursor=1",
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "unauthenticated",
      says: "nobody has none",
      as: "nobody",
      path: () => "/api/v1/token/",
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "forbidden",
      says: "another's are not shown",
      as: "viewer",
      path: () => "/api/v1/token/?primary_namespace=bob",
      status: 403,
      code: "permission_denied",
    },
  ],
  revokeToken: [
    {
      kind: "happy",
      says: "its owner ends it",
      as: "admin",
      path: (w) => `/api/v1/token/${w.token}`,
      init: { method: "DELETE" },
      status: 200,
      shows: /revoked/,
    },
    {
      kind: "happy",
      says: "once more",
      as: "admin",
      path: (w) => `/api/v1/token/${w.token}/`,
      init: { method: "DELETE" },
      status: 200,
      shows: /revoked/,
    },
    {
      kind: "malformed",
      says: "an id that is none",
      as: "admin",
      path: () => "/api/v1/token/1",
      init: { method: "DELETE" },
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "unauthenticated",
      says: "nobody has none",
      as: "nobody",
      path: (w) => `/api/v1/token/${w.token}`,
      init: { method: "DELETE" },
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "forbidden",
      says: "one that may do more than the caller is not there",
      as: "viewer",
      path: (w) => `/api/v1/token/${w.token}`,
      init: { method: "DELETE" },
      status: 404,
      code: "token_not_found",
    },
    {
      kind: "missing",
      says: "no such token",
      as: "admin",
      path: () => `/api/v1/token/${NO_TOKEN}`,
      init: { method: "DELETE" },
      status: 404,
      code: "token_not_found",
    },
  ],
  getUsage: [
    {
      kind: "happy",
      says: "a viewer sees what his namespace holds",
      as: "viewer",
      path: () => "/api/v1/usage/",
      status: 200,
      shows: /"team":\{"num_environments":2,"num_builds":\d+,"storage":1000\}/,
      hides: /secret/,
    },
    {
      kind: "unauthenticated",
      says: "nobody sees nothing",
      as: "nobody",
      path: () => "/api/v1/usage/",
      status: 200,
      hides: /team|secret/,
    },
    {
      kind: "forbidden",
      says: "a stranger sees nothing",
      as: "stranger",
      path: () => "/api/v1/usage/",
      status: 200,
      hides: /team|secret/,
    },
  ],
  listChannels: [
    {
      kind: "happy",
      says: "anybody may ask",
      as: "nobody",
      path: () => "/api/v1/channel/",
      status: 200,
      shows: /"name":"https:\/\/conda\.anaconda\.org\/conda-forge","last_update":null/,
    },
    {
      kind: "malformed",
      says: "page 0",
      as: "nobody",
      path: () => "/api/v1/channel/?page=0",
      status: 422,
      code: "invalid_parameter",
    },
  ],
  getMetrics: monitored("/metrics", /^conda_store_build_queued \d+\nconda_store_build_building 0\n/),
  getCelery: monitored("/celery", /"active_tasks":null/),
};
