/**
 * What a token says. Tokens are HS256 JWTs in conda-store's shape with an audience of ours; adapters/secrets signs and
 * verifies them.
 * @module
 */
import * as v from "valibot";
import { parseBindings } from "#core/access/binding.ts";
import { authenticated, type Entity } from "#core/access/entity.ts";
import { NamespaceName } from "#core/names.ts";

/** The audience of tokens for the API; tokens for the image registry have another one and are refused here. */
export const AUDIENCE = "conda-store";
/** Lifetime of a login. */
export const LOGIN_SECONDS = 86_400;

const Claims = v.object({
  /** Unix seconds. */
  exp: v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(8_640_000_000_000)),
  /** Empty in service tokens, which have no namespace of their own. */
  primary_namespace: v.optional(v.union([NamespaceName, v.literal("")]), "default"),
  role_bindings: v.optional(v.record(v.string(), v.array(v.string())), {}),
  aud: v.optional(v.string()),
  /** Only in tokens that nobody asked for. */
  defaults: v.optional(v.picklist(["anonymous", "authenticated"]), "authenticated"),
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
  const { aud, exp, primary_namespace, role_bindings, defaults } = result.output;
  const condaStoreShaped = Object.keys(payload).every((name) => CONDA_STORE_CLAIMS.includes(name));
  if (aud === undefined ? !condaStoreShaped : aud !== AUDIENCE) return null;
  const bindings = parseBindings(role_bindings);
  return bindings && authenticated(primary_namespace, bindings, new Date(exp * 1000), defaults);
}
