/**
 * The audit.
 * @module
 */
import type { RouteCases } from "./case.ts";

export const AUDIT_CASES: RouteCases = {
  listAudit: [
    {
      kind: "happy",
      says: "an admin sees who gave what to whom",
      as: "admin",
      path: () => "/api/v1/audit/?namespace=team",
      status: 200,
      shows: /"role\.give"/,
    },
    {
      kind: "happy",
      says: "an admin sees what a person did",
      as: "admin",
      path: () => "/api/v1/audit/?person=alice",
      status: 200,
    },
    {
      kind: "happy",
      says: "an admin sees everything",
      as: "admin",
      path: () => "/api/v1/audit/",
      status: 200,
    },
    {
      kind: "malformed",
      says: "a time that is none",
      as: "admin",
      path: () => "/api/v1/audit/?since=yesterday",
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "unauthenticated",
      says: "nobody is refused",
      as: "nobody",
      path: () => "/api/v1/audit/",
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "forbidden",
      says: "a viewer of a namespace does not see what was done in it",
      as: "viewer",
      path: () => "/api/v1/audit/?namespace=team",
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "forbidden",
      says: "a stranger sees their own entries only",
      as: "stranger",
      path: () => "/api/v1/audit/",
      status: 200,
      hides: /"namespace":"team"/,
    },
    {
      kind: "missing",
      says: "a namespace that its manager has no more",
      as: "stranger",
      path: () => "/api/v1/audit/?namespace=elsewhere",
      status: 404,
      code: "namespace_not_found",
    },
  ],
};
