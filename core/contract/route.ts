/**
 * A route of the HTTP API as data. The server's validation, the OpenAPI document, the page's client and the test that
 * every route is tested are read from it.
 * @module
 */
import type * as v from "valibot";
import type { Permission } from "#core/access/permission.ts";
import type { ErrorCode } from "#core/errors.ts";

export type Schema = v.GenericSchema<unknown, unknown>;
export type Fields = v.ObjectSchema<v.ObjectEntries, undefined>;
export type LooseFields = v.LooseObjectSchema<v.ObjectEntries, undefined>;

/** Who may ask. */
export type Access =
  /** Anybody; the answer says nothing that is not public. */
  | { readonly kind: "open" }
  /** Anybody; the answer holds only what the entity has this permission for. */
  | { readonly kind: "filtered"; readonly permission: Permission }
  /**
   * The permission on a target: the whole store, the namespace or environment in the path, the environment of the build in the path, or
   * what the body names.
   */
  | {
      readonly kind: "permission";
      readonly permission: Permission;
      readonly target: "global" | "namespace" | "environment" | "build" | "body";
    };

export interface Route {
  /** Also the name of the operation in the OpenAPI document. */
  readonly id: string;
  readonly method: "get" | "post" | "put" | "delete";
  /** Below the prefix, without trailing slash; `:name` is a parameter. Each path answers with and without the slash. */
  readonly path: string;
  /** Further spellings of the path. */
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly access: Access;
  readonly params: Fields;
  readonly query: Fields;
  /** null: a body is not read. */
  readonly body: BodyRule | null;
  /** The JSON reply of status 200; null where every success is another one. */
  readonly reply: Schema | null;
  /** Successes that are not JSON. */
  readonly otherReplies: readonly OtherReply[];
  /** What can go wrong for the caller, beside what follows from the route's shape (see `errorsOf`). */
  readonly errors: readonly ErrorCode[];
}

export interface BodyRule {
  /** Loose: the keys are the caller's. */
  readonly schema: Fields | LooseFields;
  readonly bytesMax: number;
  /** Also as a form. */
  readonly form: boolean;
  /** Nothing at all is the same as `{}`. */
  readonly optional?: boolean;
}

export interface OtherReply {
  readonly status: 200 | 303 | 307;
  readonly description: string;
  /** Media type of the body, or of what the address leads to. */
  readonly mediaType?: string;
}

export type Params<R extends Route> = v.InferOutput<R["params"]>;
export type Query<R extends Route> = v.InferOutput<R["query"]>;
export type QueryInput<R extends Route> = v.InferInput<R["query"]>;
export type Body<R extends Route> = R["body"] extends {
  readonly schema: infer S extends Fields | LooseFields;
}
  ? v.InferOutput<S>
  : undefined;
export type BodyInput<R extends Route> = R["body"] extends {
  readonly schema: infer S extends Fields | LooseFields;
}
  ? v.InferInput<S>
  : undefined;
export type Reply<R extends Route> = R["reply"] extends Schema ? v.InferOutput<R["reply"]> : never;

/** Keeps the literal types of a route. */
export const route = <const R extends Route>(definition: R): R => definition;

/** Every error a route can answer with, those that follow from its shape included. */
export function errorsOf(route: Route): ErrorCode[] {
  const codes = new Set<ErrorCode>([...route.errors, "internal", "try_again"]);
  if (route.reply) codes.add("reply_too_large");
  if (route.method !== "get") codes.add("origin_refused");
  if (route.access.kind === "permission") codes.add("permission_denied");
  if (Object.keys(route.query.entries).length > 0) codes.add("invalid_parameter");
  for (const name of Object.keys(route.params.entries)) {
    codes.add(NAME_PARAMETERS.has(name) ? "invalid_name" : "invalid_parameter");
  }
  if (route.body) {
    for (const code of [
      "invalid_request",
      "invalid_parameter",
      "body_too_large",
      "unsupported_media_type",
    ] as const) {
      codes.add(code);
    }
  }
  return [...codes].sort();
}

/** Path parameters that are names: one outside the grammar is `invalid_name`, not a bad type. */
export const NAME_PARAMETERS: ReadonlySet<string> = new Set(["namespace", "environment"]);
