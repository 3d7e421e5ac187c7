/**
 * Expected failures: a code, a sentence for the caller, and a private cause.
 * @module
 */

/** Every code a caller may see, with its HTTP status. One table: the server, the OpenAPI document and the docs read it. */
export const ERROR_STATUS = {
  invalid_request: 400,
  invalid_specification: 400,
  invalid_name: 400,
  setting_violated: 400,
  invalid_token_request: 400,
  reply_too_large: 400,
  not_authenticated: 401,
  permission_denied: 403,
  invalid_credentials: 403,
  login_refused: 403,
  origin_refused: 403,
  not_found: 404,
  namespace_not_found: 404,
  environment_not_found: 404,
  build_not_found: 404,
  artifact_not_found: 404,
  /** 400 as in conda-store, whose clients take it for "not yet". */
  image_not_found: 400,
  role_not_found: 404,
  token_not_found: 404,
  solve_not_found: 404,
  method_not_allowed: 405,
  namespace_exists: 409,
  conflict: 409,
  body_too_large: 413,
  unsupported_media_type: 415,
  invalid_parameter: 422,
  too_many_requests: 429,
  internal: 500,
  provider_failed: 502,
  try_again: 503,
} as const satisfies Record<string, number>;

export type ErrorCode = keyof typeof ERROR_STATUS;

/** A failure we expect. `message` is shown to the caller; `cause` never is. */
export class AppError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "AppError";
    this.code = code;
  }

  get status(): number {
    return ERROR_STATUS[this.code];
  }
}

/** Somebody asked too often. */
export class TooManyRequests extends AppError {
  readonly retryAfterSeconds: number;

  constructor(retryAfterSeconds: number) {
    super("too_many_requests", `Too many requests. Try again in ${retryAfterSeconds} seconds.`);
    this.retryAfterSeconds = retryAfterSeconds;
  }
}
