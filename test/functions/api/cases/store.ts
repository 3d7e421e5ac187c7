/**
 * The service itself, tokens, channels and what is counted.
 * @module
 */
import { post } from "#test/kit/api.ts";
import type { RouteCase, RouteCases } from "./case.ts";

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
  postToken: [
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
