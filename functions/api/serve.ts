/**
 * From a route's data to a handler of Hono: parameters, entity, permission, query, body, in this order; then the story
 * that the route's own function tells.
 * @module
 */
import type { Hono } from "hono";
import * as v from "valibot";
import { type AuditedDb, onBehalf } from "#adapters/dynamodb/audit.ts";
import { getMappedGrants } from "#adapters/dynamodb/roles.ts";
import { actorOf, type Entity, isMember, withGrants } from "#core/access/entity.ts";
import { may, notAuthorized, type Visibility, visible } from "#core/access/may.ts";
import { GLOBAL, ofEnvironment, ofNamespace, type Target } from "#core/access/pattern.ts";
import type { Permission } from "#core/access/permission.ts";
import {
  type Body,
  type Fields,
  type LooseFields,
  NAME_PARAMETERS,
  type Params,
  type Query,
  type Reply,
  type Route,
} from "#core/contract/route.ts";
import { AppError } from "#core/errors.ts";
import type { ApiContext, Env } from "./context.ts";
import { findCaller, refuseForeignOrigin } from "./middleware/caller.ts";
import { InvalidRequest } from "./middleware/error-reply.ts";
import { readBody } from "./read-body.ts";
import type { Services } from "./services.ts";

/** What a route's function gets. */
export interface Ask<R extends Route> {
  readonly params: Params<R>;
  readonly query: Query<R>;
  readonly body: Body<R>;
  /** The table on behalf of who asks: what is changed with it is audited. */
  readonly db: AuditedDb;
  /** Who asks, by the token alone. */
  readonly own: Entity;
  /** The same with the roles that were given to members of their namespace: a read of the table. */
  readonly entity: () => Promise<Entity>;
  /** What the entity sees in lists. */
  readonly sight: () => Promise<Visibility>;
  /** Another permission than the route's. */
  readonly can: (permission: Permission, target: Target) => Promise<boolean>;
  /**
   * Demands the route's permission on a target that only the function knows: the environment of a build, or what the
   * body names. Routes with such a target must call it.
   */
  readonly allow: (target: Target) => Promise<void>;
  /** For what is not JSON: cookies, redirects, files. */
  readonly c: ApiContext;
}

export type Tell<R extends Route> = (ask: Ask<R>) => Promise<Reply<R> | Response>;

/** Serves a route at all its spellings, with and without a trailing slash. */
export function serve<R extends Route>(app: Hono<Env>, services: Services, route: R, tell: Tell<R>): void {
  const { publicUrl } = services.login;
  // The site itself, where a proxy in front does not say under which name the browser knows it.
  const origins = [...services.settings.cors_allow_origins, ...(publicUrl === undefined ? [] : [publicUrl])];
  app.on(route.method.toUpperCase(), spellings(services.prefix, route), async (c: ApiContext) => {
    const params = parse("path", route.params, c.req.param()) as Params<R>;
    refuseForeignOrigin(c, origins);
    const { entity: own } = await findCaller(c, services);
    const power = powerOf(services, own);
    const gate = gateOf(route, power);
    const target = pathTarget(route, params);
    if (target) await gate.allow(target);
    const query = parse("query", route.query, readQuery(c, route.query)) as Query<R>;
    const body = (
      route.body ? parse("body", route.body.schema, await readBody(c, route.body)) : undefined
    ) as Body<R>;
    const origin = { by: actorOf(own), requestId: c.get("requestId"), address: c.env?.address ?? null };
    const db = onBehalf(services.db, origin, services.auditDays);
    const reply = await tell({ db, params, query, body, own, ...power, allow: gate.allow, c });
    gate.mustHaveBeenAsked();
    return reply instanceof Response
      ? reply
      : c.body(withinGateway(JSON.stringify(reply)), 200, { "content-type": "application/json" });
  });
}

/** Text of this many UTF-16 units cannot be too large, however it is written. */
const SURELY_SMALL = 1_000_000;
/** Lambda hands over 6 MB, in which the reply is a JSON string; the rest is for headers. */
const REPLY_BYTES_MAX = 6 * 1024 * 1024 - 64 * 1024;

