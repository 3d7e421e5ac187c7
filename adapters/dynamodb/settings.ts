/**
 * Settings: one item for each scope that sets something, one attribute for each key, so that writers of different keys do not
 * undo each other.
 * @module
 */
import {
  CHANGEABLE,
  type ScopedLayer,
  type SettingsLayer,
  type SettingsScope,
} from "#core/settings/scope.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { batchGet } from "./batch-get.ts";
import type { Db } from "./db.ts";
import type { Item } from "./item.ts";
import { type Key, SCHEMA_VERSION, settingsKey } from "./keys.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { transact } from "./transact.ts";
import { change } from "./transact-items.ts";

const keyOf = (scope: SettingsScope): Key => {
  if (scope.kind === "global") return settingsKey(null, null);
  return settingsKey(scope.namespace, scope.kind === "environment" ? scope.environment : null);
};

/** The scope itself and those around it, the widest first. One call. */
export const getSettingsLayers = async (db: Db, scope: SettingsScope): Promise<ScopedLayer[]> =>
  toSettingsLayers(await batchGet(db, settingsKeys(scope)), scope);

/** The items that hold what is set for a scope, for who reads others with them. */
export const settingsKeys = (scope: SettingsScope): Key[] => scopesOf(scope).map(keyOf);

function scopesOf(scope: SettingsScope): SettingsScope[] {
  const scopes: SettingsScope[] = [{ kind: "global" }];
  if (scope.kind !== "global") scopes.push({ kind: "namespace", namespace: scope.namespace });
  if (scope.kind === "environment") scopes.push(scope);
  return scopes;
}

/** @param items those of `settingsKeys` that there are; others do not matter */
export function toSettingsLayers(items: readonly Item[], scope: SettingsScope): ScopedLayer[] {
  return scopesOf(scope).map((each) => {
    const { pk, sk } = keyOf(each);
    const item = items.find((found) => found["pk"] === pk && found["sk"] === sk) ?? {};
    const set = CHANGEABLE.filter((key) => item[key] !== undefined);
    return { scope: each, values: Object.fromEntries(set.map((key) => [key, item[key]])) as SettingsLayer };
  });
}

/** Sets these keys at a scope; others keep their values. @throws AppError try_again */
export async function putSettings(db: AuditedDb, scope: SettingsScope, values: SettingsLayer): Promise<void> {
  const { kind: _, ...place } = scope;
  const keys = Object.keys(values).sort();
  await withRetry(async () => {
    const outcome = await transact(db, [
      change(db, keyOf(scope), { set: { ...values, v: SCHEMA_VERSION } }),
      auditItem(db, { action: "settings.update", ...place, details: { keys } }),
    ]);
    return outcome.kind === "done" ? "done" : AGAIN;
  });
}
