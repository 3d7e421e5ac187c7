/**
 * Making, listing and revoking tokens.
 * @module
 */
import { lastUses } from "#adapters/dynamodb/service-use.ts";
import { forgetToken } from "#adapters/dynamodb/token-in-force.ts";
import { getTokens, listTokens, revokeToken, type TokenRecord } from "#adapters/dynamodb/tokens.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import { parseBindings, rolesByPattern } from "#core/access/binding.ts";
import { type Entity, isMember } from "#core/access/entity.ts";
import { isSubset, mayEverything, notAuthorized } from "#core/access/may.ts";
import { dataReply, timestamp, timestampOrNull } from "#core/contract/shapes.ts";
import type {
  listTokens as listRoute,
  postToken,
  revokeToken as revokeRoute,
} from "#core/contract/tokens.ts";
import { AppError } from "#core/errors.ts";
import { LINEAGE_MAX } from "#core/token/claims.ts";
import type { ServiceToken } from "#core/token/services.ts";
import { tokenName } from "#core/token/token-name.ts";
import { grantToken } from "#core/token/token-request.ts";
import { issueToken, mustFit } from "../issue-token.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { countToken } from "./count-request.ts";

export const minting =
  (services: Services): Tell<typeof postToken> =>
  async ({ db, body, own, entity, c }) => {
    const wanted = body.role_bindings ?? {};
    const granted = grantToken(
      await entity(),
      {
        primaryNamespace: body.primary_namespace,
        expiration: body.expiration ?? body.exp,
        // What was given to members of a namespace is not written down: it counts while it is given.
        roleBindings: Object.keys(wanted).length > 0 ? wanted : rolesByPattern(own.bindings),
      },
      new Date(),
    );
    if (granted.defaults === "anonymous") {
      // Nobody could list or revoke it, and it may no more than nobody may.
      const token = await mintToken(services.secret, granted);
      mustFit(token);
      return dataReply({ token, id: null });
    }
    if (own.tokenNames.length > LINEAGE_MAX) {
      throw new AppError(
        "invalid_token_request",
        `This token was made from a token that was made from another, ${LINEAGE_MAX} times over: use one of those.`,
      );
    }
    await countToken(services, own, c);
    const { primaryNamespace, roleBindings, expiresAt } = granted;
    const issued = { kind: "token", name: body.name, primaryNamespace, roleBindings, expiresAt } as const;
    return dataReply(
      await issueToken({ db, secret: services.secret }, { ...issued, madeFrom: own.tokenNames }),
    );
  };

export const listing =
  (services: Services): Tell<typeof listRoute> =>
  async ({ query, entity }) => {
    const whole = await entity();
    const primaryNamespace = ownerOf(whole, query.primary_namespace);
    const { tokens, next } = await listTokens(services.db, {
      primaryNamespace,
      limit: query.limit,
      after: query.cursor ?? null,
      now: new Date(),
    });
    const named = query.cursor === undefined ? await servicesOf(services, primaryNamespace) : [];
    const shown = tokens.filter((token) => isWithin(whole, token)).map(showToken);
    return {
      ...dataReply([...named.filter((service) => isWithin(whole, service)).map(showService), ...shown]),
      cursor: next,
    };
  };

export const revoking =
  (): Tell<typeof revokeRoute> =>
  async ({ db, params: { tokenId }, query, entity }) => {
    const whole = await entity();
    const primaryNamespace = ownerOf(whole, query.primary_namespace);
    const name = tokenName(primaryNamespace, tokenId);
    const [token] = await getTokens(db, [name]);
    if (!token || !isWithin(whole, token)) {
      throw new AppError("token_not_found", "There is no such token, or it has ended.");
    }
    await revokeToken(db, primaryNamespace, tokenId, new Date());
    forgetToken(db, name);
    return { status: "ok", message: `token ${tokenId} revoked` };
  };

/**
 * Whose tokens are meant: one's own, unless somebody who may do everything names another's. Nobody has none.
 * @throws AppError permission_denied
 */
function ownerOf(entity: Entity, wanted: string | undefined): string {
  if (mayEverything(entity)) return wanted ?? entity.primaryNamespace;
  if (!isMember(entity) || (wanted ?? entity.primaryNamespace) !== entity.primaryNamespace) {
    throw notAuthorized();
  }
  return entity.primaryNamespace;
}

/** A narrow token neither shows nor revokes its owner's stronger ones: who finds it should not be able to. */
function isWithin(entity: Entity, { roleBindings }: Pick<TokenRecord, "roleBindings">): boolean {
  const bindings = parseBindings(roleBindings);
  return bindings !== null && isSubset(bindings, entity.bindings);
}

type UsedService = ServiceToken & { readonly lastUsedOn: Date | null };

/** The deployment's, which have no records. */
async function servicesOf({ db, services }: Services, primaryNamespace: string): Promise<UsedService[]> {
  const named = [...services.values()].filter((service) => service.primaryNamespace === primaryNamespace);
  if (named.length === 0) return [];
  const uses = await lastUses(
    db,
    named.map(({ name }) => name),
  );
  return named.map((service) => ({ ...service, lastUsedOn: uses.get(service.name) ?? null }));
}

const showService = ({ name, primaryNamespace, roleBindings, expiresAt, lastUsedOn }: UsedService) => ({
  id: `service:${name}`,
  name,
  kind: "service" as const,
  primary_namespace: primaryNamespace,
  role_bindings: rolesByPattern(parseBindings(roleBindings) ?? []),
  created_on: null,
  expires_on: timestampOrNull(expiresAt),
  last_used_on: timestampOrNull(lastUsedOn),
  logged_out_on: null,
  revoked_on: null,
});

const showToken = (token: TokenRecord) => ({
  id: token.id,
  name: token.name,
  kind: token.kind,
  primary_namespace: token.primaryNamespace,
  role_bindings: rolesByPattern(parseBindings(token.roleBindings) ?? []),
  created_on: timestamp(token.createdOn),
  expires_on: timestamp(token.expiresAt),
  last_used_on: timestampOrNull(token.lastUsedOn),
  logged_out_on: timestampOrNull(token.loggedOutOn),
  revoked_on: timestampOrNull(token.revokedOn),
});
