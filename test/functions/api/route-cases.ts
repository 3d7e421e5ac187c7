/**
 * What every route is asked: at least one case of each kind that applies to it.
 * @module
 */
import type { ErrorCode } from "#core/errors.ts";
import { DUMMY_PASSWORD, post, put } from "#test/kit/api.ts";
import type { World } from "./world.ts";

/**
 * `happy` works; `malformed` does not fit the schema; `unauthenticated` brings no token; `forbidden` brings one
 * without the permission; `missing` asks for what is not there. On lists the middle two succeed and must not show what is hidden.
 */
export const KINDS = ["happy", "malformed", "unauthenticated", "forbidden", "missing"] as const;
export type Kind = (typeof KINDS)[number];

/** Who asks: nobody, a token of another namespace, a viewer of `team`, or an admin of everything. */
export type As = "nobody" | "stranger" | "viewer" | "admin";

export interface RouteCase {
  readonly kind: Kind;
  readonly says: string;
  readonly as: As;
  readonly path: (world: World) => string;
  readonly init?: RequestInit;
  readonly status: number;
  readonly code?: ErrorCode;
  /** Of the body as text, or of the address of a redirect. */
  readonly shows?: RegExp;
  readonly hides?: RegExp;
}

const A = "/api/v1";
const NO_BUILD = 9_999_999;
/** The completed build of `team/demo`: the first that is made in a world. */
const FIRST_BUILD = 1;
const SPECIFICATION = "name: fresh\nchannels: [conda-forge]\ndependencies: [python]\n";

const build = (route: string, happy: Partial<RouteCase>): RouteCase[] => [
  {
    kind: "happy",
    says: "a viewer gets it",
    as: "viewer",
    path: (w) => `${A}/build/${w.completed}/${route}`,
    status: 307,
    ...happy,
  },
  {
    kind: "malformed",
    says: "an id that is no number",
    as: "admin",
    path: () => `${A}/build/one/${route}`,
    status: 422,
    code: "invalid_parameter",
  },
  {
    kind: "unauthenticated",
    says: "nobody is refused",
    as: "nobody",
    path: (w) => `${A}/build/${w.completed}/${route}`,
    status: 403,
    code: "permission_denied",
  },
  {
    kind: "forbidden",
    says: "a stranger is refused",
    as: "stranger",
    path: (w) => `${A}/build/${w.completed}/${route}`,
    status: 403,
    code: "permission_denied",
  },
  {
    kind: "missing",
    says: "no such build",
    as: "admin",
    path: () => `${A}/build/${NO_BUILD}/${route}`,
    status: 404,
    code: "build_not_found",
  },
  {
    kind: "missing",
    says: "no such build, for nobody",
    as: "nobody",
    path: () => `${A}/build/${NO_BUILD}/${route}`,
    status: 404,
    code: "build_not_found",
  },
  {
    kind: "missing",
    says: "an id beyond all numbers",
    as: "admin",
    path: () => `${A}/build/99999999999999999999999/${route}`,
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
    path: (w) => `${A}/build/${w.queued}/${route}`,
    status: 404,
    code: "artifact_not_found",
    shows: /QUEUED/,
  },
];

/** Cases of routes that answer for a name: refused before anybody says whether it exists. */
const named = (path: string, missingPath: string, init: RequestInit, code: ErrorCode | null): RouteCase[] => [
  {
    kind: "unauthenticated",
    says: "nobody is refused",
    as: "nobody",
    path: () => path,
    init,
    status: 403,
    code: "permission_denied",
  },
  {
    kind: "forbidden",
    says: "a stranger is refused",
    as: "stranger",
    path: () => path,
    init,
    status: 403,
    code: "permission_denied",
  },
  {
    kind: "forbidden",
    says: "a stranger is refused the same for what does not exist",
    as: "stranger",
    path: () => missingPath,
    init,
    status: 403,
    code: "permission_denied",
  },
  ...(code
    ? [
        {
          kind: "missing",
          says: "there is none",
          as: "admin",
          path: () => missingPath,
          init,
          status: 404,
          code,
        } as const,
      ]
    : []),
];

