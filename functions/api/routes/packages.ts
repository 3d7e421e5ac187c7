/**
 * Packages of the channels that are kept.
 * @module
 */
import type { listPackageNames, listPackages } from "#core/contract/packages.ts";
import { dataReply } from "#core/contract/shapes.ts";
import { openKeptIndexes } from "../kept-indexes.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { stableId } from "./build-packages.ts";

const isYes = (text: string): boolean => /^(true|t|1|yes|y|on)$/i.test(text);

export const listing = ({ bucket }: Services): Tell<typeof listPackages> => {
  const kept = openKeptIndexes(bucket);
  return async ({ db, query }) => {
    const { page, size, order, sort_by: sortBy, distinct_on: distinctOn } = query;
    const { search = "", exact = "", channel } = query;
    const channels = (await kept.channels(db)).filter((one) => (channel ?? one.channel) === one.channel);
    const { searchPackages } = await import("#core/repodata/search.ts");
    const how = { search, exact: isYes(exact), sortBy, order, distinctOn, page, size };
    const { rows, count } = searchPackages(channels, how);
    const data = rows.map((row) => ({
      id: stableId(`${row.channel}\n${row.name}\n${row.version}`),
      channel: { id: stableId(row.channel), name: row.channel, last_update: null },
      license: row.license,
      name: row.name,
      version: row.version,
      summary: null,
    }));
    return { ...dataReply(data), page, size, count };
  };
};

export const listingNames = ({ bucket }: Services): Tell<typeof listPackageNames> => {
  const kept = openKeptIndexes(bucket);
  return async ({ db, query: { search = "", limit } }) => {
    const channels = await kept.channels(db);
    const names = [...new Set(channels.flatMap((one) => one.names))];
    const { rankNames } = await import("#core/repodata/search.ts");
    if (search.trim() === "") return dataReply({ names: names.sort(), count: names.length });
    const found = rankNames(names, search, names.length);
    return dataReply({ names: found.slice(0, limit), count: found.length });
  };
};
