/**
 * Whether a namespace has room for another build.
 * @module
 */
import type { Db } from "#adapters/dynamodb/db.ts";
import { getBuildCounts } from "#adapters/dynamodb/namespaces.ts";
import { mustHaveRoom } from "#core/namespace/quota.ts";
import type { LayeredSettings } from "#core/settings/scope.ts";

/** Reads what the namespace holds only if there is a quota. @throws AppError setting_violated */
export async function mustHaveRoomIn(db: Db, namespace: string, layered: LayeredSettings): Promise<void> {
  if (layered.settings.namespace_quota_bytes === 0) return;
  mustHaveRoom(namespace, (await getBuildCounts(db, namespace)).sizeBytes, layered);
}
