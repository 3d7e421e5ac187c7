/**
 * What a function needs beside its table.
 * @module
 */
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateQueueCommand, SQSClient } from "@aws-sdk/client-sqs";
import { cacheSecret } from "#adapters/secrets/secret.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import { TEST_CREDENTIALS } from "#local/ministack.ts";

/** Queue, secret and an admin's token: made as a deployment makes them. */
export async function makeGivens(endpoint: string) {
  Object.assign(process.env, TEST_CREDENTIALS);
  const { QueueUrl } = await new SQSClient({ endpoint }).send(
    new CreateQueueCommand({ QueueName: "wake-up" }),
  );
  if (!QueueUrl) throw new Error("the local AWS made no queue");
  const key = JSON.stringify({ kid: "1", key: crypto.randomUUID() + crypto.randomUUID() });
  const secret = "bench";
  await new SecretsManagerClient({ endpoint }).send(
    new CreateSecretCommand({ Name: secret, SecretString: key }),
  );
  const token = await mintToken(
    cacheSecret(async () => key),
    {
      primaryNamespace: "bench",
      roleBindings: { "*/*": ["admin"] },
      expiresAt: new Date(Date.now() + 86_400_000),
    },
  );
  return { wakeUpQueue: QueueUrl, secret, token, authorization: `Bearer ${token}` };
}
