/**
 * All routes: what is not here is not served.
 * @module
 */
import { listAudit } from "./audit.ts";
import {
  cancelBuild,
  getBuild,
  getBuildArchive,
  getBuildDocker,
  getBuildInstaller,
  getBuildLockfile,
  getBuildLogs,
  getBuildYaml,
  listBuildPackages,
  listBuilds,
  rebuild,
} from "./builds.ts";
import {
  deleteBuild,
  deleteEnvironment,
  deleteNamespace,
  getRetention,
  pinBuild,
  unpinBuild,
} from "./deletion.ts";
import {
  getEnvironment,
  getEnvironmentLockfile,
  listEnvironments,
  listEnvironmentsByCursor,
  updateEnvironment,
} from "./environments.ts";
import { finishLogin, listLogins, login, logout, showLogin } from "./login.ts";
import {
  createNamespace,
  getNamespace,
  listNamespaces,
  putNamespaceMetadata,
  updateNamespace,
} from "./namespaces.ts";
import {
  listChannels,
  listPackageBuilds,
  listPackageNames,
  listPackages,
  refreshChannels,
} from "./packages.ts";
import { createRole, deleteRole, deleteRoles, getRole, listRoles, updateRole } from "./roles.ts";
import type { Route } from "./route.ts";
import {
  getEnvironmentSettings,
  getNamespaceSettings,
  getSettings,
  putEnvironmentSettings,
  putNamespaceSettings,
  putSettings,
} from "./settings.ts";
import { getSolve, postSolve, solveSpecification } from "./solve.ts";
import { postSpecification } from "./specifications.ts";
import { explainPermission, getOpenApi, getPermission, getStatus } from "./status.ts";
import { getCelery, getMetrics, getUsage } from "./store.ts";
import { listTokens, postToken, revokeToken } from "./tokens.ts";
import { listWatchedFiles } from "./watched.ts";

export const ROUTES = [
  getStatus,
  getOpenApi,
  getPermission,
  explainPermission,
  postToken,
  listTokens,
  revokeToken,
  listAudit,
  getUsage,
  listChannels,
  refreshChannels,
  listPackages,
  listPackageNames,
  listPackageBuilds,
  listWatchedFiles,
  getMetrics,
  getCelery,
  listNamespaces,
  getNamespace,
  createNamespace,
  updateNamespace,
  deleteNamespace,
  putNamespaceMetadata,
  listRoles,
  deleteRoles,
  getRole,
  createRole,
  updateRole,
  deleteRole,
  listEnvironments,
  listEnvironmentsByCursor,
  getEnvironment,
  updateEnvironment,
  deleteEnvironment,
  getEnvironmentLockfile,
  getRetention,
  solveSpecification,
  postSolve,
  getSolve,
  postSpecification,
  listBuilds,
  getBuild,
  rebuild,
  deleteBuild,
  cancelBuild,
  pinBuild,
  unpinBuild,
  listBuildPackages,
  getBuildLogs,
  getBuildYaml,
  getBuildLockfile,
  getBuildArchive,
  getBuildDocker,
  getBuildInstaller,
  getSettings,
  getNamespaceSettings,
  getEnvironmentSettings,
  putSettings,
  putNamespaceSettings,
  putEnvironmentSettings,
  listLogins,
  showLogin,
  login,
  finishLogin,
  logout,
] as const satisfies readonly Route[];
