/**
 * A provider's failure is neither ours nor the caller's.
 * @module
 */
import { AppError } from "#core/errors.ts";

/** Named by the operator, or as it is called in addresses. */
export const titleOf = ({ title, name }: { readonly title?: string; readonly name: string }): string =>
  title ?? name;

/** @returns `provider_failed` for an error of a provider's; any other as it is */
export function providerFailed(
  backend: { readonly title?: string; readonly name: string },
  error: unknown,
): unknown {
  // By its name: who asks with a password need not load what providers need.
  if (!(error instanceof Error) || error.name !== "ProviderError") return error;
  return new AppError(
    "provider_failed",
    `${titleOf(backend)} does not answer as it should. Try again in a minute; if it stays, tell the operator.`,
    { cause: error },
  );
}
