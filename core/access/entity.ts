/**
 * Entity: whoever asks, with everything that decides what they may do.
 * @module
 */
import type { Actor } from "#core/audit/entry.ts";
import { type BindingMap, type Bindings, parseBindings, uniteBindings } from "./binding.ts";

/** Where a binding comes from, told by an explanation. */
export type Source =
  /** What everybody has, or everybody who brought a token. */
  | { readonly kind: "default"; readonly of: Entity["defaults"] }
  /** A service that the deployment names. */
  | { readonly kind: "configuration"; readonly service: string }
  /** What a token says; without an id it was not made by the API. */
  | { readonly kind: "token"; readonly id: string | null }
  /** What the admins of `by` gave to the members of a namespace. */
  | { readonly kind: "role_mapping"; readonly by: string };

/** What one source gives. */
export interface Grant {
  readonly source: Source;
  readonly bindings: Bindings;
}

export interface Entity {
  readonly authenticated: boolean;
  /** Whose default bindings are among these: a token that nobody asked for has nobody's. */
  readonly defaults: "anonymous" | "authenticated";
  readonly primaryNamespace: string;
  readonly grants: readonly Grant[];
  /** All grants, united. */
  readonly bindings: Bindings;
  /** When the token ends; null for the anonymous entity and for services that never end. */
  readonly expiresAt: Date | null;
  /** Names of the records by which the token can be revoked, its own first; none for what the API has no record of. */
  readonly tokenNames: readonly string[];
}

const defaults = (map: BindingMap): Bindings => parseBindings(map) ?? [];
const DEFAULTS: Readonly<Record<Entity["defaults"], Grant>> = {
  anonymous: {
    source: { kind: "default", of: "anonymous" },
    bindings: defaults({ "default/*": ["viewer"] }),
  },
  authenticated: {
    source: { kind: "default", of: "authenticated" },
    bindings: defaults({ "default/*": ["viewer"], "filesystem/*": ["viewer"] }),
  },
};

/** Who brings no token, or one that does not verify. */
export const anonymous = (defaultNamespace: string): Entity => ({
  authenticated: false,
  defaults: "anonymous",
  primaryNamespace: defaultNamespace,
  grants: [DEFAULTS.anonymous],
  bindings: DEFAULTS.anonymous.bindings,
  expiresAt: null,
  tokenNames: [],
});

/** The same with further grants, such as what was given to the members of the primary namespace. */
export const withGrants = (entity: Entity, more: readonly Grant[]): Entity =>
  more.length === 0
    ? entity
    : {
        ...entity,
        grants: [...entity.grants, ...more],
        bindings: uniteBindings(entity.bindings, ...more.map(({ bindings }) => bindings)),
      };

/** Whether something can have been given to this entity: nobody is a member of nothing. */
export const isMember = ({ authenticated, defaults, primaryNamespace }: Entity): boolean =>
  authenticated && defaults === "authenticated" && primaryNamespace !== "";

/** Who the audit names. */
export function actorOf({ authenticated, defaults, primaryNamespace: name, grants }: Entity): Actor {
  if (!authenticated || defaults === "anonymous") return { kind: "anonymous", name: "" };
  for (const { source } of grants) {
    if (source.kind === "configuration") return { kind: "service", name: source.service };
  }
  return { kind: name === "" ? "service" : "user", name };
}

export interface Credential {
  readonly primaryNamespace: string;
  /** What the token itself gives. */
  readonly own: Bindings;
  readonly expiresAt: Date | null;
  /** @default "authenticated" */
  readonly defaults?: Entity["defaults"];
  /** @default none: the API has no record of the token */
  readonly tokenNames?: readonly string[];
  /** @default a token that the API has no record of */
  readonly source?: Source;
}

/** Who brings a verified token. */
export function authenticated(credential: Credential): Entity {
  const { primaryNamespace, own, expiresAt, defaults = "authenticated", tokenNames = [] } = credential;
  const source = credential.source ?? { kind: "token", id: null };
  const grants = [DEFAULTS[defaults], { source, bindings: own }];
  return {
    authenticated: true,
    defaults,
    primaryNamespace,
    grants,
    bindings: uniteBindings(...grants.map(({ bindings }) => bindings)),
    expiresAt,
    tokenNames,
  };
}
