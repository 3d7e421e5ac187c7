/**
 * A namespace's secret with the credentials of its private channels.
 * @module
 */
import { AwsError, askJson, type Lender, openJsonService } from "#adapters/aws-json.ts";
import { channelSecretName } from "#core/layout.ts";

/** What Secrets Manager says of a secret that is not there, or waits for its end. */
const ABSENT: ReadonlySet<string> = new Set(["ResourceNotFoundException", "InvalidRequestException"]);

/**
 * The secret's text; null where the namespace has none.
 * @param prefix names of all these secrets begin so
 * @throws AwsError
 */
export async function readChannelSecret(
  lender: Lender,
  prefix: string,
  namespace: string,
): Promise<string | null> {
  const service = await openJsonService("secretsmanager", lender);
  try {
    const answer = await askJson(service, "GetSecretValue", {
      SecretId: channelSecretName(prefix, namespace),
    });
    return typeof answer["SecretString"] === "string" ? answer["SecretString"] : "";
  } catch (error) {
    if (error instanceof AwsError && ABSENT.has(error.name)) return null;
    throw error;
  }
}
