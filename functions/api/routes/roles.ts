/**
 * Roles that one namespace gives to the members of others.
 * @module
 */
import { getNamespace } from "#adapters/dynamodb/namespaces.ts";
import {
  changeRole,
  type GivenRole,
  getGivenRole,
  giveRole,
  listGivenRoles,
  takeRolesBack,
} from "#adapters/dynamodb/roles.ts";
import { mustHave, readRole } from "#core/access/grant.ts";
import type {
  createRole,
  deleteRole,
  deleteRoles,
  getRole,
  listRoles,
  updateRole,
} from "#core/contract/roles.ts";
import { dataReply } from "#core/contract/shapes.ts";
import { AppError } from "#core/errors.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";

const DONE = { status: "ok", message: null } as const;

const showRole = ({ id, namespace, otherNamespace, role }: GivenRole) => ({
  id,
  namespace,
  other_namespace: otherNamespace,
  role,
});

async function mustBeThere({ db }: Services, namespace: string): Promise<void> {
  if (!(await getNamespace(db, namespace)))
    throw new AppError("namespace_not_found", "namespace does not exist");
}

export const listing =
  (services: Services): Tell<typeof listRoles> =>
  async ({ params: { namespace } }) => {
    await mustBeThere(services, namespace);
    return dataReply((await listGivenRoles(services.db, namespace)).map(showRole));
  };

export const takingAllBack =
  (services: Services): Tell<typeof deleteRoles> =>
  async ({ db, params: { namespace } }) => {
    await mustBeThere(services, namespace);
    const given = await listGivenRoles(services.db, namespace);
    await takeRolesBack(
      db,
      namespace,
      given.map(({ otherNamespace }) => otherNamespace),
    );
    return DONE;
  };

export const getting =
  ({ db }: Services): Tell<typeof getRole> =>
  async ({ params: { namespace }, query: { other_namespace } }) => {
    const given = await getGivenRole(db, namespace, other_namespace);
    if (!given) throw new AppError("role_not_found", "failed to find role");
    return dataReply(showRole(given));
  };

export const giving =
  (): Tell<typeof createRole> =>
  async ({ db, params: { namespace }, body, entity }) => {
    const role = readRole(body.role);
    mustHave(await entity(), [{ entity: `${namespace}/*`, role }]);
    await giveRole(db, namespace, body.other_namespace, role);
    return DONE;
  };

export const changing =
  (): Tell<typeof updateRole> =>
  async ({ db, params: { namespace }, body, entity }) => {
    const role = readRole(body.role);
    mustHave(await entity(), [{ entity: `${namespace}/*`, role }]);
    await changeRole(db, namespace, body.other_namespace, role);
    return DONE;
  };

export const takingBack =
  (): Tell<typeof deleteRole> =>
  async ({ db, params: { namespace }, body }) => {
    await takeRolesBack(db, namespace, [body.other_namespace]);
    return DONE;
  };
