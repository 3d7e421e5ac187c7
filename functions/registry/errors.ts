/**
 * Refusals in the registry's own shape, which clients show by code and message.
 * @module
 */

/** Codes of the distribution specification, with the status and the sentence that conda-store has for them. */
const ERRORS = {
  UNAUTHORIZED: [401, "authentication required"],
  DENIED: [403, "requested access to the resource is denied"],
  NAME_UNKNOWN: [404, "repository name not known to registry"],
  MANIFEST_UNKNOWN: [404, "manifest unknown"],
  BLOB_UNKNOWN: [404, "blob unknown to registry"],
  DIGEST_INVALID: [400, "the digest must be sha256: and 64 hexadecimal digits in lower case"],
  PAGINATION_NUMBER_INVALID: [400, "n must be a whole number from 0 on"],
  UNSUPPORTED: [405, "The operation is unsupported"],
  TOOMANYREQUESTS: [503, "the service is busy: try again in a few seconds"],
  UNKNOWN: [500, "something went wrong on our side: try again; if it stays, report the request id"],
} as const satisfies Record<string, readonly [status: number, message: string]>;

export type RegistryErrorCode = keyof typeof ERRORS;

/** A failure that we expect. `message` is shown to the caller; `cause` never is. */
export class RegistryError extends Error {
  readonly code: RegistryErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  /** @param message instead of the code's own */
  constructor(
    code: RegistryErrorCode,
    {
      message,
      headers = {},
      cause,
    }: { message?: string; headers?: Record<string, string>; cause?: unknown } = {},
  ) {
    super(message ?? ERRORS[code][1], { cause });
    this.name = "RegistryError";
    this.code = code;
    this.headers = headers;
  }

  get status(): number {
    return ERRORS[this.code][0];
  }
}
