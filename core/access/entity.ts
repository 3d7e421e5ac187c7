/**
 * Entity: whoever asks, with everything that decides what they may do.
 * @module
 */
import { type BindingMap, type Bindings, parseBindings, uniteBindings } from "./binding.ts";

export interface Entity {
  readonly authenticated: boolean;
  /** Whose default bindings are among these: a token that nobody asked for has nobody's. */
  readonly defaults: "anonymous" | "authenticated";
  readonly primaryNamespace: string;
  /** Defaults and own bindings, united. */
  readonly bindings: Bindings;
  /** When the token ends; null for the anonymous entity. */
  readonly expiresAt: Date | null;
}

const defaults = (map: BindingMap): Bindings => parseBindings(map) ?? [];
const ANONYMOUS: Bindings = defaults({ "default/*": ["viewer"] });
const AUTHENTICATED: Bindings = defaults({ "default/*": ["viewer"], "filesystem/*": ["viewer"] });

/** Who brings no token, or one that does not verify. */
export const anonymous = (defaultNamespace: string): Entity => ({
  authenticated: false,
  defaults: "anonymous",
  primaryNamespace: defaultNamespace,
  bindings: ANONYMOUS,
  expiresAt: null,
});

/** The same with what was given to the members of the primary namespace. */
export const withMapped = (entity: Entity, mapped: Bindings): Entity => ({
  ...entity,
  bindings: uniteBindings(entity.bindings, mapped),
});

/** Whether something can have been given to this entity: nobody is a member of nothing. */
export const isMember = ({ authenticated, defaults, primaryNamespace }: Entity): boolean =>
  authenticated && defaults === "authenticated" && primaryNamespace !== "";

/** Who brings a verified token. */
export const authenticated = (
  primaryNamespace: string,
  own: Bindings,
  expiresAt: Date,
  defaults: Entity["defaults"] = "authenticated",
): Entity => ({
  authenticated: true,
  defaults,
  primaryNamespace,
  bindings: uniteBindings(defaults === "anonymous" ? ANONYMOUS : AUTHENTICATED, own),
  expiresAt,
});
