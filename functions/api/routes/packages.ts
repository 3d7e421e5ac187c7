/**
 * Packages of the channels that are kept.
 * @module
 */
import type { listPackageBuilds, listPackageNames, listPackages } from "#core/contract/packages.ts";
import { dataReply, timestampOrNull } from "#core/contract/shapes.ts";
import { parseConstraint } from "#core/package/package-query.ts";
import type { KeptChannel, KeptIndexes } from "../kept-indexes.ts";
import type { Remembered } from "../package-builds.ts";
import type { Tell } from "../serve.ts";
import { stableId } from "./build-packages.ts";

const isYes = (text: string): boolean => /^(true|t|1|yes|y|on)$/i.test(text);

const showChannel = (name: string) => ({ id: stableId(name), name, last_update: null });

export const listing =
  (kept: KeptIndexes): Tell<typeof listPackages> =>
  async ({ db, query }) => {
    const { page, size, order, sort_by: sortBy, distinct_on: distinctOn } = query;
    const { search = "", exact = "", channel } = query;
    const channels = (await kept.channels(db)).filter((one) => (channel || one.channel) === one.channel);
    const { searchPackages } = await import("#core/repodata/search.ts");
    const how = { search, exact: isYes(exact), sortBy, order, distinctOn, page, size };
    const { rows, count } = searchPackages(channels, how);
    const summaryOf = (row: (typeof rows)[number]) =>
      channels.find((one) => one.channel === row.channel)?.summaryOf(row.name) ?? null;
    const showRow = async (row: (typeof rows)[number]) => ({
      id: stableId(`${row.channel}\n${row.name}\n${row.version}`),
      channel: showChannel(row.channel),
      license: row.license,
      name: row.name,
      version: row.version,
      summary: await summaryOf(row),
    });
    return { ...dataReply(await Promise.all(rows.map(showRow))), page, size, count };
  };

export const listingNames =
  (kept: KeptIndexes): Tell<typeof listPackageNames> =>
  async ({ db, query: { search = "", limit } }) => {
    const channels = await kept.channels(db);
    const names = [...new Set(channels.flatMap((one) => one.names))];
    const { rankNames } = await import("#core/repodata/search.ts");
    if (search.trim() === "") return dataReply({ names: names.sort(), count: names.length });
    const found = rankNames(names, search, names.length);
    const best = found.slice(0, limit);
    const summaries = await Promise.all(best.map((name) => firstSummary(channels, name)));
    return dataReply({ names: best, count: found.length, summaries });
  };

async function firstSummary(channels: readonly KeptChannel[], name: string): Promise<string | null> {
  for (const channel of channels) {
    const summary = await channel.summaryOf(name);
    if (summary !== null) return summary;
  }
  return null;
}

export const listingBuilds = (kept: KeptIndexes): Tell<typeof listPackageBuilds> => {
  const remembered: Remembered = new Map();
  return async ({ db, query }) => {
    const { page, size, name, channel, subdir, version = "", build = "", sort_by: sortBy, order } = query;
    const matches = parseConstraint(version, `version: "${version.slice(0, 50)}"`);
    const places = (await kept.subdirs(db)).filter(
      ({ state }) =>
        (channel || state.channel) === state.channel && (subdir || state.subdir) === state.subdir,
    );
    const [{ readBuilds }, { selectBuilds }] = await Promise.all([
      import("../package-builds.ts"),
      import("#core/repodata/builds.ts"),
    ]);
    const builds = await readBuilds(kept.bucket, places, name, remembered);
    const found = selectBuilds(builds, { matches, build, sortBy, order });
    const data = found.slice((page - 1) * size, page * size).map((row) => {
      const url = `${row.channel}/${row.subdir}/${row.fileName}`;
      return {
        id: stableId(url),
        channel: showChannel(row.channel),
        name: row.name,
        version: row.version,
        build: row.build,
        build_number: row.buildNumber,
        subdir: row.subdir,
        url,
        license: row.license,
        size: row.sizeBytes,
        timestamp: timestampOrNull(row.builtAt),
        depends: [...row.depends],
        constrains: [...row.constrains],
        md5: row.md5,
        sha256: row.sha256,
      };
    });
    return { ...dataReply(data), page, size, count: found.length };
  };
};
