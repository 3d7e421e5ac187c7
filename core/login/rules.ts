/**
 * Rules that turn users, groups and roles of a backend into roles on namespaces, one line each:
 *
 *     user * -> {user}/*:developer
 *     group data-* -> {group}/*:developer
 *     keycloak:role conda_store_admin -> {groups}/*:admin
 *
 * Left of the arrow stand whom it is about and a pattern with `*`, if need be behind a backend's name; right of it a pattern of
 * namespaces and environments and the role. `{user}`, `{group}` (the one that matched) and `{groups}` (each of them) are names.
 * @module
 */
import * as v from "valibot";
import { matchesText, parsePattern } from "#core/access/pattern.ts";
import { parseRole, type Role } from "#core/access/permission.ts";
import { NewNamespaceName } from "#core/names.ts";
import type { Identity } from "./identity.ts";

export interface Rule {
  /** Name of a backend; null: whichever. */
  readonly backend: string | null;
  readonly who: "user" | "group" | "role";
  readonly pattern: string;
  /** Pattern of namespaces, with placeholders, and pattern of environments. */
  readonly namespace: string;
  readonly environment: string;
  readonly role: Role;
}

const RULE =
  /^(?:([a-z][a-z0-9-]*):)?(user|group|role) +(\S(?:.*?\S)?) +-> +([^\s/:]+)\/([^\s/:]+):([a-z]+)$/;
const PLACEHOLDER = /\{(\w+)\}/g;
const KNOWN: Readonly<Record<Rule["who"], readonly string[]>> = {
  user: ["user", "groups"],
  role: ["user", "groups"],
  group: ["user", "group"],
};

/** @returns the rule, or a sentence on what is wrong with it */
export function parseRule(text: string): Rule | string {
  const [, backend = null, who, pattern, namespace, environment, roleName = ""] = RULE.exec(text) ?? [];
  if (pattern === undefined || namespace === undefined || environment === undefined || !isWho(who)) {
    return 'is no rule such as "group data-* -> {group}/*:developer"';
  }
  const role = parseRole(roleName);
  if (!role) return `names the role ${roleName}, which does not exist`;
  const unknown = [...namespace.matchAll(PLACEHOLDER)].find(([, name = ""]) => !KNOWN[who].includes(name));
  if (unknown) return `has ${unknown[0]}, which a rule about a ${who} does not know`;
  // A name has no wildcards, so what is a pattern with any name is one with every name.
  if (!parsePattern(`${namespace.replace(PLACEHOLDER, "x")}/${environment}`))
    return "has no pattern namespace/environment behind the arrow";
  return { backend, who, pattern, namespace, environment, role };
}

const isWho = (text: string | undefined): text is Rule["who"] => text !== undefined && text in KNOWN;

/** A role that a rule gives. */
export interface Given {
  /** Pattern of namespaces and environments. */
  readonly entity: string;
  readonly role: Role;
  /** The one namespace that a group's name made of this; it must not be a user's. */
  readonly groupNamespace: string | null;
}

/** What the rules give somebody. A placeholder whose value can be no namespace gives nothing. */
export function applyRules(rules: readonly Rule[], identity: Identity): Given[] {
  return rules.flatMap((rule) => {
    if (rule.backend !== null && rule.backend !== identity.backend) return [];
    const matching = candidates(rule, identity).filter((name) => matchesText(rule.pattern, name));
    if (matching.length === 0) return [];
    if (rule.namespace.includes("{groups}"))
      return identity.groups.flatMap((group) => give(rule, identity, group));
    if (rule.namespace.includes("{group}")) return matching.flatMap((group) => give(rule, identity, group));
    return give(rule, identity, null);
  });
}

function candidates({ who }: Rule, { user, groups, roles }: Identity): readonly string[] {
  if (who === "user") return [user];
  return who === "group" ? groups : roles;
}

function give({ namespace, environment, role }: Rule, { user }: Identity, group: string | null): Given[] {
  if (group !== null && !v.is(NewNamespaceName, group)) return [];
  const filled = namespace.replace(PLACEHOLDER, (_, name) => (name === "user" ? user : (group ?? "")));
  const isGroups = group !== null && filled !== user && v.is(NewNamespaceName, filled);
  return [{ entity: `${filled}/${environment}`, role, groupNamespace: isGroups ? filled : null }];
}
