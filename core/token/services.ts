/**
 * Services that a deployment names: each has one token, of which the deployment knows the digest only. Such a token
 * need not end; taking its service out of the deployment ends it.
 * @module
 */
import * as v from "valibot";
import { type BindingMap, parseBindings } from "#core/access/binding.ts";
import { authenticated, type Entity } from "#core/access/entity.ts";
import { NamespaceName, Sha256 } from "#core/names.ts";

const roles = v.record(
  v.pipe(
    v.string(),
    v.check((text) => parseBindings({ [text]: [] }) !== null, "has a key that is no pattern"),
  ),
  v.array(
    v.picklist(
      ["viewer", "editor", "developer", "admin"],
      "has a role that is none of viewer, editor, admin",
    ),
  ),
);
const Service = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[a-z0-9][a-z0-9-]{0,39}$/, "must be lower-case letters, digits and -")),
  /** Of the token, in lower-case hexadecimal. */
  sha256: Sha256,
  roleBindings: roles,
  /** conda-store's services have none. */
  primaryNamespace: v.optional(v.union([NamespaceName, v.literal("")]), ""),
  /** Without it the token does not end. */
  expires: v.optional(v.pipe(v.string(), v.isoTimestamp("must be a time such as 2027-01-01T00:00:00Z"))),
});

/** Lambda gives all variables of a function 4 KB. */
const BYTES_MAX = 1500;

/** What a deployment says of its services, and as the function reads it. */
export const Services = v.pipe(
  v.array(Service, "must be a list of services"),
  v.check(
    unique(({ name }) => name),
    "has two services of one name",
  ),
  v.check(
    unique(({ sha256 }) => sha256),
    "has two services with one token",
  ),
  v.check(
    (services) => JSON.stringify(services).length <= BYTES_MAX,
    `is longer than ${BYTES_MAX} characters as JSON: name fewer services, or fewer patterns`,
  ),
);
export type ServicesInput = v.InferInput<typeof Services>;

function unique(key: (service: v.InferOutput<typeof Service>) => string) {
  return (services: v.InferOutput<typeof Service>[]): boolean =>
    new Set(services.map(key)).size === services.length;
}

export interface ServiceToken {
  readonly name: string;
  readonly primaryNamespace: string;
  readonly roleBindings: BindingMap;
  /** null: it does not end. */
  readonly expiresAt: Date | null;
  readonly entity: Entity;
}

/** By the digests of their tokens. */
export type ServiceTokens = ReadonlyMap<string, ServiceToken>;

/** Reads what the deployment says. @returns null when that is no list of services */
export function readServices(value: unknown): ServiceTokens | null {
  const result = v.safeParse(Services, value);
  if (!result.success) return null;
  return new Map(
    result.output.map(({ name, sha256, roleBindings, primaryNamespace, expires }) => {
      const expiresAt = expires === undefined ? null : new Date(expires);
      const own = parseBindings(roleBindings) ?? [];
      const source = { kind: "configuration", service: name } as const;
      const entity = authenticated({ primaryNamespace, own, expiresAt, source });
      return [sha256, { name, primaryNamespace, roleBindings, expiresAt, entity }];
    }),
  );
}
