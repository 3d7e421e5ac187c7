/**
 * Solving before anything is built.
 * @module
 */
import { post } from "#test/kit/api.ts";
import { type RouteCases, SPECIFICATION } from "./case.ts";

const NO_SOLVE = "/api/v1/solve/00000000-0000-4000-8000-000000000000/";

export const SOLVE_CASES: RouteCases = {
  solveSpecification: [
    {
      kind: "happy",
      says: "an admin gets what was solved a moment ago",
      as: "admin",
      path: () => "/api/v1/specification/?conda=python&namespace=team",
      status: 200,
      shows: /"name":"python","version":"3.12.1"/,
    },
    {
      kind: "malformed",
      says: "a requirement that is none",
      as: "admin",
      path: () => "/api/v1/specification/?conda=%3E%3D1&namespace=team",
      status: 400,
      code: "invalid_specification",
    },
    {
      kind: "malformed",
      says: "a channel on a private address",
      as: "admin",
      path: () => "/api/v1/specification/?conda=python&channels=http://127.0.0.1:1/x&namespace=team",
      status: 400,
      code: "invalid_specification",
    },
    {
      kind: "unauthenticated",
      says: "nobody is refused",
      as: "nobody",
      path: () => "/api/v1/specification/?conda=python",
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: () => "/api/v1/specification/?conda=python&namespace=team",
      status: 403,
      code: "permission_denied",
    },
  ],
  postSolve: [
    {
      kind: "happy",
      says: "an admin asks",
      as: "admin",
      path: () => "/api/v1/solve/",
      init: post({ specification: SPECIFICATION, namespace: "team" }),
      status: 200,
      shows: /"solve_id":"[0-9a-f-]{36}","status":"QUEUED"/,
    },
    {
      kind: "malformed",
      says: "a specification that is no text",
      as: "admin",
      path: () => "/api/v1/solve/",
      init: post({ specification: {}, namespace: "team" }),
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "malformed",
      says: "a specification that is none",
      as: "admin",
      path: () => "/api/v1/solve/",
      init: post({ specification: "name: [", namespace: "team" }),
      status: 400,
      code: "invalid_specification",
    },
    {
      kind: "unauthenticated",
      says: "nobody is refused",
      as: "nobody",
      path: () => "/api/v1/solve/",
      init: post({ specification: SPECIFICATION }),
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: () => "/api/v1/solve/",
      init: post({ specification: SPECIFICATION, namespace: "team" }),
      status: 403,
      code: "permission_denied",
    },
  ],
  getSolve: [
    {
      kind: "happy",
      says: "an admin sees packages, sizes and what would change",
      as: "admin",
      path: ({ solve }) => `/api/v1/solve/${solve}/`,
      status: 200,
      shows: /"status":"SOLVED".*"lock_digest":"[0-9a-f]{64}".*"size":10.*"added":\[\{"name":"python"/,
    },
    {
      kind: "malformed",
      says: "an id that is none",
      as: "admin",
      path: () => "/api/v1/solve/17/",
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "missing",
      says: "there is none",
      as: "admin",
      path: () => NO_SOLVE,
      status: 404,
      code: "solve_not_found",
    },
    {
      kind: "unauthenticated",
      says: "nobody is refused",
      as: "nobody",
      path: ({ solve }) => `/api/v1/solve/${solve}/`,
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "forbidden",
      says: "a stranger is refused",
      as: "stranger",
      path: ({ solve }) => `/api/v1/solve/${solve}/`,
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "forbidden",
      says: "a stranger is refused the same for what does not exist",
      as: "stranger",
      path: () => NO_SOLVE,
      status: 403,
      code: "permission_denied",
    },
  ],
};
