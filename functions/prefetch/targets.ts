/**
 * Which channels are read, and whose credentials they want.
 * @module
 */
import type { PrivateChannels } from "#core/repodata/private-channels.ts";
import { type RepodataPlace, SUMMARIES } from "#core/repodata/state.ts";
import type { Settings } from "#core/settings/settings.ts";
import { channelAddresses } from "#core/specification/channel.ts";

/**
 * Every subdir of every channel that is to be read, once; then, since nobody waits for it, what the public ones say of their
 * packages: no search shows the others.
 */
export function targetsOf(settings: Settings, privateChannels: PrivateChannels): RepodataPlace[] {
  const { conda_indexed_channels, conda_platforms, conda_channel_alias } = settings;
  const channels = (owner: string | null, named: readonly string[]) =>
    [...new Set(named.flatMap((one) => channelAddresses(one, conda_channel_alias)))].map((channel) => ({
      owner,
      channel,
    }));
  const open = channels(null, conda_indexed_channels);
  const closed = Object.entries(privateChannels).flatMap(([owner, named]) => channels(owner, named));
  const subdirs = [...new Set(conda_platforms)];
  return [
    ...[...open, ...closed].flatMap((channel) => subdirs.map((subdir) => ({ ...channel, subdir }))),
    ...open.map((channel) => ({ ...channel, subdir: SUMMARIES })),
  ];
}
