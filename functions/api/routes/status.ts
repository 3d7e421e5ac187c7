/**
 * Status and permission.
 * @module
 */
import { readFile } from "node:fs/promises";
import { permissionsByPattern, rolesByPattern } from "#core/access/binding.ts";
import { dataReply } from "#core/contract/shapes.ts";
import type { getOpenApi, getPermission, getStatus } from "#core/contract/status.ts";
import { VERSION } from "#core/version.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";

export const tellStatus: Tell<typeof getStatus> = async () => dataReply({ version: VERSION });

/** The published document with the address at which this deployment answers. */
export function showingOpenApi({ openApi, prefix }: Services): Tell<typeof getOpenApi> {
  let document: Promise<{ openapi: string }> | undefined;
  return () => {
    document ??= readFile(openApi, "utf8").then((text) => ({
      ...JSON.parse(text),
      servers: [{ url: `${prefix}/` }],
    }));
    return document;
  };
}

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
