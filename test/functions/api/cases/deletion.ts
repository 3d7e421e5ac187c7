/**
 * Deleting, pins, retention. What is deleted for good here is a build that nothing else asks for.
 * @module
 */
import type { World } from "../world.ts";
import { NO_BUILD, named, type RouteCase, type RouteCases } from "./case.ts";

const DELETE: RequestInit = { method: "DELETE" };

/** Cases of a change to a build. */
const ofBuild = (init: RequestInit, route: string): RouteCase[] =>
  (
    [
      ["malformed", "an id that is no number", "admin", () => `/one/${route}`, 422, "invalid_parameter"],
      ["unauthenticated", "nobody is refused", "nobody", mine(route), 403, "permission_denied"],
      ["forbidden", "a viewer is refused", "viewer", mine(route), 403, "permission_denied"],
      ["forbidden", "a stranger is refused", "stranger", mine(route), 403, "permission_denied"],
      ["missing", "no such build", "admin", () => `/${NO_BUILD}/${route}`, 404, "build_not_found"],
    ] as const
  ).map(([kind, says, as, path, status, code]) => ({
    kind,
    says,
    as,
    init,
    status,
    code,
    path: (world: World) => `/api/v1/build${path(world)}`,
  }));
const mine =
  (route: string) =>
  ({ completed }: World): string =>
    `/${completed}/${route}`;

const unclear = (path: (world: World) => string): RouteCase => ({
  kind: "malformed",
  says: "neither a dry run nor none",
  as: "admin",
  path: (world) => `${path(world)}?dry_run=yes`,
  init: DELETE,
  status: 422,
  code: "invalid_parameter",
});

export const DELETION_CASES: RouteCases = {
  deleteBuild: [
    {
      kind: "happy",
      says: "would free what others do not use",
      as: "admin",
      path: (w) => `/api/v1/build/${w.failed}/?dry_run=True`,
      init: DELETE,
      status: 200,
      shows: /"builds":1,.*"artifacts":0,"bytes":0/,
    },
    {
      kind: "conflicting",
      says: "the current build",
      as: "admin",
      path: (w) => `/api/v1/build/${w.completed}/`,
      init: DELETE,
      status: 409,
      code: "conflict",
      shows: /current build of team\/demo/,
    },
    {
      kind: "conflicting",
      says: "the current build, dry",
      as: "admin",
      path: (w) => `/api/v1/build/${w.completed}/?dry_run=true`,
      init: DELETE,
      status: 409,
      code: "conflict",
    },
    {
      kind: "malformed",
      says: "a build that has not ended",
      as: "admin",
      path: (w) => `/api/v1/build/${w.queued}/`,
      init: DELETE,
      status: 400,
      code: "invalid_request",
      shows: /cannot delete build since not finished building/,
    },
    unclear((w) => `/api/v1/build/${w.failed}/`),
    ...ofBuild(DELETE, ""),
  ],
  pinBuild: [
    {
      kind: "happy",
      says: "a completed build",
      as: "admin",
      path: (w) => `/api/v1/build/${w.completed}/pin/`,
      init: { method: "PUT" },
      status: 200,
    },
    {
      kind: "conflicting",
      says: "a build that nobody can use",
      as: "admin",
      path: (w) => `/api/v1/build/${w.failed}/pin/`,
      init: { method: "PUT" },
      status: 409,
      code: "conflict",
      shows: /FAILED/,
    },
    ...ofBuild({ method: "PUT" }, "pin/"),
  ],
  unpinBuild: [
    {
      kind: "happy",
      says: "a build, pinned or not",
      as: "admin",
      path: (w) => `/api/v1/build/${w.completed}/pin/`,
      init: DELETE,
      status: 200,
    },
    ...ofBuild(DELETE, "pin/"),
  ],
  deleteEnvironment: [
    {
      kind: "happy",
      says: "would take its builds",
      as: "admin",
      path: () => "/api/v1/environment/team/demo/?dry_run=true",
      init: DELETE,
      status: 200,
      shows: /"environments":1,"builds":2,/,
    },
    unclear(() => "/api/v1/environment/team/demo/"),
    ...named(
      "/api/v1/environment/team/demo/",
      "/api/v1/environment/team/nothing/",
      DELETE,
      "environment_not_found",
    ),
  ],
  deleteNamespace: [
    {
      kind: "happy",
      says: "would take all that is in it",
      as: "admin",
      path: () => "/api/v1/namespace/team/?dry_run=true",
      init: DELETE,
      status: 200,
      shows: /"environments":2,"builds":3,.*"active":1/,
    },
    {
      kind: "missing",
      says: "one that is being deleted",
      as: "admin",
      path: () => "/api/v1/namespace/going/",
      init: DELETE,
      status: 404,
      code: "namespace_not_found",
    },
    unclear(() => "/api/v1/namespace/team/"),
    ...named("/api/v1/namespace/team/", "/api/v1/namespace/nothing/", DELETE, "namespace_not_found"),
  ],
  getRetention: [
    {
      kind: "happy",
      says: "what would go if one build stayed",
      as: "viewer",
      path: () => "/api/v1/environment/team/demo/retention/?keep=1",
      status: 200,
      shows: /"builds":0,/,
    },
    {
      kind: "malformed",
      says: "a number that is none",
      as: "viewer",
      path: () => "/api/v1/environment/team/demo/retention/?keep=-1",
      status: 422,
      code: "invalid_parameter",
    },
    ...named(
      "/api/v1/environment/team/demo/retention/",
      "/api/v1/environment/team/nothing/retention/",
      {},
      "environment_not_found",
    ),
  ],
};
