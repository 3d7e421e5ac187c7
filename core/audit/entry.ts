/**
 * The audit: who changed what, when, and from where. An entry is written with the change and never again.
 * @module
 */

/** What can be done to a store, as an entry names it. */
export const AUDIT_ACTIONS = [
  "login",
  "logout",
  "token.create",
  "token.revoke",
  "namespace.create",
  "namespace.update",
  "namespace.delete",
  "role.give",
  "role.change",
  "role.take",
  "environment.update",
  "environment.delete",
  "build.create",
  "build.cancel",
  "build.delete",
  "build.pin",
  "build.unpin",
  "settings.update",
] as const;
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** `user` by the name of a primary namespace; `service` for tokens without one; `system` for what the deployment does by itself. */
export const ACTOR_KINDS = ["user", "service", "anonymous", "system"] as const;
export interface Actor {
  readonly kind: (typeof ACTOR_KINDS)[number];
  /** Empty where there is none. */
  readonly name: string;
}

/** Where a change comes from. */
export interface Origin {
  readonly by: Actor;
  /** Of the request that asked for it; null for what no request did. */
  readonly requestId: string | null;
  /** The address that the request came from, as API Gateway saw it. */
  readonly address: string | null;
}

/** Of what the deployment does by itself. */
export const systemOrigin = (name: "finish" | "sweep" | "retention" | "watch"): Origin => ({
  by: { kind: "system", name },
  requestId: null,
  address: null,
});

/** What was changed. Names and words only: nothing that somebody typed into a field for secrets, and no document. */
export interface AuditedChange {
  readonly action: AuditAction;
  /** Absent for what belongs to no namespace. */
  readonly namespace?: string;
  readonly environment?: string;
  readonly build?: number;
  readonly details?: Readonly<Record<string, unknown>>;
}

export interface AuditEntry extends Origin {
  readonly id: string;
  readonly at: Date;
  readonly action: AuditAction;
  readonly namespace: string | null;
  readonly environment: string | null;
  readonly build: number | null;
  readonly details: Readonly<Record<string, unknown>> | null;
}
