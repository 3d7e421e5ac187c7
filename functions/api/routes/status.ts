/**
 * Status and permission.
 * @module
 */
import { permissionsByPattern, rolesByPattern } from "#core/access/binding.ts";
import { dataReply } from "#core/contract/shapes.ts";
import type { getPermission, getStatus } from "#core/contract/status.ts";
import { VERSION } from "#core/version.ts";
import type { Tell } from "../serve.ts";

export const tellStatus: Tell<typeof getStatus> = async () => dataReply({ version: VERSION });

export const tellPermission: Tell<typeof getPermission> = async (ask) => {
  const entity = await ask.entity();
  return dataReply({
    authenticated: entity.authenticated,
    primary_namespace: entity.primaryNamespace,
    entity_permissions: permissionsByPattern(entity.bindings),
    entity_roles: rolesByPattern(entity.bindings),
    expiration: entity.expiresAt && `${entity.expiresAt.toISOString().slice(0, 19)}Z`,
  });
};
