/**
 * Whose credentials a channel is read with.
 * @module
 */
import { AwsError } from "#adapters/aws-json.ts";
import { readChannelSecret } from "#adapters/secrets/channel-secret.ts";
import { type ChannelKeys, openChannelKeys, parseChannelCredentials } from "#core/channel/credentials.ts";
import { channelSecretName } from "#core/layout.ts";
import { RepodataError } from "#core/repodata/limits.ts";
import type { Settings } from "#core/settings/settings.ts";
import type { ReaderContext } from "./context.ts";

/** @throws RepodataError for credentials that are missing or cannot be used */
export async function keysOf(
  { db, channelSecrets, allowPrivateHosts }: ReaderContext,
  { conda_channel_alias: alias }: Settings,
  owner: string | null,
): Promise<ChannelKeys> {
  if (owner === null) return openChannelKeys({}, alias, allowPrivateHosts);
  const text = await readChannelSecret(db.client, channelSecretName(channelSecrets, owner)).catch(
    (error: unknown) => {
      if (!(error instanceof AwsError)) throw error;
      throw new RepodataError(`needs the credentials of ${owner}, which cannot be read`, { cause: error });
    },
  );
  if (text === null) throw new RepodataError(`needs credentials, and ${owner} has none`);
  try {
    return openChannelKeys(parseChannelCredentials(text), alias, allowPrivateHosts);
  } catch (error) {
    throw new RepodataError(`needs the credentials of ${owner}, which cannot be used`, { cause: error });
  }
}
