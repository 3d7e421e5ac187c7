/**
 * Channels, and what is kept of them.
 * @module
 */
import { countRequest } from "#adapters/dynamodb/rates.ts";
import { listRepodata } from "#adapters/dynamodb/repodata.ts";
import { getSettingsLayers } from "#adapters/dynamodb/settings.ts";
import { ofNamespace } from "#core/access/pattern.ts";
import type { listChannels, refreshChannels } from "#core/contract/packages.ts";
import { dataReply, timestampOrNull } from "#core/contract/shapes.ts";
import { AppError } from "#core/errors.ts";
import { type RepodataState, SUMMARIES } from "#core/repodata/state.ts";
import { layerSettings } from "#core/settings/scope.ts";
import { channelAddresses } from "#core/specification/channel.ts";
import type { Ask, Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { stableId } from "./build-packages.ts";

export const listing =
  ({ db, settings: deployment }: Services): Tell<typeof listChannels> =>
  async ({ query: { page, size, order }, can }) => {
    const [layers, all] = await Promise.all([getSettingsLayers(db, { kind: "global" }), listRepodata(db)]);
    const { settings } = layerSettings(deployment, layers);
    const kept = await visibleTo(can, all);
    const named = [
      ...settings.conda_default_channels,
      ...settings.conda_allowed_channels,
      ...settings.conda_indexed_channels,
    ];
    const addresses = named.flatMap((channel) => channelAddresses(channel, settings.conda_channel_alias));
    const names = [...new Set([...addresses, ...kept.map(({ channel }) => channel)])].sort();
    if (order === "desc") names.reverse();
    const rows = names.slice((page - 1) * size, page * size).map((name) => {
      const own = kept.filter(({ channel }) => channel === name);
      const said = own.find(({ subdir }) => subdir === SUMMARIES);
      const changes = own.flatMap(({ live }) => (live ? [Date.parse(live.changedAt)] : []));
      return {
        id: stableId(name),
        name,
        last_update: timestampOrNull(changes.length === 0 ? null : new Date(Math.max(...changes))),
        subdirs: own.filter(({ subdir }) => subdir !== SUMMARIES).map(showSubdir),
        summaries: said ? showKept(said) : null,
      };
    });
    return { ...dataReply(rows), page, size, count: names.length };
  };

/** What was read with a namespace's credentials is shown to who may read the namespace. */
async function visibleTo(
  can: Ask<typeof listChannels>["can"],
  states: readonly RepodataState[],
): Promise<RepodataState[]> {
  const owners = new Map<string | null, boolean>([[null, true]]);
  for (const { owner } of states) {
    if (owner !== null && !owners.has(owner)) {
      owners.set(owner, await can("namespace::read", ofNamespace(owner)));
    }
  }
  return states.filter(({ owner }) => owners.get(owner));
}

const showSubdir = (state: RepodataState) => ({
  subdir: state.subdir,
  namespace: state.owner,
  ...showKept(state),
  packages: state.live?.records ?? 0,
  size: state.live?.packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? 0,
  read_by: state.tooLargeForMb === null ? ("function" as const) : ("task" as const),
});

function showKept(state: RepodataState) {
  const { live, absent, error, checkedAt, nextAt } = state;
  const time = (text: string | null | undefined): string | null =>
    timestampOrNull(text ? new Date(text) : null);
  const settled = live ? "kept" : absent ? "absent" : "waiting";
  return {
    state: error === null ? (settled as "kept" | "absent" | "waiting") : ("failing" as const),
    checked_at: time(checkedAt),
    changed_at: time(live?.changedAt),
    names: live?.names ?? 0,
    skipped: live?.skipped ?? 0,
    error,
    next_try: time(nextAt),
  };
}

/** Of everybody together: channels are not ours. */
const REFRESHES_A_MINUTE = 6;

export const refreshing =
  ({ askForIndexes }: Services): Tell<typeof refreshChannels> =>
  async ({ db, body: { channel, believe_loss: believeLoss } }) => {
    const known =
      channel === undefined || (await listRepodata(db)).some((state) => state.channel === channel);
    if (!known) {
      throw new AppError(
        "invalid_request",
        "No such channel is read: name one of conda_indexed_channels by its address, or none to read them all.",
      );
    }
    await countRequest(db, { party: "channels", bounds: { refreshes: REFRESHES_A_MINUTE }, at: new Date() });
    await askForIndexes({ now: true, believeLoss, ...(channel === undefined ? {} : { channel }) });
    return { status: "ok", message: "the channels are being read" };
  };
