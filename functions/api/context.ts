/**
 * What travels with a request through Hono.
 * @module
 */
import type { Context } from "hono";
import type { LogFields } from "#adapters/log.ts";

export interface Env {
  readonly Bindings: {
    /** API Gateway's id of the request; absent in tests. */
    readonly requestId?: string;
    /** The address that API Gateway saw; absent in tests. */
    readonly address?: string;
  };
  readonly Variables: {
    requestId: string;
    /** Said about this request in its log line. */
    fields: LogFields;
    /** Set where a person looks at the answer: a page that tells the sentence of an error. */
    errorPage?: (message: string) => string;
  };
}

export type ApiContext = Context<Env>;
