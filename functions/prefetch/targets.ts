/**
 * Which channels are read, and whose credentials they want.
 * @module
 */
import type { PrivateChannels } from "#core/repodata/private-channels.ts";
import type { RepodataPlace } from "#core/repodata/state.ts";
import type { Settings } from "#core/settings/settings.ts";
import { channelAddresses } from "#core/specification/channel.ts";

/** Every subdir of every channel that is to be read, once. */
export function targetsOf(settings: Settings, privateChannels: PrivateChannels): RepodataPlace[] {
  const { conda_indexed_channels, conda_platforms, conda_channel_alias } = settings;
  const places = (owner: string | null, named: readonly string[]): RepodataPlace[] => {
    const addresses = new Set(named.flatMap((one) => channelAddresses(one, conda_channel_alias)));
    const subdirs = new Set(conda_platforms);
    return [...addresses].flatMap((channel) => [...subdirs].map((subdir) => ({ owner, channel, subdir })));
  };
  return [
    ...places(null, conda_indexed_channels),
    ...Object.entries(privateChannels).flatMap(([owner, named]) => places(owner, named)),
  ];
}
