/**
 * Settings at their scopes.
 * @module
 */
import { askForRetention } from "#adapters/dynamodb/retention.ts";
import { getSettingsLayers, putSettings } from "#adapters/dynamodb/settings.ts";
import { GLOBAL as GLOBAL_TARGET } from "#core/access/pattern.ts";
import type {
  getEnvironmentSettings,
  getNamespaceSettings,
  getSettings,
  putEnvironmentSettings,
  putNamespaceSettings,
  putSettings as putRoute,
} from "#core/contract/settings.ts";
import { dataReply } from "#core/contract/shapes.ts";
import { AppError } from "#core/errors.ts";
import {
  layerSettings,
  mustNotBeGlobal,
  readSettingsChange,
  SET_FROM_ABOVE,
  SET_GLOBALLY,
  type SettingsScope,
} from "#core/settings/scope.ts";
import type { Ask, Tell } from "../serve.ts";
import type { Services } from "../services.ts";

async function show({ db, settings: deployment }: Services, scope: SettingsScope) {
  const { settings } = layerSettings(deployment, await getSettingsLayers(db, scope));
  return dataReply({
    ...settings,
    conda_virtual_packages: { ...settings.conda_virtual_packages },
    login_namespaces: [...settings.login_namespaces],
    build_artifacts: [...settings.build_artifacts],
    build_artifacts_kept_on_deletion: [...settings.build_artifacts_kept_on_deletion],
  });
}

async function set(
  { settings, allowPrivateHosts }: Services,
  scope: SettingsScope,
  { db, body, can }: Pick<Ask<typeof putNamespaceSettings>, "db" | "body" | "can">,
) {
  const change = { ...readSettingsChange(body, scope, settings) };
  const now = async () => layerSettings(settings, await getSettingsLayers(db, scope)).settings;
  for (const key of scope.kind === "global" ? [] : SET_GLOBALLY) {
    if (change[key] === undefined) continue;
    // Clients send back what they read.
    if (JSON.stringify((await now())[key]) !== JSON.stringify(change[key])) mustNotBeGlobal(key);
    delete change[key];
  }
  for (const key of SET_FROM_ABOVE) {
    if (change[key] === undefined || (await can("setting::update", GLOBAL_TARGET))) continue;
    if ((await now())[key] === change[key]) delete change[key];
    else {
      throw new AppError(
        "permission_denied",
        `Setting ${key} is set by who may change settings of the whole store.`,
      );
    }
  }
  if (change.default_docker_base_image) {
    const { faultOfNewBaseImage } = await import("../base-image.ts");
    const fault = faultOfNewBaseImage(change.default_docker_base_image, settings, allowPrivateHosts);
    // What was allowed once is sent back too.
    const isSame =
      fault !== null && (await now()).default_docker_base_image === change.default_docker_base_image;
    if (isSame) delete change.default_docker_base_image;
    else if (fault !== null) {
      throw new AppError(
        "invalid_request",
        `validation error for setting default_docker_base_image: ${fault}`,
      );
    }
  }
  // What names packages and channels is read here, so that a typing error is the operator's and not of everybody who posts later.
  const { checkAddresses, checkEntries } = await import("#core/specification/settings-entries.ts");
  checkEntries(change, "invalid_request");
  checkAddresses(change, settings.conda_channel_alias, allowPrivateHosts);
  const keys = Object.keys(change);
  if (keys.length > 0) await putSettings(db, scope, change);
  if (change.builds_kept !== undefined) await askForRetention(db, scope, new Date());
  const names = Object.keys(body).map((key) => `'${key}'`);
  return {
    status: "ok" as const,
    data: null,
    message: `${scope.kind} setting keys [${names.join(", ")}] updated`,
  };
}

const GLOBAL: SettingsScope = { kind: "global" };

export const gettingGlobal =
  (services: Services): Tell<typeof getSettings> =>
  () =>
    show(services, GLOBAL);
export const gettingOfNamespace =
  (services: Services): Tell<typeof getNamespaceSettings> =>
  ({ params }) =>
    show(services, { kind: "namespace", ...params });
export const gettingOfEnvironment =
  (services: Services): Tell<typeof getEnvironmentSettings> =>
  ({ params }) =>
    show(services, { kind: "environment", ...params });
export const settingGlobal =
  (services: Services): Tell<typeof putRoute> =>
  (ask) =>
    set(services, GLOBAL, ask);
export const settingOfNamespace =
  (services: Services): Tell<typeof putNamespaceSettings> =>
  (ask) =>
    set(services, { kind: "namespace", ...ask.params }, ask);
export const settingOfEnvironment =
  (services: Services): Tell<typeof putEnvironmentSettings> =>
  (ask) =>
    set(services, { kind: "environment", ...ask.params }, ask);