/** What only those who may read everything are told. */
function monitored(path: string, shows: RegExp): RouteCase[] {
  const refused = { path: () => path, status: 403, code: "permission_denied" } as const;
  return [
    { kind: "happy", says: "an admin reads it", as: "admin", path: () => path, status: 200, shows },
    { kind: "unauthenticated", says: "nobody is refused", as: "nobody", ...refused },
    { kind: "forbidden", says: "a viewer of one namespace is refused", as: "viewer", ...refused },
  ];
}

/** Settings of one scope: read by who may work there, set by its admins. */
function settingCases(reading: string, writing: string, scope: string): Record<string, RouteCase[]> {
  const path = () => `${A}/setting/${scope}`;
  const body = put({ conda_default_packages: ["python"] });
  const refused = (init: RequestInit): RouteCase[] =>
    (["nobody", "stranger", "viewer"] as const).map((as) => ({
      kind: as === "nobody" ? "unauthenticated" : "forbidden",
      says: `${as} is refused`,
      as,
      path,
      init,
      status: 403,
      code: "permission_denied",
    }));
  const malformed: RouteCase = {
    kind: "malformed",
    says: "a name that is none",
    as: "admin",
    path: () => `${A}/setting/${scope.replace(/\w+\/$/, "a%20b/")}`,
    status: 400,
    code: "invalid_name",
  };
  return {
    [reading]: [
      {
        kind: "happy",
        says: "an admin reads them",
        as: "admin",
        path,
        status: 200,
        shows: /"conda_default_channels":\["conda-forge"\]/,
      },
      ...refused({}),
      ...(scope === "" ? [] : [malformed]),
    ],
    [writing]: [
      {
        kind: "happy",
        says: "an admin sets one",
        as: "admin",
        path,
        init: body,
        status: 200,
        shows: /setting keys \['conda_default_packages'\] updated/,
      },
      {
        kind: "malformed",
        says: "a list that is none",
        as: "admin",
        path,
        init: put({ conda_default_packages: "python" }),
        status: 400,
        code: "invalid_request",
        shows: /validation error for setting conda_default_packages/,
      },
      {
        kind: "malformed",
        says: "a body that is a list",
        as: "admin",
        path,
        init: put([]),
        status: 422,
        code: "invalid_parameter",
      },
      ...refused(body),
    ],
  };
}

