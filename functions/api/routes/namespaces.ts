/**
 * Namespaces.
 * @module
 */
import * as namespaces from "#adapters/dynamodb/namespaces.ts";
import { visible } from "#core/access/may.ts";
import type { createNamespace, getNamespace, listNamespaces } from "#core/contract/namespaces.ts";
import { dataReply } from "#core/contract/shapes.ts";
import { AppError } from "#core/errors.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";

/** A namespace as conda-store shows it. Metadata and role mappings are empty until there are routes to set them. */
export const showNamespace = ({ id, name }: { readonly id: number; readonly name: string }) => ({
  id,
  name,
  metadata_: {},
  role_mappings: [],
});

export const listing =
  ({ db }: Services): Tell<typeof listNamespaces> =>
  async ({ query: { page, size, order }, entity }) => {
    const sight = visible(entity);
    const { items, count } = await namespaces.listNamespaces(db, {
      visible: sight.namespace,
      page,
      size,
      order,
    });
    return { status: "ok", data: items.map(({ id, name }) => ({ id, name })), page, size, count };
  };

export const getting =
  ({ db }: Services): Tell<typeof getNamespace> =>
  async ({ params }) => {
    const namespace = await namespaces.getNamespace(db, params.namespace);
    if (!namespace) throw new AppError("namespace_not_found", "namespace does not exist");
    return dataReply(showNamespace(namespace));
  };

export const creating =
  ({ db }: Services): Tell<typeof createNamespace> =>
  async ({ params }) => {
    await namespaces.createNamespace(db, params.namespace, new Date());
    return { status: "ok", message: null };
  };
