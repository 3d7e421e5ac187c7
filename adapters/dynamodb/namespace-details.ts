/**
 * What a namespace has beside its thin row, which every list reads: metadata and the role mappings of its members.
 * @module
 */
import { AppError } from "#core/errors.ts";
import { type AuditedDb, auditItem } from "./audit.ts";
import { batchGet } from "./batch-get.ts";
import type { Db } from "./db.ts";
import { UNSET } from "./expression.ts";
import { packJson, unpackJson, withVersion } from "./item.ts";
import { metadataKey, namespaceKey, ownMappingsKey } from "./keys.ts";
import { AGAIN, withRetry } from "./retry.ts";
import { numbered, type OwnMapping, ownMappingsItem } from "./roles.ts";
import { type TransactItem, transact } from "./transact.ts";
import { check } from "./transact-items.ts";

export interface NamespaceDetails {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly roleMappings: readonly OwnMapping[];
}

/** Empty where nothing was set. One call. */
export async function getNamespaceDetails(db: Db, namespace: string): Promise<NamespaceDetails> {
  const items = await batchGet(db, [metadataKey(namespace), ownMappingsKey(namespace)]);
  const metadata = items.find(({ content }) => content !== undefined);
  const mapped = items.find(({ mappings }) => mappings !== undefined);
  return {
    metadata: metadata ? await unpackJson(metadata["content"]) : {},
    roleMappings: (mapped?.["mappings"] as readonly OwnMapping[] | undefined) ?? [],
  };
}

export interface NamespaceChange {
  /** Replaces what there was. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Replace all there were. */
  readonly roleMappings?: readonly Omit<OwnMapping, "id">[];
}

/** Both or nothing. @throws AppError namespace_not_found, invalid_request (metadata too large) */
export async function updateNamespace(
  db: AuditedDb,
  namespace: string,
  { metadata, roleMappings }: NamespaceChange,
): Promise<void> {
  const put = (item: object): TransactItem => ({
    Put: { TableName: db.table, Item: withVersion(item) as Record<string, unknown> },
  });
  const items: TransactItem[] = [check(db, namespaceKey(namespace), { name: namespace, deletedOn: UNSET })];
  if (metadata) {
    items.push(put({ ...metadataKey(namespace), content: await packJson(metadata, "The metadata") }));
  }
  if (roleMappings) items.push(put(ownMappingsItem(namespace, await numbered(db, roleMappings))));
  items.push(
    auditItem(db, {
      action: "namespace.update",
      namespace,
      details: {
        ...(metadata ? { metadata: Object.keys(metadata).sort() } : {}),
        ...(roleMappings
          ? { role_mappings: roleMappings.map(({ entity, role }) => ({ entity, role })) }
          : {}),
      },
    }),
  );
  await withRetry(async () => {
    const outcome = await transact(db, items);
    if (outcome.kind === "condition") throw new AppError("namespace_not_found", "namespace does not exist");
    return outcome.kind === "done" ? "done" : AGAIN;
  });
}
