/**
 * Posting specifications.
 * @module
 */
import { post } from "#test/kit/api.ts";
import { type RouteCases, SPECIFICATION } from "./case.ts";

export const SPECIFICATIONS_CASES: RouteCases = {
  postSpecification: [
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
