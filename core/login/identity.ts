/**
 * Who somebody is, as a backend says: nothing of it is trusted beyond what the deployment's rules make of it.
 * @module
 */
import * as v from "valibot";
import type { BindingMap } from "#core/access/binding.ts";
import { AppError } from "#core/errors.ts";
import { NewNamespaceName } from "#core/names.ts";

export interface Identity {
  /** Name of the backend. */
  readonly backend: string;
  /** What tells the person for ever at this backend; a name may be given to somebody else. */
  readonly subject: string;
  /** Becomes the primary namespace. */
  readonly user: v.InferOutput<typeof NewNamespaceName>;
  readonly groups: readonly string[];
  readonly roles: readonly string[];
  /** What the backend itself gives, beside the rules: only those that the operator told to. */
  readonly bindings: BindingMap;
}

/** What backends have found out. */
export interface Found {
  readonly backend: string;
  readonly subject: unknown;
  readonly user: unknown;
  readonly groups?: unknown;
  readonly roles?: unknown;
  readonly bindings?: BindingMap;
}

const TEXT_LENGTH_MAX = 512;
/** More memberships than these are not read: a token has no room for them. */
const LIST_LENGTH_MAX = 2000;

/** @throws AppError `login_refused` when there is no user name, or one that can be no namespace */
export function toIdentity({ backend, subject, user, groups, roles, bindings = {} }: Found): Identity {
  const name = v.safeParse(NewNamespaceName, user);
  if (!name.success) {
    throw new AppError("login_refused", `Your user name cannot be a namespace: ${name.issues[0].message}.`);
  }
  const id = typeof subject === "number" ? String(subject) : subject;
  if (typeof id !== "string" || id === "" || id.length > TEXT_LENGTH_MAX) {
    throw new AppError("login_refused", `${backend} did not say who you are.`);
  }
  return { backend, subject: id, user: name.output, groups: list(groups), roles: list(roles), bindings };
}

/** A text, a list of texts, or a list of objects with names; anything else is nothing. */
function list(value: unknown): string[] {
  const all = Array.isArray(value) ? value : typeof value === "string" ? [value] : [];
  const texts = all
    .slice(0, LIST_LENGTH_MAX)
    .map((item: unknown) => (typeof item === "object" && item !== null && "name" in item ? item.name : item));
  return [...new Set(texts.filter(isName))];
}

const isName = (value: unknown): value is string =>
  typeof value === "string" && value !== "" && value.length <= TEXT_LENGTH_MAX && !/\p{Cc}/u.test(value);

/**
 * A value by its key, or by a path of keys parted by dots; a key that is there as a whole goes first, since claims of some
 * providers are addresses.
 */
export function readPath(source: unknown, path: string): unknown {
  if (typeof source !== "object" || source === null) return undefined;
  if (Object.hasOwn(source, path)) return (source as Record<string, unknown>)[path];
  const dot = path.indexOf(".");
  if (dot < 0) return undefined;
  const key = path.slice(0, dot);
  return Object.hasOwn(source, key)
    ? readPath((source as Record<string, unknown>)[key], path.slice(dot + 1))
    : undefined;
}

/** Names of groups as rules see them: without the slash that Keycloak begins them with, or their last part. */
export function groupNamesOf(groups: readonly string[], how: "whole" | "last"): string[] {
  const names = groups.map((group) => {
    const whole = group.replace(/^\/+|\/+$/g, "");
    return how === "last" ? whole.slice(whole.lastIndexOf("/") + 1) : whole;
  });
  return [...new Set(names.filter((name) => name !== ""))];
}
