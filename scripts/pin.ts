/**
 * `npm run pin`: looks up what the container and the laptop download by checksum, and writes pins.json.
 * No checksum is typed by hand: each is fetched from the publisher's own record of the file.
 * @module
 */
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import * as v from "valibot";

const CHANNEL = "https://conda.anaconda.org/conda-forge";
const NODE = "https://nodejs.org/dist";
const PINS = fileURLToPath(new URL("../pins.json", import.meta.url));
/** conda's names, with Node's. */
const PLATFORMS = { "linux-64": "linux-x64", "linux-aarch64": "linux-arm64" } as const;
type Platform = keyof typeof PLATFORMS;

const USAGE = `usage: npm run pin -- [--channel URL] [--node URL] [--into FILE]

Looks up, for each platform of the build task's image, the newest micromamba 2 of conda-forge with the sha256 that the channel's
index names, and the Node that package.json names with the sha256 of its release; writes pins.json, which is to be
reviewed and committed. Nothing is written unless all of it was found. It needs the internet, or mirrors:

  --channel URL   conda-forge [${CHANNEL}]
  --node URL      releases of Node [${NODE}]
  --into FILE     [pins.json]

The image downloads from the addresses that are written.`;

const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));
const Index = v.object({
  packages: v.record(
    v.string(),
    v.object({ name: v.string(), version: v.string(), build_number: v.number(), sha256: v.optional(Sha256) }),
  ),
});

interface Pin {
  readonly url: string;
  readonly sha256: string;
  readonly version: string;
}

function readFlags() {
  const { values } = parseArgs({
    options: {
      channel: { type: "string", default: CHANNEL },
      node: { type: "string", default: NODE },
      into: { type: "string", default: PINS },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  return values;
}

async function get(url: string): Promise<Response> {
  const response = await fetch(url).catch((cause: unknown) => {
    throw new Error(`${url} cannot be reached`, { cause });
  });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  return response;
}

/** The newest micromamba 2.x of one platform, from the channel's own index. */
async function newestMicromamba(channel: string, platform: Platform): Promise<Pin> {
  const index = `${channel}/${platform}/current_repodata.json`;
  const text = await (await get(index)).text();
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), Index), text);
  if (!parsed.success) throw new Error(`${index} is no index of a channel`);
  const [newest] = Object.entries(parsed.output.packages)
    .filter(([, { name, version }]) => name === "micromamba" && version.startsWith("2."))
    .sort(
      ([, a], [, b]) =>
        b.version.localeCompare(a.version, "en", { numeric: true }) || b.build_number - a.build_number,
    );
  if (!newest) throw new Error(`${index} lists no micromamba 2.x`);
  const [file, { sha256, version }] = newest;
  if (sha256 === undefined) throw new Error(`${index} names no sha256 of ${file}`);
  return { url: `${channel}/${platform}/${file}`, sha256, version };
}

/** The Node that package.json names exactly. */
async function pinnedNode(releases: string, platform: Platform): Promise<Pin> {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    devDependencies: { node: string };
  };
  const version = manifest.devDependencies.node;
  const sums = `${releases}/v${version}/SHASUMS256.txt`;
  const file = `node-v${version}-${PLATFORMS[platform]}.tar.xz`;
  const lines = (await (await get(sums)).text()).split("\n");
  const sha256 = lines.find((line) => line.endsWith(`  ${file}`))?.split(" ")[0];
  if (!v.is(Sha256, sha256)) throw new Error(`${sums} lists no ${file}`);
  return { url: `${releases}/v${version}/${file}`, sha256, version };
}

const ofEach = async (look: (platform: Platform) => Promise<Pin>): Promise<Record<string, Pin>> =>
  Object.fromEntries(
    await Promise.all(
      (Object.keys(PLATFORMS) as Platform[]).map(
        async (platform) => [platform, await look(platform)] as const,
      ),
    ),
  );

try {
  const flags = readFlags();
  if (flags.help) console.log(USAGE);
  else {
    const [channel, releases] = [flags.channel.replace(/\/+$/, ""), flags.node.replace(/\/+$/, "")];
    const pins = {
      micromamba: await ofEach((platform) => newestMicromamba(channel, platform)),
      node: await ofEach((platform) => pinnedNode(releases, platform)),
    };
    writeFileSync(`${flags.into}.new`, `${JSON.stringify(pins, null, 2)}\n`);
    renameSync(`${flags.into}.new`, flags.into);
    console.log(`${flags.into} is written; review it and commit it.`);
  }
} catch (error) {
  console.error(`Nothing was written: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
