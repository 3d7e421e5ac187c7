/**
 * Which of AWS's refusals a later try may cure, by the names that services and the SDK give them.
 * @module
 */
const NAMES: ReadonlySet<string> = new Set([
  "InternalServerError",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "ServiceUnavailable",
  "ThrottlingException",
  "TimeoutError",
  "TransactionInProgressException",
]);

export const isPassing = (error: unknown): boolean => error instanceof Error && NAMES.has(error.name);
