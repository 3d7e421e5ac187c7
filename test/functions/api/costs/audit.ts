import { type Cost, MEMBER } from "./cost.ts";

export const AUDIT_COSTS: readonly Cost[] = [
  {
    route: "listAudit",
    when: "of everything",
    as: "admin",
    path: () => "/api/v1/audit/?limit=5",
    calls: { QueryCommand: 1 },
    units: 0.5,
  },
  {
    route: "listAudit",
    when: "of the caller",
    as: "viewer",
    path: () => "/api/v1/audit/",
    calls: { QueryCommand: 2 },
    units: 1.5,
  },
  {
    route: "listAudit",
    when: "that is not allowed",
    as: "viewer",
    path: () => "/api/v1/audit/?namespace=team",
    calls: MEMBER,
    units: 1,
  },
];
