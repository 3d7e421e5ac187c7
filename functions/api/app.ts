/**
 * The API: every route of the contract with its function, the page, and one way to say no.
 * @module
 */
import { Hono } from "hono/quick";
import { listAudit } from "#core/contract/audit.ts";
import * as buildRoutes from "#core/contract/builds.ts";
import * as deletionRoutes from "#core/contract/deletion.ts";
import * as environmentRoutes from "#core/contract/environments.ts";
import * as loginRoutes from "#core/contract/login.ts";
import * as namespaceRoutes from "#core/contract/namespaces.ts";
import * as packageRoutes from "#core/contract/packages.ts";
import * as roleRoutes from "#core/contract/roles.ts";
import type { Route } from "#core/contract/route.ts";
import { ROUTES } from "#core/contract/routes.ts";
import * as settingRoutes from "#core/contract/settings.ts";
import * as solveRoutes from "#core/contract/solve.ts";
import { postSpecification } from "#core/contract/specifications.ts";
import { explainPermission, getOpenApi, getPermission, getStatus } from "#core/contract/status.ts";
import * as storeRoutes from "#core/contract/store.ts";
import * as tokenRoutes from "#core/contract/tokens.ts";
import { listWatchedFiles } from "#core/contract/watched.ts";
import { AppError } from "#core/errors.ts";
import type { ApiContext, Env } from "./context.ts";
import { openKeptIndexes } from "./kept-indexes.ts";
import { cors } from "./middleware/cors.ts";
import { errorReply } from "./middleware/error-reply.ts";
import { headLength } from "./middleware/head-length.ts";
import { requestLog } from "./middleware/request-log.ts";
import * as audit from "./routes/audit.ts";
import * as builds from "./routes/builds.ts";
import { canceling } from "./routes/cancel.ts";
import * as channels from "./routes/channels.ts";
import * as deletion from "./routes/deletion.ts";
import * as environments from "./routes/environments.ts";
import { explaining } from "./routes/explanation.ts";
import { listingBuilds } from "./routes/list-builds.ts";
import * as login from "./routes/login.ts";
import * as namespaces from "./routes/namespaces.ts";
import * as packages from "./routes/packages.ts";
import { servePage } from "./routes/page.ts";
import { rebuilding } from "./routes/rebuild.ts";
import { tellingRetention } from "./routes/retention.ts";
import * as roles from "./routes/roles.ts";
import * as settings from "./routes/settings.ts";
import * as solve from "./routes/solve.ts";
import { posting } from "./routes/specifications.ts";
import { showingOpenApi, tellPermission, tellStatus } from "./routes/status.ts";
import * as store from "./routes/store.ts";
import * as tokens from "./routes/tokens.ts";
import * as watched from "./routes/watched.ts";
import { serve, spellings, type Tell } from "./serve.ts";
import type { Services } from "./services.ts";

