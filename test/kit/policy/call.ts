/**
 * One call to AWS as IAM sees it: who, which action, on what, under which circumstances.
 * @module
 */

/** What a call touches, by the name that the caller used. */
export interface Target {
  readonly kind:
    | "table"
    | "bucket"
    | "queue"
    | "secret"
    | "function"
    | "taskDefinition"
    | "cluster"
    | "role"
    | "unknown";
  readonly name: string;
  /** Object key, index name or task id, where the call goes below the resource itself. */
  readonly below?: string;
}

/** IAM's condition keys, such as `dynamodb:LeadingKeys`. */
export type Context = Readonly<Record<string, string | readonly string[]>>;

export interface Ask {
  readonly action: string;
  readonly target: Target;
  readonly context: Context;
}

export interface AwsCall extends Ask {
  /** The function or task whose door the call came through. */
  readonly principal: string;
}

/** One HTTP request, as the recorder has it. */
export interface AwsRequest {
  readonly method: string;
  /** Path and query as they were sent. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** Of the answer. */
  readonly status: number;
}

export const ask = (action: string, target: Target, context: Context = {}): Ask => ({
  action,
  target,
  context,
});

/** An operation that no reader knows: it is judged as not allowed, so that it cannot slip through. */
export const unknownAsk = (action: string): Ask => ask(action, { kind: "unknown", name: action });
