/**
 * Settings, at three scopes.
 * @module
 */
import * as v from "valibot";
import { CHANGEABLE, SET_GLOBALLY } from "#core/settings/scope.ts";
import type { Settings } from "#core/settings/settings.ts";
import { route } from "./route.ts";
import { data, EnvironmentParam, NamespaceParam, NONE } from "./shapes.ts";

const list = v.array(v.string());

/** All settings as they hold at a scope. */
export const SettingsReply = v.object({
  default_namespace: v.string(),
  filesystem_namespace: v.string(),
  default_uid: v.number(),
  default_gid: v.number(),
  default_permissions: v.null(),
  storage_threshold: v.number(),
  conda_command: v.string(),
  conda_platforms: list,
  conda_max_solve_time: v.number(),
  conda_indexed_channels: list,
  conda_channel_alias: v.string(),
  conda_default_channels: list,
  conda_allowed_channels: list,
  conda_default_packages: list,
  conda_required_packages: list,
  conda_included_packages: list,
  pypi_default_packages: list,
  pypi_required_packages: list,
  pypi_included_packages: list,
  conda_solve_platforms: list,
  conda_virtual_packages: v.record(v.string(), v.string()),
  cors_allow_origins: list,
  login_roles: list,
  login_namespaces: list,
  build_artifacts: list,
  default_docker_base_image: v.string(),
  docker_allowed_base_images: list,
  builds_kept: v.number(),
  namespace_quota_bytes: v.number(),
  build_artifacts_kept_on_deletion: list,
} satisfies Record<keyof Settings, v.GenericSchema>);

/** What can be set; of these, what only for the whole store. Everything else is the deployment's own. */
export const SETTABLE = { keys: CHANGEABLE, onlyGlobally: SET_GLOBALLY } as const;

const reading = {
  method: "get",
  aliases: [],
  query: NONE,
  body: null,
  reply: data(SettingsReply),
  otherReplies: [],
  errors: [],
} as const;

const writing = {
  method: "put",
  aliases: [],
  query: NONE,
  body: {
    schema: v.looseObject({}),
    bytesMax: 256 * 1024,
    form: false,
  },
  reply: v.object({ status: v.literal("ok"), data: v.null(), message: v.string() }),
  otherReplies: [],
  errors: ["invalid_request"],
} as const;

const everywhere = { path: "/api/v1/setting", params: NONE } as const;
const inNamespace = {
  path: "/api/v1/setting/:namespace",
  params: v.object({ namespace: NamespaceParam }),
} as const;
const inEnvironment = {
  path: "/api/v1/setting/:namespace/:environment",
  params: v.object({ namespace: NamespaceParam, environment: EnvironmentParam }),
} as const;

const access = <
  P extends "setting::read" | "setting::update",
  T extends "global" | "namespace" | "environment",
>(
  permission: P,
  target: T,
) => ({ kind: "permission", permission, target }) as const;

export const getSettings = route({
  ...reading,
  ...everywhere,
  id: "getSettings",
  summary: "The settings of the whole store",
  access: access("setting::read", "global"),
});
export const getNamespaceSettings = route({
  ...reading,
  ...inNamespace,
  id: "getNamespaceSettings",
  summary: "The settings of a namespace",
  access: access("setting::read", "namespace"),
});
export const getEnvironmentSettings = route({
  ...reading,
  ...inEnvironment,
  id: "getEnvironmentSettings",
  summary: "The settings of an environment",
  access: access("setting::read", "environment"),
});
export const putSettings = route({
  ...writing,
  ...everywhere,
  id: "putSettings",
  summary: "Set something for the whole store",
  access: access("setting::update", "global"),
});
export const putNamespaceSettings = route({
  ...writing,
  ...inNamespace,
  id: "putNamespaceSettings",
  summary: "Set something for a namespace",
  access: access("setting::update", "namespace"),
});
export const putEnvironmentSettings = route({
  ...writing,
  ...inEnvironment,
  id: "putEnvironmentSettings",
  summary: "Set something for an environment",
  access: access("setting::update", "environment"),
});
