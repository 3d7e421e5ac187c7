/**
 * A secret's text, asked of Secrets Manager without the SDK.
 * @module
 */
import { askJson, type Lender, openJsonService } from "#adapters/aws-json.ts";

/**
 * @param secretId its ARN or its name, in the lender's region
 * @returns null for a secret of bytes
 * @throws AwsError
 */
export async function readSecretText(lender: Lender, secretId: string): Promise<string | null> {
  const service = await openJsonService("secretsmanager", lender);
  const { SecretString } = await askJson(service, "GetSecretValue", { SecretId: secretId });
  return typeof SecretString === "string" ? SecretString : null;
}
