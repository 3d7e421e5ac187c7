/**
 * Channels, what is known of them, and the packages that they have.
 * @module
 */
import * as v from "valibot";
import { Package } from "./build-shapes.ts";
import { route } from "./route.ts";
import { Ack, data, described, limitQuery, NONE, page, pageQuery, Timestamp } from "./shapes.ts";

/** How a file of a channel is kept. */
const Kept = v.object({
  state: v.picklist(["kept", "absent", "waiting", "failing"]),
  checked_at: described(v.nullable(Timestamp), "When it was last found to be as it is kept"),
  changed_at: v.nullable(Timestamp),
  names: v.number(),
  skipped: described(v.number(), "Entries that nobody could use"),
  error: described(v.nullable(v.string()), "Why the last try failed"),
  next_try: v.nullable(Timestamp),
});

const Subdir = v.object({
  subdir: v.string(),
  namespace: described(
    v.nullable(v.string()),
    "Whose credentials it was read with; null for a public channel",
  ),
  ...Kept.entries,
  packages: v.number(),
  size: described(v.number(), "Bytes that are kept"),
  read_by: described(
    v.picklist(["function", "task"]),
    "Who reads it whole: a task, once it was too large for a function",
  ),
});

export const listChannels = route({
  id: "listChannels",
  method: "get",
  path: "/api/v1/channel",
  aliases: [],
  summary: "Channels that the settings of the store name, and what is kept of them",
  access: { kind: "open" },
  params: NONE,
  query: v.object(pageQuery()),
  body: null,
  reply: page(
    v.object({
      id: v.number(),
      name: v.string(),
      last_update: described(v.nullable(Timestamp), "When something of it changed last"),
      subdirs: v.array(Subdir),
      summaries: described(
        v.nullable(Kept),
        "What it says of its packages, whatever their subdir; null for a private channel",
      ),
    }),
  ),
  otherReplies: [],
  errors: [],
});

export const refreshChannels = route({
  id: "refreshChannels",
  method: "post",
  path: "/api/v1/channel/refresh",
  aliases: [],
  summary: "Read the indexes of channels now; the answer does not wait for it",
  access: { kind: "permission", permission: "setting::update", target: "global" },
  params: NONE,
  query: NONE,
  body: {
    schema: v.object({
      channel: v.optional(
        v.pipe(
          v.string("channel must be a string"),
          v.maxLength(2000, "channel is longer than 2000 characters"),
          v.description("As `GET /api/v1/channel/` names it; without it all are read"),
        ),
      ),
      believe_loss: v.optional(
        described(
          v.boolean("believe_loss must be true or false"),
          "Also where a channel has lost most of its packages",
        ),
        false,
      ),
    }),
    bytesMax: 16 * 1024,
    form: false,
    optional: true,
  },
  reply: Ack,
  otherReplies: [],
  errors: ["invalid_request", "too_many_requests"],
});

const text = (name: string, description: string) =>
  v.optional(
    v.pipe(v.string(), v.maxLength(200, `${name} is longer than 200 characters`), v.description(description)),
  );

const channelFilter = v.optional(
  v.pipe(
    v.string(),
    v.maxLength(2000, "channel is longer than 2000 characters"),
    v.description("Only this one, as `GET /api/v1/channel/` names it"),
  ),
);

export const listPackages = route({
  id: "listPackages",
  method: "get",
  path: "/api/v1/package",
  aliases: [],
  summary: "Packages of the public channels that are kept: one row for each version",
  access: { kind: "open" },
  params: NONE,
  query: v.object({
    ...pageQuery(),
    search: text("search", "Part of the name; nothing in it is special"),
    exact: text("exact", "`true`: `search` is the whole name"),
    channel: channelFilter,
    distinct_on: v.optional(v.array(v.string()), []),
  }),
  body: null,
  reply: page(Package),
  otherReplies: [],
  errors: ["invalid_request"],
});

export const listPackageBuilds = route({
  id: "listPackageBuilds",
  method: "get",
  path: "/api/v1/package/build",
  aliases: [],
  summary: "Versions and builds of one package of the public channels that are kept: one row for each file",
  access: { kind: "open" },
  params: NONE,
  query: v.object({
    ...pageQuery(),
    name: v.pipe(
      v.string(),
      v.nonEmpty("name is empty"),
      v.maxLength(256, "name is longer than 256 characters"),
      v.description("The whole name"),
    ),
    channel: channelFilter,
    subdir: text("subdir", "Only this one, such as `linux-64` or `noarch`"),
    version: text("version", "Only versions that satisfy it: `2.0.0`, `1.26.*`, `>=1.20,<2`"),
    build: text("build", "Part of the build, such as `py312`"),
  }),
  body: null,
  reply: page(
    v.object({
      id: v.number(),
      channel: Package.entries.channel,
      name: v.string(),
      version: v.string(),
      build: v.string(),
      build_number: v.number(),
      subdir: v.string(),
      url: v.string(),
      license: v.nullable(v.string()),
      size: described(v.nullable(v.number()), "Bytes of the file"),
      timestamp: described(v.nullable(Timestamp), "When it was built"),
      depends: v.array(v.string()),
      constrains: v.array(v.string()),
      md5: v.nullable(v.string()),
      sha256: v.nullable(v.string()),
    }),
  ),
  otherReplies: [],
  errors: ["invalid_request"],
});

/** Names that one answer holds when something is searched for. */
const NAMES_FOUND_MAX = 1000;

export const listPackageNames = route({
  id: "listPackageNames",
  method: "get",
  path: "/api/v1/package/name",
  aliases: [],
  summary: "Names of packages for somebody who types: the best first with a search, all in order without",
  access: { kind: "open" },
  params: NONE,
  query: v.object({
    search: text("search", "Part of the name"),
    limit: limitQuery(NAMES_FOUND_MAX, 20, "Names, with a search"),
  }),
  body: null,
  reply: data(
    v.object({
      names: v.array(v.string()),
      count: v.number(),
      summaries: v.exactOptional(
        described(
          v.array(v.nullable(v.string())),
          "With a search: what the first channel that says something of it says of each name",
        ),
      ),
    }),
  ),
  otherReplies: [],
  errors: [],
});
