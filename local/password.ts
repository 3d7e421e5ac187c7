/**
 * The random password of the local deployment, kept in the deployment's own secret.
 * @module
 */
import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import type { AwsConfig } from "./aws-config.ts";

/**
 * Reads the password; the first time it is made.
 * @param file gets a copy that only its owner may read
 */
export async function ensurePassword(aws: AwsConfig, secretId: string, file: string): Promise<string> {
  const client = new SecretsManagerClient(aws);
  const { SecretString = "{}" } = await client.send(new GetSecretValueCommand({ SecretId: secretId }));
  const secret = JSON.parse(SecretString) as { dummyPassword?: string };
  const password = secret.dummyPassword ?? randomBytes(12).toString("base64url");
  if (secret.dummyPassword === undefined) {
    await client.send(
      new PutSecretValueCommand({
        SecretId: secretId,
        SecretString: JSON.stringify({ ...secret, dummyPassword: password }),
      }),
    );
  }
  writeFileSync(file, `${password}\n`, { mode: 0o600 });
  return password;
}
