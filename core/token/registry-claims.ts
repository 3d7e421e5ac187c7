/**
 * What a token of the image registry says: which repositories its bearer may pull, and for the catalogue, who that is. It
 * is good for a few minutes and for the registry alone.
 * @module
 */
import * as v from "valibot";
import { type BindingMap, parseBindings, rolesByPattern } from "#core/access/binding.ts";
import { authenticated, type Entity } from "#core/access/entity.ts";

export const REGISTRY_AUDIENCE = "registry";
/** As long as docker assumes when it is not told. */
export const REGISTRY_SECONDS = 300;

export interface RegistryGrant {
  /** `namespace/environment` */
  readonly pull: readonly string[];
  /** Whose environments the catalogue shows; null for a token that is not for the catalogue. */
  readonly catalogue: Entity | null;
}

/** As docker's tokens say it. */
const Access = v.array(v.object({ type: v.string(), name: v.string(), actions: v.array(v.string()) }));
const Claims = v.object({
  aud: v.literal(REGISTRY_AUDIENCE),
  exp: v.number(),
  access: Access,
  role_bindings: v.optional(v.record(v.string(), v.array(v.string()))),
});

const CATALOGUE = { type: "registry", name: "catalog", actions: ["*"] } as const;

export function registryClaims({ pull, catalogue }: RegistryGrant): {
  access: v.InferOutput<typeof Access>;
  role_bindings?: BindingMap;
} {
  const repositories = pull.map((name) => ({ type: "repository", name, actions: ["pull"] }));
  return catalogue === null
    ? { access: repositories }
    : {
        access: [...repositories, { ...CATALOGUE, actions: [...CATALOGUE.actions] }],
        role_bindings: rolesByPattern(catalogue.bindings),
      };
}

/** @returns null for a payload that is not for the registry */
export function registryGrantOf(payload: Readonly<Record<string, unknown>>): RegistryGrant | null {
  const result = v.safeParse(Claims, payload);
  if (!result.success) return null;
  const { access, exp, role_bindings } = result.output;
  const lists = access.some(({ type, name }) => type === CATALOGUE.type && name === CATALOGUE.name);
  const own = parseBindings(role_bindings ?? {});
  if (own === null) return null;
  return {
    pull: access
      .filter(({ type, actions }) => type === "repository" && actions.includes("pull"))
      .map(({ name }) => name),
    catalogue: lists
      ? authenticated({ primaryNamespace: "", own, expiresAt: new Date(exp * 1000), defaults: "anonymous" })
      : null,
  };
}
