/**
 * One call of each route, for the reference page; a test makes every one of them, in this order.
 * @module
 */
import type { ROUTES } from "#core/contract/routes.ts";

export type OperationId = (typeof ROUTES)[number]["id"];

const AUTH = '-H "Authorization: Bearer $TOKEN"';
const get = (path: string, ...options: string[]): string =>
  ["curl", ...options, AUTH, `"$URL${path}"`].join(" ");
const send = (method: "POST" | "PUT" | "DELETE", path: string, body?: object): string => {
  const json = body && `-H "Content-Type: application/json" -d '${JSON.stringify(body)}'`;
  return ["curl", `-X ${method}`, AUTH, ...(json ? [json] : []), `"$URL${path}"`].join(" ");
};
const A = "/api/v1";

export const EXAMPLES: Readonly<Record<OperationId, string>> = {
  getStatus: get(`${A}/`),
  getOpenApi: get("/openapi.json"),
  getPermission: get(`${A}/permission/`),
  explainPermission: get(
    `${A}/permission/explanation/?permission=environment::read&namespace=team&environment=demo`,
  ),
  postToken: send("POST", `${A}/token/`, { role_bindings: { "team/*": ["viewer"] }, name: "notebook" }),
  listTokens: get(`${A}/token/`),
  revokeToken: send("DELETE", `${A}/token/$TOKEN_ID`),
  listAudit: get(`${A}/audit/?namespace=team&since=2026-01-01T00:00:00Z`),
  getUsage: get(`${A}/usage/`),
  listWatchedFiles: get(`${A}/watched/?namespace=team`),
  listChannels: get(`${A}/channel/`),
  refreshChannels: send("POST", `${A}/channel/refresh/`, {}),
  listPackages: get(`${A}/package/?search=numpy&exact=true&distinct_on=version&sort_by=version&order=desc`),
  listPackageNames: get(`${A}/package/name/?search=num&limit=10`),
  listPackageBuilds: get(
    `${A}/package/build/?name=numpy&version=>=2&subdir=linux-64&sort_by=timestamp&order=desc`,
  ),
  getMetrics: get("/metrics"),
  getCelery: get("/celery"),
  listNamespaces: get(`${A}/namespace/?page=1&size=10`),
  getNamespace: get(`${A}/namespace/team/`),
  createNamespace: send("POST", `${A}/namespace/research/`),
  updateNamespace: send("PUT", `${A}/namespace/team/`, {
    metadata: { contact: "team@example.org" },
    role_mappings: { "research/*": ["viewer"] },
  }),
  putNamespaceMetadata: send("PUT", `${A}/namespace/team/metadata`, { contact: "team@example.org" }),
  listRoles: get(`${A}/namespace/team/roles`),
  deleteRoles: send("DELETE", `${A}/namespace/research/roles`),
  createRole: send("POST", `${A}/namespace/team/role`, { other_namespace: "research", role: "viewer" }),
  getRole: get(`${A}/namespace/team/role?other_namespace=research`),
  updateRole: send("PUT", `${A}/namespace/team/role`, { other_namespace: "research", role: "editor" }),
  deleteRole: send("DELETE", `${A}/namespace/team/role`, { other_namespace: "research" }),
  listEnvironments: get(`${A}/environment/?namespace=team&status=COMPLETED&packages=numpy`),
  listEnvironmentsByCursor: get("/api/v2/environment/?limit=10&sort_by=namespace,name"),
  getEnvironment: get(`${A}/environment/team/demo/`),
  updateEnvironment: send("PUT", `${A}/environment/team/demo/`, {
    build_id: 1,
    description: "For everybody",
  }),
  getEnvironmentLockfile: get(`${A}/environment/team/demo/lockfile/`, "-L"),
  solveSpecification: get(`${A}/specification/?conda=python&namespace=team`),
  postSolve: send("POST", `${A}/solve/`, {
    namespace: "team",
    specification: "name: demo\nchannels: [conda-forge]\ndependencies: [python=3.12, numpy]\n",
  }),
  getSolve: get(`${A}/solve/$SOLVE_ID/`),
  postSpecification: send("POST", `${A}/specification/`, {
    namespace: "team",
    specification: "name: demo\nchannels: [conda-forge]\ndependencies: [python=3.12, numpy]\n",
  }),
  listBuilds: get(`${A}/build/?namespace=team&name=demo&sort_by=id&order=desc`),
  getBuild: get(`${A}/build/1/`),
  rebuild: send("PUT", `${A}/build/1/`),
  cancelBuild: send("PUT", `${A}/build/2/cancel/`),
  listBuildPackages: get(`${A}/build/1/packages/?search=num`),
  getBuildLogs: get(`${A}/build/1/logs/?after=&wait=20`),
  getBuildYaml: get(`${A}/build/1/yaml/`, "-L"),
  getBuildLockfile: get(`${A}/build/1/lockfile/`, "-L"),
  getBuildArchive: get(`${A}/build/1/archive/`, "-L", "-o demo.tar.gz"),
  pinBuild: send("PUT", `${A}/build/1/pin/`),
  unpinBuild: send("DELETE", `${A}/build/1/pin/`),
  getRetention: get(`${A}/environment/team/demo/retention/?keep=5`),
  getBuildDocker: get(`${A}/build/1/docker/`),
  getBuildInstaller: get(`${A}/build/1/installer/`, "-L", "-o demo.sh"),
  getSettings: get(`${A}/setting/`),
  getNamespaceSettings: get(`${A}/setting/team/`),
  getEnvironmentSettings: get(`${A}/setting/team/demo/`),
  putSettings: send("PUT", `${A}/setting/`, { conda_allowed_channels: ["conda-forge"] }),
  putNamespaceSettings: send("PUT", `${A}/setting/team/`, { conda_included_packages: ["ipykernel"] }),
  putEnvironmentSettings: send("PUT", `${A}/setting/team/demo/`, { conda_default_packages: ["python"] }),
  deleteBuild: send("DELETE", `${A}/build/4/?dry_run=true`),
  deleteEnvironment: send("DELETE", `${A}/environment/team/demo/?dry_run=true`),
  deleteNamespace: send("DELETE", `${A}/namespace/research/`),
  listLogins: get(`${A}/login/`),
  showLogin: 'curl "$URL/login/"',
  finishLogin: 'curl "$URL/oauth_callback?code=CODE&state=STATE"',
  login:
    'curl -c cookies -H "Content-Type: application/json" -d "{\\"username\\": \\"me\\", \\"password\\": \\"$PASSWORD\\"}" "$URL/login/"',
  logout: 'curl -b cookies -X POST "$URL/logout/"',
};
