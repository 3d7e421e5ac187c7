/**
 * Posting specifications.
 * @module
 */
import { post } from "#test/kit/api.ts";
import { type RouteCases, SPECIFICATION } from "./case.ts";

export const SPECIFICATIONS_CASES: RouteCases = {
  postSpecification: [
    {
      kind: "conflicting",
      says: "into a namespace that is being deleted",
      as: "admin",
      path: () => "/api/v1/specification/",
      init: post({ specification: SPECIFICATION, namespace: "going" }),
      status: 409,
      code: "conflict",
      shows: /is being deleted/,
    },
    {
      kind: "happy",
      says: "an admin posts one",
      as: "admin",
      path: () => "/api/v1/specification/",
      init: post({ specification: SPECIFICATION, namespace: "team" }),
      status: 200,
      shows: /"build_id":\d/,
    },
    {
      kind: "happy",
      says: "a clone of what an admin may read",
      as: "admin",
      path: () => "/api/v1/specification/",
      init: post({ clone_from: "team/demo", environment_name: "copy", namespace: "team" }),
      status: 200,
      shows: /"build_id":\d/,
    },
    {
      kind: "missing",
      says: "no environment to clone",
      as: "admin",
      path: () => "/api/v1/specification/",
      init: post({ clone_from: "team/no-such", environment_name: "copy", namespace: "team" }),
      status: 404,
      code: "environment_not_found",
    },
    {
      kind: "conflicting",
      says: "a clone frozen to a lock that is not there yet",
      as: "admin",
      path: () => "/api/v1/specification/",
      init: post({ clone_from: "team/next", environment_name: "copy", namespace: "team", frozen: true }),
      status: 409,
      code: "conflict",
    },
    {
      kind: "malformed",
      says: "a specification that is no text",
      as: "admin",
      path: () => "/api/v1/specification/",
      init: post({ specification: {} }),
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "malformed",
      says: "a lockfile that is none",
      as: "admin",
      path: () => "/api/v1/specification/",
      init: post({ specification: SPECIFICATION, is_lockfile: true, environment_name: "x" }),
      status: 400,
      code: "invalid_specification",
    },
    {
      kind: "unauthenticated",
      says: "nobody is refused",
      as: "nobody",
      path: () => "/api/v1/specification/",
      init: post({ specification: SPECIFICATION }),
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: () => "/api/v1/specification/",
      init: post({ specification: SPECIFICATION, namespace: "team" }),
      status: 403,
      code: "permission_denied",
    },
  ],
};
