/**
 * Every error in one shape; what we did not expect is logged in full and told in one sentence.
 * @module
 */
import type { Log } from "#adapters/log.ts";
import { isPassing } from "#adapters/passing.ts";
import type { ErrorReply } from "#core/contract/shapes.ts";
import { AppError, TooManyRequests } from "#core/errors.ts";
import type { ApiContext } from "../context.ts";

export type Detail = NonNullable<ErrorReply["detail"]>;

/** A request that does not fit its schema: what is wrong, and where. */
export class InvalidRequest extends AppError {
  readonly detail: Detail;

  constructor(code: "invalid_parameter" | "invalid_name", detail: Detail) {
    super(
      code,
      detail.map(({ loc, msg }) => (code === "invalid_name" ? msg : `${loc.join(".")}: ${msg}`)).join("\n"),
    );
    this.detail = detail;
  }
}

/** Answers an error. */
export function errorReply(log: Log) {
  return (error: Error, c: ApiContext): Response => {
    const known = error instanceof AppError ? error : asAppError(error);
    if (known.status >= 500) log.error("request failed", { request_id: c.get("requestId"), error });
    c.set("fields", { ...c.get("fields"), code: known.code });
    if (known.code === "try_again") c.header("retry-after", "1");
    if (known instanceof TooManyRequests) c.header("retry-after", String(known.retryAfterSeconds));
    const reply: ErrorReply = {
      status: "error",
      message: known.message,
      code: known.code,
      request_id: c.get("requestId"),
      ...(known instanceof InvalidRequest && known.status === 422 ? { detail: known.detail } : {}),
    };
    const page = c.get("errorPage")?.(known.message);
    return page === undefined ? c.json(reply, known.status as 400) : c.html(page, known.status as 400);
  };
}

function asAppError(error: Error): AppError {
  return isPassing(error)
    ? new AppError("try_again", "The service is busy. Try again in a few seconds.", { cause: error })
    : new AppError(
        "internal",
        "Something went wrong on our side. Try again; if it stays, report the request id.",
        {
          cause: error,
        },
      );
}