/** Puts the API together. */
export function createApp(services: Services): Hono<Env> {
  const app = new Hono<Env>();
  app.use(headLength);
  app.use(requestLog(services.log));
  app.use(cors(services.settings.cors_allow_origins));
  const sayNo = errorReply(services.log);
  app.onError(sayNo);
  app.notFound((c) => sayNo(new AppError("not_found", "There is nothing at this address."), c));

  const at = <R extends Route>(route: R, tell: Tell<R>): void => serve(app, services, route, tell);
  at(getStatus, tellStatus);
  at(getOpenApi, showingOpenApi(services));
  at(getPermission, tellPermission);
  at(explainPermission, explaining(services));
  at(tokenRoutes.postToken, tokens.minting(services));
  at(tokenRoutes.listTokens, tokens.listing(services));
  at(tokenRoutes.revokeToken, tokens.revoking());
  at(listAudit, audit.listing(services));
  at(storeRoutes.getUsage, store.tellingUsage(services));
  at(packageRoutes.listChannels, channels.listing(services));
  at(packageRoutes.refreshChannels, channels.refreshing(services));
  const kept = openKeptIndexes(services);
  at(packageRoutes.listPackages, packages.listing(kept));
  at(packageRoutes.listPackageNames, packages.listingNames(kept));
  at(packageRoutes.listPackageBuilds, packages.listingBuilds(kept));
  at(listWatchedFiles, watched.listing());
  at(storeRoutes.getMetrics, store.tellingMetrics(services));
  at(storeRoutes.getCelery, store.tellingCelery(services));
  at(namespaceRoutes.listNamespaces, namespaces.listing(services));
  at(namespaceRoutes.getNamespace, namespaces.getting(services));
  at(namespaceRoutes.createNamespace, namespaces.creating());
  at(namespaceRoutes.updateNamespace, namespaces.updating());
  at(deletionRoutes.deleteNamespace, deletion.deletingNamespace(services));
  at(namespaceRoutes.putNamespaceMetadata, namespaces.replacingMetadata());
  at(roleRoutes.listRoles, roles.listing(services));
  at(roleRoutes.deleteRoles, roles.takingAllBack(services));
  at(roleRoutes.getRole, roles.getting(services));
  at(roleRoutes.createRole, roles.giving());
  at(roleRoutes.updateRole, roles.changing());
  at(roleRoutes.deleteRole, roles.takingBack());
  at(environmentRoutes.listEnvironments, environments.listing(services));
  at(environmentRoutes.listEnvironmentsByCursor, environments.listingByCursor(services));
  at(environmentRoutes.getEnvironment, environments.getting(services));
  at(environmentRoutes.updateEnvironment, environments.updating(services));
  at(deletionRoutes.deleteEnvironment, deletion.deletingEnvironment(services));
  at(deletionRoutes.getRetention, tellingRetention(services));
  at(environmentRoutes.getEnvironmentLockfile, builds.gettingEnvironmentLockfile(services));
  at(solveRoutes.solveSpecification, solve.solving(services));
  at(solveRoutes.postSolve, solve.postingSolve(services));
  at(solveRoutes.getSolve, solve.gettingSolve(services));
  at(postSpecification, posting(services));
  at(buildRoutes.listBuilds, listingBuilds(services));
  at(buildRoutes.getBuild, builds.getting(services));
  at(buildRoutes.rebuild, rebuilding(services));
  at(deletionRoutes.deleteBuild, deletion.deletingBuild(services));
  at(deletionRoutes.pinBuild, deletion.pinningBuild(services));
  at(deletionRoutes.unpinBuild, deletion.unpinningBuild(services));
  at(buildRoutes.cancelBuild, canceling(services));
  at(buildRoutes.listBuildPackages, builds.listingPackages(services));
  at(buildRoutes.getBuildLogs, builds.gettingLogs(services));
  at(buildRoutes.getBuildYaml, builds.gettingYaml(services));
  at(buildRoutes.getBuildLockfile, builds.gettingLockfile(services));
  at(buildRoutes.getBuildArchive, builds.gettingArchive(services));
  at(buildRoutes.getBuildDocker, builds.namingImage(services));
  at(buildRoutes.getBuildInstaller, builds.gettingInstaller(services));
  at(settingRoutes.getSettings, settings.gettingGlobal(services));
  at(settingRoutes.getNamespaceSettings, settings.gettingOfNamespace(services));
  at(settingRoutes.getEnvironmentSettings, settings.gettingOfEnvironment(services));
  at(settingRoutes.putSettings, settings.settingGlobal(services));
  at(settingRoutes.putNamespaceSettings, settings.settingOfNamespace(services));
  at(settingRoutes.putEnvironmentSettings, settings.settingOfEnvironment(services));
  at(loginRoutes.listLogins, login.listing(services));
  at(loginRoutes.showLogin, login.showing(services));
  at(loginRoutes.login, login.loggingIn(services));
  at(loginRoutes.finishLogin, login.finishing(services));
  at(loginRoutes.logout, login.loggingOut(services));

  refuseOtherMethods(app, services.prefix);
  servePage(app, services);
  return app;
}

/** A known path with a method it has not: 405, naming those it has. */
function refuseOtherMethods(app: Hono<Env>, prefix: string): void {
  const methods = new Map<string, string[]>();
  for (const route of ROUTES as readonly Route[]) {
    for (const path of spellings(prefix, route)) {
      const known = methods.get(path) ?? [];
      methods.set(path, [
        ...known,
        ...(route.method === "get" ? ["GET", "HEAD"] : [route.method.toUpperCase()]),
      ]);
    }
  }
  for (const [path, allowed] of methods) {
    app.all(path, (c: ApiContext) => {
      c.header("allow", allowed.join(", "));
      throw new AppError("method_not_allowed", `This address takes ${allowed.join(", ")}.`);
    });
  }
}
