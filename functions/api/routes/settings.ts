/**
 * Settings at their scopes.
 * @module
 */
import { getSettingsLayers, putSettings } from "#adapters/dynamodb/settings.ts";
import type {
  getEnvironmentSettings,
  getNamespaceSettings,
  getSettings,
  putEnvironmentSettings,
  putNamespaceSettings,
  putSettings as putRoute,
} from "#core/contract/settings.ts";
import { dataReply } from "#core/contract/shapes.ts";
import { layerSettings, readSettingsChange, type SettingsScope } from "#core/settings/scope.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";

async function show({ db, settings: deployment }: Services, scope: SettingsScope) {
  const { settings } = layerSettings(deployment, await getSettingsLayers(db, scope));
  return dataReply({
    ...settings,
    conda_virtual_packages: { ...settings.conda_virtual_packages },
    build_artifacts: [...settings.build_artifacts],
  });
}

async function set(
  { db, settings }: Services,
  scope: SettingsScope,
  body: Readonly<Record<string, unknown>>,
) {
  const change = readSettingsChange(body, scope, settings);
  // What names packages is read here, so that a typing error is the operator's and not of everybody who posts later.
  const { checkEntries } = await import("#core/specification/settings-entries.ts");
  checkEntries(change, "invalid_request");
  const keys = Object.keys(change);
  if (keys.length > 0) await putSettings(db, scope, change);
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
  ({ body }) =>
    set(services, GLOBAL, body);
export const settingOfNamespace =
  (services: Services): Tell<typeof putNamespaceSettings> =>
  ({ params, body }) =>
    set(services, { kind: "namespace", ...params }, body);
export const settingOfEnvironment =
  (services: Services): Tell<typeof putEnvironmentSettings> =>
  ({ params, body }) =>
    set(services, { kind: "environment", ...params }, body);
