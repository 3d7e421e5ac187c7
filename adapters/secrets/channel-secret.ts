/**
 * Secrets with credentials: a namespace's for its private channels, the deployment's for registries.
 * @module
 */
import { AwsError, type Lender } from "#adapters/aws-json.ts";
import { readSecretText } from "./secret-text.ts";

/** What Secrets Manager says of a secret that is not there, or waits for its end. */
const ABSENT: ReadonlySet<string> = new Set(["ResourceNotFoundException", "InvalidRequestException"]);

/**
 * The secret's text; null where there is none.
 * @param secretId its name
 * @throws AwsError
 */
export async function readChannelSecret(lender: Lender, secretId: string): Promise<string | null> {
  try {
    return (await readSecretText(lender, secretId)) ?? "";
  } catch (error) {
    if (error instanceof AwsError && ABSENT.has(error.name)) return null;
    throw error;
  }
}