/** @throws AppError `reply_too_large`, where API Gateway would say that we are at fault */
function withinGateway(text: string): string {
  if (text.length > SURELY_SMALL && Buffer.byteLength(JSON.stringify(text)) > REPLY_BYTES_MAX) {
    throw new AppError(
      "reply_too_large",
      "The answer would be larger than the 6 MB that can be sent: ask for a smaller page, or filter it.",
    );
  }
  return text;
}

/** Every path of a route below the prefix. */
export function spellings(prefix: string, { path, aliases }: Route): string[] {
  return [path, ...aliases].flatMap((each) => [`${prefix}${each}`, `${prefix}${each}/`]);
}

type Power = Pick<Ask<Route>, "entity" | "sight" | "can">;

/**
 * What the caller may do. Roles that were given to a namespace's members can only add to the token's, so they are read
 * when those do not suffice.
 */
function powerOf({ db }: Services, own: Entity): Power {
  let whole: Promise<Entity> | undefined;
  const entity = (): Promise<Entity> => {
    whole ??= isMember(own)
      ? getMappedGrants(db, own.primaryNamespace).then((mapped) => withGrants(own, mapped))
      : Promise.resolve(own);
    return whole;
  };
  return {
    entity,
    sight: async () => {
      const sight = visible(own);
      return sight.everything ? sight : visible(await entity());
    },
    can: async (permission, target) =>
      may(own, permission, target) || may(await entity(), permission, target),
  };
}

interface Gate {
  readonly allow: (target: Target) => Promise<void>;
  readonly mustHaveBeenAsked: () => void;
}

function gateOf({ id, access }: Route, { can }: Power): Gate {
  let asked = access.kind !== "permission";
  return {
    allow: async (target) => {
      if (access.kind === "permission" && !(await can(access.permission, target))) throw notAuthorized();
      asked = true;
    },
    // A reply that nobody was asked about must not leave the house.
    mustHaveBeenAsked: () => {
      if (!asked) throw new Error(`route ${id} answered without asking for its permission`);
    },
  };
}

function pathTarget({ access }: Route, params: Readonly<Record<string, unknown>>): Target | null {
  if (access.kind !== "permission") return null;
  if (access.target === "global") return GLOBAL;
  const { namespace, environment } = params as { namespace: string; environment: string };
  if (access.target === "namespace") return ofNamespace(namespace);
  return access.target === "environment" ? ofEnvironment(namespace, environment) : null;
}

/**
 * Values by name: a list where the schema wants one, else the last. One `/` at the very end is the CLI's, which appends
 * it to the whole address.
 */
function readQuery(c: ApiContext, schema: Fields): Record<string, string | string[]> {
  const search = new URLSearchParams(new URL(c.req.url).search.replace(/\/$/, ""));
  const values: Record<string, string | string[]> = {};
  for (const [name, entry] of Object.entries(schema.entries)) {
    const all = search.getAll(name);
    const last = all.at(-1);
    if (last !== undefined) values[name] = isList(entry) ? all : last;
  }
  return values;
}

function isList(
  schema: v.GenericSchema | { readonly type: string; readonly wrapped?: v.GenericSchema },
): boolean {
  const { type, wrapped } = schema as { type: string; wrapped?: v.GenericSchema };
  return wrapped ? isList(wrapped) : type === "array";
}

function parse(
  place: "path" | "query" | "body",
  schema: Fields | LooseFields,
  value: unknown,
): Record<string, unknown> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const detail = result.issues.map((issue) => {
    const path = v.getDotPath(issue);
    // Deeper keys are the caller's own, and may be anything; but a list's have numbers, and the contract's own below.
    const isDeep = place !== "body" || issue.path?.[1]?.type === "array";
    const key = isDeep ? path : (path?.split(".")[0] ?? null);
    const missing = issue.received === "undefined";
    return {
      type: missing ? "missing" : issue.type,
      loc: [place, ...(key === null ? [] : key.split("."))],
      msg: missing ? "Field required" : issue.message,
    };
  });
  const isName = place === "path" && detail.every(({ loc }) => NAME_PARAMETERS.has(loc[1] ?? ""));
  throw new InvalidRequest(isName ? "invalid_name" : "invalid_parameter", detail);
}
