/**
 * Namespaces.
 * @module
 */

import { getNamespaceDetails, updateNamespace } from "#adapters/dynamodb/namespace-details.ts";
import * as namespaces from "#adapters/dynamodb/namespaces.ts";
import { mustHave, readPatternRoles } from "#core/access/grant.ts";
import { notAuthorized, type Visibility } from "#core/access/may.ts";
import { ofNamespace } from "#core/access/pattern.ts";
import type {
  createNamespace,
  getNamespace,
  listNamespaces,
  putNamespaceMetadata,
  updateNamespace as updateRoute,
} from "#core/contract/namespaces.ts";
import { dataReply } from "#core/contract/shapes.ts";
import { AppError } from "#core/errors.ts";
import type { Namespace } from "#core/namespace/namespace.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";

/** A namespace inside another answer: its name; metadata and role mappings are told where it is asked for itself. */
export const showNamespace = ({ id, name }: { readonly id: number; readonly name: string }) => ({
  id,
  name,
  metadata_: null,
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
  async ({ query: { page, size, order }, sight: see }) => {
    const sight = await see();
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
    const { metadata, roleMappings } = await getNamespaceDetails(db, namespace.name);
    return dataReply({
      id: namespace.id,
      name: namespace.name,
      metadata_: { ...metadata },
      role_mappings: roleMappings.map(({ id, entity, role }) => ({ id, entity, role })),
    });
  };

export const creating =
  (): Tell<typeof createNamespace> =>
  async ({ db, params }) => {
    await namespaces.createNamespace(db, params.namespace, new Date());
    return { status: "ok", message: null };
  };

/** A namespace has few kinds of members; each mapping is read by each of their requests. */
const MAPPINGS_MAX = 100;

export const updating =
  (): Tell<typeof updateRoute> =>
  async ({ db, params: { namespace }, body: { metadata, role_mappings }, can, entity }) => {
    const roleMappings = role_mappings === null ? null : readPatternRoles(role_mappings);
    if (roleMappings) {
      const target = ofNamespace(namespace);
      for (const permission of [
        "namespace-role-mapping::create",
        "namespace-role-mapping::delete",
      ] as const) {
        if (!(await can(permission, target))) throw notAuthorized();
      }
      if (roleMappings.length > MAPPINGS_MAX) {
        throw new AppError("invalid_request", `role_mappings are more than ${MAPPINGS_MAX}: name fewer`);
      }
      mustHave(await entity(), roleMappings);
    }
    await updateNamespace(db, namespace, {
      ...(metadata === null ? {} : { metadata }),
      ...(roleMappings === null ? {} : { roleMappings }),
    });
    return { status: "ok", message: null };
  };

export const replacingMetadata =
  (): Tell<typeof putNamespaceMetadata> =>
  async ({ db, params: { namespace }, body }) => {
    await updateNamespace(db, namespace, { metadata: body });
    return { status: "ok", message: null };
  };
