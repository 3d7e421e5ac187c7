/**
 * What a submission meets, read in one call.
 * @module
 */
import type { Environment } from "#core/environment/environment.ts";
import type { ScopedLayer } from "#core/settings/scope.ts";
import { batchGet } from "./batch-get.ts";
import type { Db } from "./db.ts";
import { toEnvironment } from "./environments.ts";
import { environmentKey, namespaceKey } from "./keys.ts";
import { type FoundNamespace, toFoundNamespace } from "./namespaces.ts";
import { settingsKeys, toSettingsLayers } from "./settings.ts";

/** What is there before a submission, and the settings that hold for it. */
export interface SubmissionPlace {
  readonly namespace: FoundNamespace | null;
  readonly environment: Environment | null;
  readonly settings: readonly ScopedLayer[];
}

/** One call. */
export async function readSubmissionPlace(
  db: Db,
  namespace: string,
  environment: string,
): Promise<SubmissionPlace> {
  const scope = { kind: "environment", namespace, environment } as const;
  const keys = [namespaceKey(namespace), environmentKey(namespace, environment)];
  const items = await batchGet(db, [...keys, ...settingsKeys(scope)]);
  const [foundNamespace, foundEnvironment] = keys.map(({ pk, sk }) =>
    items.find((item) => item["pk"] === pk && item["sk"] === sk),
  );
  return {
    namespace: foundNamespace ? toFoundNamespace(foundNamespace) : null,
    environment: foundEnvironment ? toEnvironment(foundEnvironment) : null,
    settings: toSettingsLayers(items, scope),
  };
}
