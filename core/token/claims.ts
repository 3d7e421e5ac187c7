/**
 * What a token says. Tokens are HS256 JWTs in conda-store's shape with an audience of ours; adapters/secrets signs and
 * verifies them.
 * @module
 */
import * as v from "valibot";
import { parseBindings } from "#core/access/binding.ts";
import { authenticated, type Entity } from "#core/access/entity.ts";
import { NamespaceName } from "#core/names.ts";
import { TOKEN_ID, TOKEN_NAME, tokenName } from "./token-name.ts";

/** The audience of tokens for the API; tokens for the image registry have another one and are refused here. */
export const AUDIENCE = "conda-store";
/** Lifetime of a login. */
export const LOGIN_SECONDS = 86_400;

/** From as many tokens, one after the other, may a token be made: each is looked up with it. */
export const LINEAGE_MAX = 4;

const Claims = v.object({
  /** Unix seconds. */
  exp: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8_640_000_000_000)),
  /** Empty in service tokens, which have no namespace of their own. */
  primary_namespace: v.optional(v.union([NamespaceName, v.literal("")]), "default"),
  role_bindings: v.optional(v.record(v.string(), v.array(v.string())), {}),
  aud: v.optional(v.string()),
  /** We name none: whoever names one is another. */
  iss: v.exactOptional(v.never()),
  /** Only in tokens that nobody asked for. */
  defaults: v.optional(v.picklist(["anonymous", "authenticated"]), "authenticated"),
  /** Only in tokens that the API keeps a record of. */
  jti: v.optional(v.pipe(v.string(), v.regex(TOKEN_ID))),
  /** Names of the tokens that this one was made from: it ends with any of them. */
  made_from: v.optional(v.array(v.pipe(v.string(), v.regex(TOKEN_NAME))), []),
});
export type Claims = v.InferOutput<typeof Claims>;

const CONDA_STORE_CLAIMS: readonly string[] = ["exp", "primary_namespace", "role_bindings"];

/**
 * The entity that a payload with a valid signature speaks for.
 * @returns null for a payload that is not for us: another audience, none though it has claims that conda-store's
 * tokens never have, no end, or a malformed pattern.
 */
export function entityOf(payload: Readonly<Record<string, unknown>>): Entity | null {
  const result = v.safeParse(Claims, payload);
  if (!result.success) return null;
  const { aud, exp, primary_namespace, role_bindings, defaults, jti, made_from } = result.output;
  const condaStoreShaped = Object.keys(payload).every((name) => CONDA_STORE_CLAIMS.includes(name));
  if (aud === undefined ? !condaStoreShaped : aud !== AUDIENCE) return null;
  const bindings = parseBindings(role_bindings);
  if (!bindings || made_from.length > LINEAGE_MAX) return null;
  return authenticated({
    primaryNamespace: primary_namespace,
    own: bindings,
    expiresAt: new Date(exp * 1000),
    defaults,
    source: { kind: "token", id: jti ?? null },
    tokenNames: jti === undefined ? [] : [tokenName(primary_namespace, jti), ...made_from],
  });
}
