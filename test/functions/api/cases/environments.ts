/**
 * Environments: lists, one, changes, lockfiles.
 * @module
 */
import { put } from "#test/kit/api.ts";
import { NO_BUILD, named, type RouteCases } from "./case.ts";

/** The completed build of `team/demo`: the first that is made in a world. */
const FIRST_BUILD = 1;

export const ENVIRONMENTS_CASES: RouteCases = {
  listEnvironments: [
    {
      kind: "happy",
      says: "an admin sees all",
      as: "admin",
      path: () => "/api/v1/environment/",
      status: 200,
      shows: /hidden/,
    },
    {
      kind: "malformed",
      says: "a status in lower case",
      as: "admin",
      path: () => "/api/v1/environment/?status=completed",
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "unauthenticated",
      says: "nobody sees nothing",
      as: "nobody",
      path: () => "/api/v1/environment/?namespace=secret",
      status: 200,
      hides: /hidden/,
    },
    {
      kind: "forbidden",
      says: "a viewer sees what is his",
      as: "viewer",
      path: () => "/api/v1/environment/?search=d",
      status: 200,
      shows: /demo/,
      hides: /hidden/,
    },
  ],
  listEnvironmentsByCursor: [
    {
      kind: "happy",
      says: "an admin sees all",
      as: "admin",
      path: () => "/api/v2/environment/?sort_by=name",
      status: 200,
      shows: /hidden.*"cursor":null/,
    },
    {
      kind: "malformed",
      says: "no order",
      as: "admin",
      path: () => "/api/v2/environment/?order=sideways",
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "malformed",
      says: "a key that nothing is sorted by",
      as: "admin",
      path: () => "/api/v2/environment/?sort_by=bogus",
      status: 400,
      code: "invalid_request",
      shows: /Cannot sort results by \['bogus'\]\. Valid sort_by values are \['namespace', 'name'\]/,
    },
    {
      kind: "unauthenticated",
      says: "nobody sees nothing",
      as: "nobody",
      path: () => "/api/v2/environment/?namespace=secret",
      status: 200,
      hides: /hidden/,
    },
    {
      kind: "forbidden",
      says: "a viewer sees what is his",
      as: "viewer",
      path: () => "/api/v2/environment/",
      status: 200,
      shows: /demo/,
      hides: /hidden/,
    },
  ],
  updateEnvironment: [
    {
      kind: "happy",
      says: "an admin chooses a build and describes it",
      as: "admin",
      path: () => "/api/v1/environment/team/demo/",
      init: put({ build_id: FIRST_BUILD, description: "ours" }),
      status: 200,
    },
    {
      kind: "malformed",
      says: "a build that is no number",
      as: "admin",
      path: () => "/api/v1/environment/team/demo/",
      init: put({ build_id: "1" }),
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "missing",
      says: "no such build",
      as: "admin",
      path: () => "/api/v1/environment/team/demo/",
      init: put({ build_id: NO_BUILD }),
      status: 400,
      code: "invalid_request",
      shows: /build id=9999999 does not exist/,
    },
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: () => "/api/v1/environment/team/demo/",
      init: put({ description: "mine" }),
      status: 403,
      code: "permission_denied",
    },
    ...named(
      "/api/v1/environment/team/demo/",
      "/api/v1/environment/team/nothing/",
      put({ description: "" }),
      "environment_not_found",
    ),
  ],
  getEnvironmentLockfile: [
    {
      kind: "happy",
      says: "a viewer gets it",
      as: "viewer",
      path: () => "/api/v1/environment/team/demo/lockfile/",
      status: 307,
      shows: /\/locks\/sha256\/[0-9a-f]+\.json\?/,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => "/api/v1/environment/team/a%20b/lockfile/",
      status: 400,
      code: "invalid_name",
    },
    {
      kind: "missing",
      says: "a build that has not made it",
      as: "viewer",
      path: () => "/api/v1/environment/team/next/conda-lock.yml",
      status: 404,
      code: "artifact_not_found",
    },
    ...named(
      "/api/v1/environment/team/demo/conda-lock.yaml",
      "/api/v1/environment/team/nothing/lockfile/",
      {},
      "environment_not_found",
    ),
  ],
  getEnvironment: [
    {
      kind: "happy",
      says: "a viewer gets it",
      as: "viewer",
      path: () => "/api/v1/environment/team/demo/",
      status: 200,
      shows: /"current_build_id":\d/,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => `/api/v1/environment/team/${"e".repeat(600)}/`,
      status: 400,
      code: "invalid_name",
    },
    ...named(
      "/api/v1/environment/team/demo/",
      "/api/v1/environment/team/nothing/",
      {},
      "environment_not_found",
    ),
  ],
};
