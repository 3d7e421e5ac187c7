/**
 * What a caller may put into a new token: nothing that the caller has not.
 * @module
 */
import * as v from "valibot";
import { type BindingMap, parseBindings, rolesByPattern } from "#core/access/binding.ts";
import type { Entity } from "#core/access/entity.ts";
import { isSubset, mayEverything } from "#core/access/may.ts";
import { parseRole } from "#core/access/permission.ts";
import { AppError } from "#core/errors.ts";
import { NewNamespaceName } from "#core/names.ts";
import { LOGIN_SECONDS } from "./claims.ts";

export interface TokenRequest {
  /** null: the caller's. */
  readonly primaryNamespace: string | null;
  /** As text; null: the caller's end. */
  readonly expiration: string | null;
  readonly roleBindings: BindingMap;
}

export interface GrantedToken {
  readonly primaryNamespace: string;
  readonly roleBindings: BindingMap;
  readonly expiresAt: Date;
  /** A token that nobody asked for has nobody's power. */
  readonly defaults: Entity["defaults"];
}

const refuse = (message: string): never => {
  throw new AppError("invalid_token_request", message);
};

/**
 * Decides about a new token.
 * @throws AppError `invalid_token_request` (400), with conda-store's sentences where it has one
 */
export function grantToken(caller: Entity, wanted: TokenRequest, now: Date): GrantedToken {
  return {
    primaryNamespace: namespaceOf(caller, wanted.primaryNamespace),
    roleBindings: bindingsOf(caller, wanted.roleBindings),
    expiresAt: endOf(caller, wanted.expiration, now),
    defaults: caller.defaults,
  };
}

/**
 * Roles that a namespace is given later hold for whoever has it as primary namespace, so another's is given only by who
 * may do everything anyway.
 */
function namespaceOf(caller: Entity, wanted: string | null): string {
  const own = caller.primaryNamespace;
  if (wanted === null || wanted === own) return own;
  if (!mayEverything(caller))
    return refuse(`Requested primary_namespace must be your own, which is "${own}"`);
  const name = v.safeParse(NewNamespaceName, wanted);
  return name.success ? name.output : refuse(name.issues[0].message);
}

function bindingsOf(caller: Entity, wanted: BindingMap): BindingMap {
  const unknown = Object.values(wanted)
    .flat()
    .find((role) => parseRole(role) === null);
  if (unknown !== undefined) refuse("Requested role_bindings name a role that does not exist");
  const bindings = parseBindings(wanted);
  if (!bindings) return refuse("Requested role_bindings must have keys of the form namespace/environment");
  if (!isSubset(bindings, caller.bindings))
    refuse("Requested role_bindings are not a subset of current permissions");
  return rolesByPattern(bindings);
}

/** A service whose own token does not end makes tokens that do. */
const YEAR_SECONDS = 365 * 86_400;

const TIME = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?))?\s?(Z|[+-]\d\d:?\d\d)?$/i;

/** A time as clients write it; without a zone it is UTC. null when it is none. */
export function parseTime(text: string): Date | null {
  const [, day, clock = "00:00", zone = "Z"] = TIME.exec(text.trim()) ?? [];
  if (day === undefined) return null;
  const at = new Date(
    `${day}T${clock.slice(0, 12)}${zone.replace(/^([+-]\d\d)(\d\d)$/, "$1:$2").toUpperCase()}`,
  );
  return Number.isNaN(at.getTime()) ? null : at;
}

function endOf(caller: Entity, wanted: string | null, now: Date): Date {
  const inSeconds = (seconds: number): Date => new Date(wholeSeconds(now) + seconds * 1000);
  if (wanted === null) return caller.expiresAt ?? inSeconds(LOGIN_SECONDS);
  const latest = caller.expiresAt ?? inSeconds(caller.authenticated ? YEAR_SECONDS : LOGIN_SECONDS);
  const at =
    parseTime(wanted) ?? refuse("Requested expiration of token is not a time such as 2026-11-22T08:00:59Z");
  const end = new Date(wholeSeconds(at));
  if (end > latest) refuse("Requested expiration of token is greater than current permissions");
  if (end <= now) refuse("Requested expiration of token has passed already");
  return end;
}

/** A token's end is told in seconds. */
const wholeSeconds = (at: Date): number => Math.floor(at.getTime() / 1000) * 1000;
