/**
 * What a route is asked and has to answer.
 * @module
 */
import type { ErrorCode } from "#core/errors.ts";
import type { World } from "../world.ts";

/**
 * `happy` works; `malformed` does not fit the schema; `unauthenticated` brings no token; `forbidden` brings one
 * without the permission; `missing` asks for what is not there; `conflicting` for what the state of
 * things forbids. On lists the middle two succeed and must not show what is hidden.
 */
export const KINDS = [
  "happy",
  "malformed",
  "unauthenticated",
  "forbidden",
  "missing",
  "conflicting",
] as const;
export type Kind = (typeof KINDS)[number];

/** Who asks: nobody, a token of another namespace, a viewer of `team`, or an admin of everything. */
export type As = "nobody" | "stranger" | "viewer" | "admin";

export interface RouteCase {
  readonly kind: Kind;
  readonly says: string;
  readonly as: As;
  readonly path: (world: World) => string;
  readonly init?: RequestInit;
  readonly status: number;
  readonly code?: ErrorCode;
  /** Of the body as text, or of the address of a redirect. */
  readonly shows?: RegExp;
  readonly hides?: RegExp;
}

/** Cases by the ids of their routes. */
export type RouteCases = Readonly<Record<string, readonly RouteCase[]>>;

export const NO_BUILD = 9_999_999;
export const SPECIFICATION = "name: fresh\nchannels: [conda-forge]\ndependencies: [python]\n";

/** Cases of routes that answer for a name: refused before anybody says whether it exists. */
export const named = (
  path: string,
  missingPath: string,
  init: RequestInit,
  code: ErrorCode | null,
): RouteCase[] => [
  {
    kind: "unauthenticated",
    says: "nobody is refused",
    as: "nobody",
    path: () => path,
    init,
    status: 403,
    code: "permission_denied",
  },
  {
    kind: "forbidden",
    says: "a stranger is refused",
    as: "stranger",
    path: () => path,
    init,
    status: 403,
    code: "permission_denied",
  },
  {
    kind: "forbidden",
    says: "a stranger is refused the same for what does not exist",
    as: "stranger",
    path: () => missingPath,
    init,
    status: 403,
    code: "permission_denied",
  },
  ...(code
    ? [
        {
          kind: "missing",
          says: "there is none",
          as: "admin",
          path: () => missingPath,
          init,
          status: 404,
          code,
        } as const,
      ]
    : []),
];
