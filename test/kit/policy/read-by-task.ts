/**
 * What the task that reads channels meets: a channel that the function leaves to it, one that has changed meanwhile, and one whose
 * namespace has no credentials.
 * @module
 */
import { ECSClient } from "@aws-sdk/client-ecs";
import { expect, vi } from "vitest";
import type { Db } from "#adapters/dynamodb/db.ts";
import { getRepodata, listRepodata, putRepodata } from "#adapters/dynamodb/repodata.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { nameIndexKey, packKey, VARIABLES } from "#core/layout.ts";
import { channelKeyOf, newState, type RepodataPlace, type RepodataState } from "#core/repodata/state.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { taskStarter } from "#functions/prefetch/hand-over.ts";
import { readOrdered } from "#functions/prefetch/read-one.ts";
import { awsConfig } from "#local/aws-config.ts";
import { filesOf, type IndexChannel, record } from "#test/kit/index-channel.ts";
import { readChannels, readerContext } from "#test/kit/prefetching.ts";
import type { RecordedStack } from "./recorded-stack.ts";

const PATIENCE = { timeout: 60_000, interval: 50 };

/**
 * @param unrecorded nobody's calls
 * @param behindDoor the task's
 */
export async function readByTask(
  stack: RecordedStack,
  channel: IndexChannel,
  unrecorded: { readonly db: Db; readonly bucket: Bucket },
  behindDoor: { readonly db: Db; readonly bucket: Bucket },
): Promise<void> {
  const { db } = unrecorded;
  const stateOf = async (place: RepodataPlace): Promise<RepodataState> => {
    const [found] = await getRepodata(db, [place]);
    if (!found) throw new Error(`nothing is kept of ${place.channel}/${place.subdir}`);
    return found;
  };
  const store = async (state: RepodataState): Promise<RepodataState> => {
    const stored = await putRepodata(db, state);
    if (!stored) throw new Error("somebody else has written it");
    return stored;
  };
  const isRead = (place: RepodataPlace, since: RepodataState) =>
    vi.waitFor(async () => {
      const { version, busyUntil } = await stateOf(place);
      expect({ isNewer: version > since.version, busyUntil }).toEqual({ isNewer: true, busyUntil: null });
    }, PATIENCE);

  const [large] = (await listRepodata(db)).filter(({ live }) => live !== null);
  if (!large?.live) throw new Error("nothing was prefetched");
  const since = "2020-01-01T00:00:00.000Z";
  const key = channelKeyOf(large);
  const left = await store({
    ...large,
    tooLargeForMb: 10_240,
    live: { ...large.live, etag: '"another"', filledAt: since },
    garbage: [packKey(key, "gone", "0"), nameIndexKey(key, "gone", "0")].map((gone) => ({
      key: gone,
      since,
    })),
  });
  await stack.invoke("prefetch", { now: true, channel: large.channel });
  await isRead(large, left);
  expect(await stateOf(large)).toMatchObject({ error: null, garbage: [] });

  const settings = deploymentSettings({ conda_indexed_channels: [channel.url], conda_platforms: ["noarch"] });
  const hosts = { settings, allowPrivateHosts: [channel.host] };
  channel.publish("noarch", filesOf(record("steady", "1.0"), record("changing", "1.0")));
  await readChannels({ ...unrecorded, ...hosts });
  channel.publish("noarch", filesOf(record("steady", "1.0"), record("changing", "2.0")));
  const place = { owner: null, channel: channel.url, subdir: "noarch" };
  const { version, knownSince } = await stateOf(place);
  const outcome = await readOrdered(readerContext({ ...behindDoor, ...hosts }), {
    ...place,
    version,
    knownSince,
    believeLoss: false,
  });
  expect(outcome?.kind).toBe("changed");

  const closed = await store(
    newState({ owner: "team", channel: "https://conda.example.org/private", subdir: "noarch" }),
  );
  const { [VARIABLES.taskDefinition]: taskDefinition = "" } = await stack.environmentOf("prefetch");
  const start = taskStarter({
    client: new ECSClient({
      ...awsConfig(stack.endpoint),
      endpoint: stack.deployment.deployment.ecsEndpoint,
    }),
    ...{ cluster: stack.deployed.cluster, taskDefinition, subnets: ["subnet-1"], securityGroups: ["sg-1"] },
    assignsPublicIp: true,
  });
  expect(await start({ ...closed, believeLoss: false })).toMatchObject({ started: true });
  await isRead(closed, closed);
  expect((await stateOf(closed)).error).toContain("has none");
}
