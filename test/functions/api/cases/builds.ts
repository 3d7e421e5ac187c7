/**
 * Builds: lists, one, what they made, building again, canceling.
 * @module
 */
import type { World } from "../world.ts";
import { NO_BUILD, type RouteCase, type RouteCases } from "./case.ts";

const build = (route: string, happy: Partial<RouteCase>): RouteCase[] => [
  {
    kind: "happy",
    says: "a viewer gets it",
    as: "viewer",
    path: (w) => `/api/v1/build/${w.completed}/${route}`,
    status: 307,
    ...happy,
  },
  {
    kind: "malformed",
    says: "an id that is no number",
    as: "admin",
    path: () => `/api/v1/build/one/${route}`,
    status: 422,
    code: "invalid_parameter",
  },
  {
    kind: "unauthenticated",
    says: "nobody is refused",
    as: "nobody",
    path: (w) => `/api/v1/build/${w.completed}/${route}`,
    status: 403,
    code: "permission_denied",
  },
  {
    kind: "forbidden",
    says: "a stranger is refused",
    as: "stranger",
    path: (w) => `/api/v1/build/${w.completed}/${route}`,
    status: 403,
    code: "permission_denied",
  },
  {
    kind: "missing",
    says: "no such build",
    as: "admin",
    path: () => `/api/v1/build/${NO_BUILD}/${route}`,
    status: 404,
    code: "build_not_found",
  },
  {
    kind: "missing",
    says: "no such build, for nobody",
    as: "nobody",
    path: () => `/api/v1/build/${NO_BUILD}/${route}`,
    status: 404,
    code: "build_not_found",
  },
  {
    kind: "missing",
    says: "an id beyond all numbers",
    as: "admin",
    path: () => `/api/v1/build/99999999999999999999999/${route}`,
    status: 404,
    code: "build_not_found",
  },
];
/** Another method on the build itself. */
const onBuild = (method: string, happy: Partial<RouteCase>): RouteCase[] =>
  build("", { as: "admin", status: 200, ...happy }).map((each) => ({ ...each, init: { method } }));

const artifact = (route: string, target: RegExp): RouteCase[] => [
  ...build(route, { shows: target }),
  {
    kind: "missing",
    says: "a build that has not made it",
    as: "admin",
    path: (w) => `/api/v1/build/${w.queued}/${route}`,
    status: 404,
    code: "artifact_not_found",
    shows: /QUEUED/,
  },
];

export const BUILDS_CASES: RouteCases = {
  listBuilds: [
    {
      kind: "happy",
      says: "an admin sees all",
      as: "admin",
      path: () => "/api/v1/build/?order=desc",
      status: 200,
      shows: /"specification":null,"packages":null/,
    },
    {
      kind: "malformed",
      says: "an environment that is no number",
      as: "admin",
      path: () => "/api/v1/build/?environment_id=x",
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "unauthenticated",
      says: "nobody sees nothing",
      as: "nobody",
      path: () => "/api/v1/build/?namespace=team&name=demo",
      status: 200,
      shows: /"count":0/,
    },
    {
      kind: "forbidden",
      says: "a viewer sees what is his",
      as: "viewer",
      path: () => "/api/v1/build/?namespace=secret&name=hidden",
      status: 200,
      shows: /"count":0/,
    },
  ],
  rebuild: [
    ...onBuild("PUT", { shows: /"message":"rebuild triggered"/ }),
    {
      kind: "happy",
      says: "frozen to its lock",
      as: "admin",
      path: (w) => `/api/v1/build/${w.completed}/?frozen=true`,
      init: { method: "PUT" },
      status: 200,
      shows: /"message":"rebuild triggered"/,
    },
    {
      kind: "malformed",
      says: "frozen to what is neither",
      as: "admin",
      path: (w) => `/api/v1/build/${w.completed}/?frozen=maybe`,
      init: { method: "PUT" },
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "conflicting",
      says: "frozen without a lock",
      as: "admin",
      path: (w) => `/api/v1/build/${w.queued}/?frozen=true`,
      init: { method: "PUT" },
      status: 409,
      code: "conflict",
      shows: /no lockfile/,
    },
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: (w) => `/api/v1/build/${w.completed}/`,
      init: { method: "PUT" },
      status: 403,
      code: "permission_denied",
    },
  ],
  cancelBuild: [
    ...build("cancel/", {
      as: "admin",
      says: "a build that waits",
      path: (w) => `/api/v1/build/${w.hidden}/cancel/`,
      status: 200,
      shows: /"build \d+ canceled"/,
    }),
    {
      kind: "happy",
      says: "once more",
      as: "admin",
      path: (w: World) => `/api/v1/build/${w.hidden}/cancel/`,
      status: 200,
      shows: /"build \d+ canceled"/,
    } as const,
    {
      kind: "conflicting",
      says: "a build that has ended",
      as: "admin",
      path: (w: World) => `/api/v1/build/${w.completed}/cancel/`,
      status: 409,
      code: "conflict",
      shows: /COMPLETED/,
    } as const,
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: (w: World) => `/api/v1/build/${w.completed}/cancel/`,
      status: 403,
      code: "permission_denied",
    } as const,
  ].map((each) => ({ ...each, init: { method: "PUT" } })),
  getBuild: build("", { status: 200, shows: /"status":"COMPLETED"/ }),
  listBuildPackages: build("packages/", { status: 200, shows: /numpy/ }),
  getBuildLogs: [
    ...build("logs/", { shows: /\/logs\/\d+\/[0-9a-f]{64}\.txt\?/ }),
    {
      kind: "malformed",
      says: "a cursor that is none",
      as: "admin",
      path: (w) => `/api/v1/build/${w.completed}/logs/?after=x`,
      status: 422,
      code: "invalid_parameter",
    },
  ],
  getBuildYaml: artifact("yaml/", /\/exports\/[0-9a-f]+\.yml\?/),
  getBuildLockfile: artifact("lockfile/", /\/locks\/sha256\/[0-9a-f]+\.json\?/),
  getBuildArchive: artifact("archive/", /\/archives\/[0-9a-f]+\.tar\.gz\?/),
  getBuildDocker: [
    ...build("docker/", { status: 200, shows: /\/team\/demo:[0-9a-f]{8}-\d+-\d+-demo$/ }),
    {
      kind: "missing",
      says: "a build without an image",
      as: "admin",
      path: (w) => `/api/v1/build/${w.queued}/docker/`,
      status: 400,
      code: "image_not_found",
      shows: /Build \d+ doesn't have a docker manifest/,
    },
  ],
  getBuildInstaller: artifact("installer/", /\/archives\/[0-9a-f]+\.sh\?/),
};