export const ROUTE_CASES: Readonly<Record<string, readonly RouteCase[]>> = {
  getStatus: [
    {
      kind: "happy",
      says: "anybody may ask",
      as: "nobody",
      path: () => `${A}/`,
      status: 200,
      shows: /"version":"\d/,
    },
  ],
  getPermission: [
    {
      kind: "happy",
      says: "nobody is somebody too",
      as: "nobody",
      path: () => `${A}/permission/`,
      status: 200,
      shows: /"authenticated":false/,
    },
    {
      kind: "happy",
      says: "a token says who asks",
      as: "admin",
      path: () => `${A}/permission/`,
      status: 200,
      shows: /"authenticated":true.*environment:create/,
    },
  ],
  postToken: [
    {
      kind: "happy",
      says: "nobody gets one too",
      as: "nobody",
      path: () => `${A}/token/`,
      init: { method: "POST" },
      status: 200,
      shows: /"token":"[\w-]+\.[\w-]+\.[\w-]+"/,
    },
    {
      kind: "malformed",
      says: "roles that are no list",
      as: "viewer",
      path: () => `${A}/token/`,
      init: post({ role_bindings: { "team/*": "viewer" } }),
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "forbidden",
      says: "more than the caller has",
      as: "viewer",
      path: () => `${A}/token/`,
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
      path: () => `${A}/usage/`,
      status: 200,
      shows: /"team":\{"num_environments":2,"num_builds":\d+,"storage":1000\}/,
      hides: /secret/,
    },
    {
      kind: "unauthenticated",
      says: "nobody sees nothing",
      as: "nobody",
      path: () => `${A}/usage/`,
      status: 200,
      hides: /team|secret/,
    },
    {
      kind: "forbidden",
      says: "a stranger sees nothing",
      as: "stranger",
      path: () => `${A}/usage/`,
      status: 200,
      hides: /team|secret/,
    },
  ],
  listChannels: [
    {
      kind: "happy",
      says: "anybody may ask",
      as: "nobody",
      path: () => `${A}/channel/`,
      status: 200,
      shows: /"name":"https:\/\/conda\.anaconda\.org\/conda-forge","last_update":null/,
    },
    {
      kind: "malformed",
      says: "page 0",
      as: "nobody",
      path: () => `${A}/channel/?page=0`,
      status: 422,
      code: "invalid_parameter",
    },
  ],
  getMetrics: monitored("/metrics", /^conda_store_build_queued \d+\nconda_store_build_building 0\n/),
  getCelery: monitored("/celery", /"active_tasks":null/),
  listNamespaces: [
    {
      kind: "happy",
      says: "an admin sees all",
      as: "admin",
      path: () => `${A}/namespace/`,
      status: 200,
      shows: /secret/,
    },
    {
      kind: "malformed",
      says: "page 0",
      as: "admin",
      path: () => `${A}/namespace/?page=0`,
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "unauthenticated",
      says: "nobody sees nothing",
      as: "nobody",
      path: () => `${A}/namespace/`,
      status: 200,
      hides: /team|secret/,
    },
    {
      kind: "forbidden",
      says: "a viewer sees what is his",
      as: "viewer",
      path: () => `${A}/namespace/`,
      status: 200,
      shows: /team/,
      hides: /secret/,
    },
  ],
  getNamespace: [
    {
      kind: "happy",
      says: "a viewer gets it",
      as: "viewer",
      path: () => `${A}/namespace/team/`,
      status: 200,
      shows: /"metadata_":\{\}/,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => `${A}/namespace/a%20b/`,
      status: 400,
      code: "invalid_name",
    },
    ...named(`${A}/namespace/team/`, `${A}/namespace/nothing/`, {}, "namespace_not_found"),
  ],
  createNamespace: [
    {
      kind: "happy",
      says: "an admin makes one",
      as: "admin",
      path: () => `${A}/namespace/made/`,
      init: { method: "POST" },
      status: 200,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => `${A}/namespace/a:b/`,
      init: { method: "POST" },
      status: 400,
      code: "invalid_name",
    },
    ...named(`${A}/namespace/team/`, `${A}/namespace/nothing/`, { method: "POST" }, null),
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: () => `${A}/namespace/team/`,
      init: { method: "POST" },
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "missing",
      says: "one that is there already",
      as: "admin",
      path: () => `${A}/namespace/team/`,
      init: { method: "POST" },
      status: 409,
      code: "namespace_exists",
    },
  ],
  updateNamespace: [
    {
      kind: "happy",
      says: "an admin describes it",
      as: "admin",
      path: () => `${A}/namespace/team/`,
      init: put({ metadata: { owner: "us" }, role_mappings: { "other/*": ["editor"] } }),
      status: 200,
    },
    {
      kind: "malformed",
      says: "a pattern that is none",
      as: "admin",
      path: () => `${A}/namespace/team/`,
      init: put({ role_mappings: { other: ["viewer"] } }),
      status: 400,
      code: "invalid_request",
      shows: /invalid entity=other/,
    },
    ...named(`${A}/namespace/team/`, `${A}/namespace/nothing/`, put({ metadata: {} }), "namespace_not_found"),
  ],
  putNamespaceMetadata: [
    {
      kind: "happy",
      says: "an admin replaces it",
      as: "admin",
      path: () => `${A}/namespace/team/metadata`,
      init: put({ owner: "us" }),
      status: 200,
    },
    {
      kind: "malformed",
      says: "a text",
      as: "admin",
      path: () => `${A}/namespace/team/metadata`,
      init: put('"us"'),
      status: 422,
      code: "invalid_parameter",
    },
    ...named(
      `${A}/namespace/team/metadata`,
      `${A}/namespace/nothing/metadata`,
      put({}),
      "namespace_not_found",
    ),
  ],
  listRoles: [
    {
      kind: "happy",
      says: "a viewer sees who has a role",
      as: "viewer",
      path: () => `${A}/namespace/team/roles`,
      status: 200,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => `${A}/namespace/a%20b/roles`,
      status: 400,
      code: "invalid_name",
    },
    ...named(`${A}/namespace/team/roles`, `${A}/namespace/nothing/roles`, {}, "namespace_not_found"),
  ],
  deleteRoles: [
    {
      kind: "happy",
      says: "an admin takes all back, also when there are none",
      as: "admin",
      path: () => `${A}/namespace/secret/roles`,
      init: { method: "DELETE" },
      status: 200,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => `${A}/namespace/a%20b/roles`,
      init: { method: "DELETE" },
      status: 400,
      code: "invalid_name",
    },
    ...named(
      `${A}/namespace/team/roles`,
      `${A}/namespace/nothing/roles`,
      { method: "DELETE" },
      "namespace_not_found",
    ),
  ],
  createRole: [
    {
      kind: "happy",
      says: "an admin gives one",
      as: "admin",
      path: () => `${A}/namespace/team/role`,
      init: post({ other_namespace: "team", role: "editor" }),
      status: 200,
    },
    {
      kind: "malformed",
      says: "a role that does not exist",
      as: "admin",
      path: () => `${A}/namespace/team/role`,
      init: post({ other_namespace: "secret", role: "owner" }),
      status: 400,
      code: "invalid_request",
      shows: /invalid role=owner/,
    },
    {
      kind: "missing",
      says: "a namespace that is not there",
      as: "admin",
      path: () => `${A}/namespace/team/role`,
      init: post({ other_namespace: "nothing", role: "viewer" }),
      status: 400,
      code: "invalid_request",
      shows: /Namespace='nothing' not found/,
    },
    ...named(
      `${A}/namespace/team/role`,
      `${A}/namespace/nothing/role`,
      post({ other_namespace: "secret", role: "viewer" }),
      "namespace_not_found",
    ),
  ],
  getRole: [
    {
      kind: "happy",
      says: "a viewer asks for one",
      as: "viewer",
      path: () => `${A}/namespace/team/role?other_namespace=secret`,
      status: 200,
      shows: /"role":"developer"/,
    },
    {
      kind: "malformed",
      says: "nobody named",
      as: "admin",
      path: () => `${A}/namespace/team/role`,
      status: 422,
      code: "invalid_parameter",
    },
    ...named(
      `${A}/namespace/team/role?other_namespace=secret`,
      `${A}/namespace/team/role?other_namespace=nothing`,
      {},
      "role_not_found",
    ),
  ],
  updateRole: [
    {
      kind: "happy",
      says: "an admin changes one",
      as: "admin",
      path: () => `${A}/namespace/team/role`,
      init: put({ other_namespace: "secret", role: "viewer" }),
      status: 200,
    },
    {
      kind: "malformed",
      says: "no role",
      as: "admin",
      path: () => `${A}/namespace/team/role`,
      init: put({ other_namespace: "secret" }),
      status: 422,
      code: "invalid_parameter",
    },
    ...named(
      `${A}/namespace/team/role`,
      `${A}/namespace/nothing/role`,
      put({ other_namespace: "secret", role: "viewer" }),
      "role_not_found",
    ),
  ],
  deleteRole: [
    {
      kind: "happy",
      says: "an admin takes one back, also when there is none",
      as: "admin",
      path: () => `${A}/namespace/team/role`,
      init: { ...post({ other_namespace: "nothing" }), method: "DELETE" },
      status: 200,
    },
    {
      kind: "malformed",
      says: "nobody named",
      as: "admin",
      path: () => `${A}/namespace/team/role`,
      init: { ...post({}), method: "DELETE" },
      status: 422,
      code: "invalid_parameter",
    },
    ...named(
      `${A}/namespace/team/role`,
      `${A}/namespace/nothing/role`,
      { ...post({ other_namespace: "secret" }), method: "DELETE" },
      null,
    ),
  ],
  listEnvironments: [
    {
      kind: "happy",
      says: "an admin sees all",
      as: "admin",
      path: () => `${A}/environment/`,
      status: 200,
      shows: /hidden/,
    },
    {
      kind: "malformed",
      says: "a status in lower case",
      as: "admin",
      path: () => `${A}/environment/?status=completed`,
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "unauthenticated",
      says: "nobody sees nothing",
      as: "nobody",
      path: () => `${A}/environment/?namespace=secret`,
      status: 200,
      hides: /hidden/,
    },
    {
      kind: "forbidden",
      says: "a viewer sees what is his",
      as: "viewer",
      path: () => `${A}/environment/?search=d`,
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
      path: () => `${A}/environment/team/demo/`,
      init: put({ build_id: FIRST_BUILD, description: "ours" }),
      status: 200,
    },
    {
      kind: "malformed",
      says: "a build that is no number",
      as: "admin",
      path: () => `${A}/environment/team/demo/`,
      init: put({ build_id: "1" }),
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "missing",
      says: "no such build",
      as: "admin",
      path: () => `${A}/environment/team/demo/`,
      init: put({ build_id: NO_BUILD }),
      status: 400,
      code: "invalid_request",
      shows: /build id=9999999 does not exist/,
    },
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: () => `${A}/environment/team/demo/`,
      init: put({ description: "mine" }),
      status: 403,
      code: "permission_denied",
    },
    ...named(
      `${A}/environment/team/demo/`,
      `${A}/environment/team/nothing/`,
      put({ description: "" }),
      "environment_not_found",
    ),
  ],
  getEnvironmentLockfile: [
    {
      kind: "happy",
      says: "a viewer gets it",
      as: "viewer",
      path: () => `${A}/environment/team/demo/lockfile/`,
      status: 307,
      shows: /\/locks\/sha256\/[0-9a-f]+\.json\?/,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => `${A}/environment/team/a%20b/lockfile/`,
      status: 400,
      code: "invalid_name",
    },
    {
      kind: "missing",
      says: "a build that has not made it",
      as: "viewer",
      path: () => `${A}/environment/team/next/conda-lock.yml`,
      status: 404,
      code: "artifact_not_found",
    },
    ...named(
      `${A}/environment/team/demo/conda-lock.yaml`,
      `${A}/environment/team/nothing/lockfile/`,
      {},
      "environment_not_found",
    ),
  ],
  getEnvironment: [
    {
      kind: "happy",
      says: "a viewer gets it",
      as: "viewer",
      path: () => `${A}/environment/team/demo/`,
      status: 200,
      shows: /"current_build_id":\d/,
    },
    {
      kind: "malformed",
      says: "a name that is none",
      as: "admin",
      path: () => `${A}/environment/team/${"e".repeat(600)}/`,
      status: 400,
      code: "invalid_name",
    },
    ...named(`${A}/environment/team/demo/`, `${A}/environment/team/nothing/`, {}, "environment_not_found"),
  ],
  postSpecification: [
    {
      kind: "happy",
      says: "an admin posts one",
      as: "admin",
      path: () => `${A}/specification/`,
      init: post({ specification: SPECIFICATION, namespace: "team" }),
      status: 200,
      shows: /"build_id":\d/,
    },
    {
      kind: "malformed",
      says: "a specification that is no text",
      as: "admin",
      path: () => `${A}/specification/`,
      init: post({ specification: {} }),
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "unauthenticated",
      says: "nobody is refused",
      as: "nobody",
      path: () => `${A}/specification/`,
      init: post({ specification: SPECIFICATION }),
      status: 403,
      code: "permission_denied",
    },
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: () => `${A}/specification/`,
      init: post({ specification: SPECIFICATION, namespace: "team" }),
      status: 403,
      code: "permission_denied",
    },
  ],
  listBuilds: [
    {
      kind: "happy",
      says: "an admin sees all",
      as: "admin",
      path: () => `${A}/build/?order=desc`,
      status: 200,
      shows: /"specification":null,"packages":null/,
    },
    {
      kind: "malformed",
      says: "an environment that is no number",
      as: "admin",
      path: () => `${A}/build/?environment_id=x`,
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "unauthenticated",
      says: "nobody sees nothing",
      as: "nobody",
      path: () => `${A}/build/?namespace=team&name=demo`,
      status: 200,
      shows: /"count":0/,
    },
    {
      kind: "forbidden",
      says: "a viewer sees what is his",
      as: "viewer",
      path: () => `${A}/build/?namespace=secret&name=hidden`,
      status: 200,
      shows: /"count":0/,
    },
  ],
  rebuild: [
    ...onBuild("PUT", { shows: /"message":"rebuild triggered"/ }),
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: (w) => `${A}/build/${w.completed}/`,
      init: { method: "PUT" },
      status: 403,
      code: "permission_denied",
    },
  ],
  cancelBuild: [
    ...build("cancel/", {
      as: "admin",
      says: "a build that waits",
      path: (w) => `${A}/build/${w.hidden}/cancel/`,
      status: 200,
      shows: /"build \d+ canceled"/,
    }),
    {
      kind: "happy",
      says: "once more",
      as: "admin",
      path: (w: World) => `${A}/build/${w.hidden}/cancel/`,
      status: 200,
      shows: /"build \d+ canceled"/,
    } as const,
    {
      kind: "missing",
      says: "a build that has ended",
      as: "admin",
      path: (w: World) => `${A}/build/${w.completed}/cancel/`,
      status: 409,
      code: "conflict",
      shows: /COMPLETED/,
    } as const,
    {
      kind: "forbidden",
      says: "a viewer is refused",
      as: "viewer",
      path: (w: World) => `${A}/build/${w.completed}/cancel/`,
      status: 403,
      code: "permission_denied",
    } as const,
  ].map((each) => ({ ...each, init: { method: "PUT" } })),
  getBuild: build("", { status: 200, shows: /"status":"COMPLETED"/ }),
  listBuildPackages: build("packages/", { status: 200, shows: /numpy/ }),
  getBuildLogs: [
    ...build("logs/", { shows: /\/logs\/\d+\/log\.txt\?/ }),
    {
      kind: "malformed",
      says: "a cursor that is none",
      as: "admin",
      path: (w) => `${A}/build/${w.completed}/logs/?after=x`,
      status: 422,
      code: "invalid_parameter",
    },
  ],
  getBuildYaml: artifact("yaml/", /\/exports\/[0-9a-f]+\.yml\?/),
  getBuildLockfile: artifact("lockfile/", /\/locks\/sha256\/[0-9a-f]+\.json\?/),
  getBuildArchive: artifact("archive/", /\/archives\/[0-9a-f]+\.tar\.gz\?/),
  ...settingCases("getSettings", "putSettings", ""),
  ...settingCases("getNamespaceSettings", "putNamespaceSettings", "team/"),
  ...settingCases("getEnvironmentSettings", "putEnvironmentSettings", "team/demo/"),
  showLogin: [
    {
      kind: "happy",
      says: "leads to the page",
      as: "nobody",
      path: () => "/login/?next=/x",
      status: 307,
      shows: /\/ui\/login\?next=%2Fx$/,
    },
  ],
  login: [
    {
      kind: "happy",
      says: "the right password",
      as: "nobody",
      path: () => "/login/",
      init: post({ username: "alice", password: DUMMY_PASSWORD }),
      status: 200,
      shows: /redirect_url/,
    },
    {
      kind: "malformed",
      says: "no user name",
      as: "nobody",
      path: () => "/login/",
      init: post({ password: DUMMY_PASSWORD }),
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "forbidden",
      says: "a wrong password",
      as: "nobody",
      path: () => "/login/",
      init: post({ username: "alice", password: "wrong" }),
      status: 403,
      code: "invalid_credentials",
    },
  ],
  logout: [
    {
      kind: "happy",
      says: "forgets the cookie",
      as: "nobody",
      path: () => "/logout/",
      init: { method: "POST" },
      status: 303,
      shows: /^\/$/,
    },
  ],
};
