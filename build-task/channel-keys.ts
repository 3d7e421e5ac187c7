/**
 * What this build's namespace has for private channels, and the deployment for registries. It stays in this process.
 * @module
 */
import { AwsError } from "#adapters/aws-json.ts";
import { readChannelSecret } from "#adapters/secrets/channel-secret.ts";
import { type ChannelKeys, openChannelKeys, parseChannelCredentials } from "#core/channel/credentials.ts";
import { channelSecretName, registrySecretName } from "#core/layout.ts";
import { BuildFailure } from "./failure.ts";
import type { Task } from "./task.ts";

/** The operator has to change something; another try would end the same. */
const FINAL: ReadonlySet<string> = new Set(["AccessDeniedException", "DecryptionFailure"]);

/** @throws BuildFailure for a secret that cannot be used; AwsError */
export async function channelKeysOf(task: Task): Promise<ChannelKeys> {
  const { config, build } = task;
  const secret = channelSecretName(config.channelSecrets, build.namespace);
  return await keysIn(task, secret, `${build.namespace}'s channels`);
}

/**
 * What the deployment has for registries that base images come from. It is no namespace's: all of them are put on the same image.
 * @throws BuildFailure for a secret that cannot be used; AwsError
 */
export async function registryKeysOf(task: Task): Promise<ChannelKeys> {
  return await keysIn(task, registrySecretName(task.config.channelSecrets), "registries");
}

/** @param whose whose credentials they are, for people */
async function keysIn({ config, settings, db }: Task, secret: string, whose: string): Promise<ChannelKeys> {
  const fail = (why: string): never => {
    throw new BuildFailure(
      `The secret with the credentials of ${whose} ${why}: ask the operator to store it again.`,
    );
  };
  const text = await readChannelSecret(db.client, secret).catch((error: unknown) =>
    error instanceof AwsError && FINAL.has(error.name)
      ? fail(`cannot be read (${error.name})`)
      : rethrow(error),
  );
  const open = (credentials: Parameters<typeof openChannelKeys>[0]): ChannelKeys =>
    openChannelKeys(credentials, settings.conda_channel_alias, config.allowedPrivateHosts);
  if (text === null) return open({});
  try {
    return open(parseChannelCredentials(text));
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}

function rethrow(error: unknown): never {
  throw error;
}
