/**
 * What this build's namespace has for private channels. It stays in this process.
 * @module
 */
import { AwsError } from "#adapters/aws-json.ts";
import { readChannelSecret } from "#adapters/secrets/channel-secret.ts";
import { type ChannelKeys, openChannelKeys, parseChannelCredentials } from "#core/channel/credentials.ts";
import { BuildFailure } from "./failure.ts";
import type { Task } from "./task.ts";

/** The operator has to change something; another try would end the same. */
const FINAL: ReadonlySet<string> = new Set(["AccessDeniedException", "DecryptionFailure"]);

/** @throws BuildFailure for a secret that cannot be used; AwsError */
export async function channelKeysOf({ config, settings, build, db }: Task): Promise<ChannelKeys> {
  const { namespace } = build;
  const fail = (why: string): never => {
    throw new BuildFailure(
      `The secret with the credentials of ${namespace}'s channels ${why}: ask the operator to store it again.`,
    );
  };
  const text = await readChannelSecret(db.client, config.channelSecrets, namespace).catch((error: unknown) =>
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
