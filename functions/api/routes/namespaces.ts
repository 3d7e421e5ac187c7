/**
 * Namespaces.
 * @module
 */
import * as namespaces from "#adapters/dynamodb/namespaces.ts";
import { type Visibility, visible } from "#core/access/may.ts";
import type { createNamespace, getNamespace, listNamespaces } from "#core/contract/namespaces.ts";
import { dataReply } from "#core/contract/shapes.ts";
import { AppError } from "#core/errors.ts";
import type { Namespace } from "#core/namespace/namespace.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";

/** A namespace as conda-store shows it. Metadata and role mappings are empty until there are routes to set them. */
export const showNamespace = ({ id, name }: { readonly id: number; readonly name: string }) => ({
  id,
  name,
  metadata_: {},
  role_mappings: [],
});

/** Up to this many namespaces are asked for by name; reading all thin rows costs less than more questions. */
const BY_NAME_MAX = 20;

/**
 * The namespaces that can hold something visible, if these are few and known by name: then what a list costs does not
 * grow with the store.
 */
export const fewNames = ({ namespaces }: Visibility): readonly string[] | null =>
  namespaces && namespaces.length <= BY_NAME_MAX ? namespaces : null;

export const listing =
  ({ db }: Services): Tell<typeof listNamespaces> =>
  async ({ query: { page, size, order }, entity }) => {
    const sight = visible(entity);
    const names = fewNames(sight);
    const { items, count } = names
      ? await namedNamespaces(db, names, { page, size, order })
      : await namespaces.listNamespaces(db, { visible: sight.namespace, page, size, order });
    return { status: "ok", data: items.map(({ id, name }) => ({ id, name })), page, size, count };
  };

/** @param names in ascending order */
async function namedNamespaces(
  db: Services["db"],
  names: readonly string[],
  { page, size, order }: Required<namespaces.PageRequest>,
): Promise<namespaces.Page<Namespace>> {
  const found = await Promise.all(names.map((name) => namespaces.getNamespace(db, name)));
  const items = found.filter((namespace) => namespace !== null);
  if (order === "desc") items.reverse();
  return { items: items.slice((page - 1) * size, page * size), count: items.length };
}

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
