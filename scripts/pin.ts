/**
 * `npm run pin`: looks up what the container and the laptop download by checksum, and writes pins.json.
 * No checksum is typed by hand: each is fetched from the publisher's own record of the file.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";

const USAGE = `usage: npm run pin [-- --help]

Fetches the newest 2.x micromamba of conda-forge for each platform, with the sha256 that the channel's index names, and
the Node that package.json names, with the sha256 of its release; writes pins.json. Needs the internet.`;

const CHANNEL = "https://conda.anaconda.org/conda-forge";
const PLATFORMS = ["linux-64", "linux-aarch64", "osx-64", "osx-arm64"];

interface Pin {
  readonly url: string;
  readonly sha256: string;
  readonly version: string;
}

interface Entry {
  readonly name: string;
  readonly version: string;
  readonly build_number: number;
  readonly sha256: string;
}

/** The newest micromamba 2.x of one platform, from the channel's own index. */
async function newestMicromamba(platform: string): Promise<Pin> {
  const index = `${CHANNEL}/${platform}/current_repodata.json`;
  const response = await fetch(index).catch((cause: unknown) => {
    throw new Error(`${index} cannot be reached`, { cause });
  });
  if (!response.ok) throw new Error(`${index} answered ${response.status}`);
  const { packages } = (await response.json()) as { packages: Record<string, Entry> };
  const candidates = Object.entries(packages).filter(
    ([, record]) => record.name === "micromamba" && record.version.startsWith("2."),
  );
  const newest = candidates.sort(([, a], [, b]) => compare(b, a))[0];
  if (!newest) throw new Error(`${index} lists no micromamba 2.x`);
  const [file, record] = newest;
  return { url: `${CHANNEL}/${platform}/${file}`, sha256: record.sha256, version: record.version };
}

const NODE = "https://nodejs.org/dist";
const NODE_PLATFORMS: Readonly<Record<string, string>> = {
  "linux-64": "linux-x64",
  "linux-aarch64": "linux-arm64",
};

/** The Node that package.json names exactly, for the build task's image. */
async function pinnedNode(): Promise<Record<string, Pin>> {
  const manifest = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    devDependencies: { node: string };
  };
  const version = manifest.devDependencies.node;
  const sums = `${NODE}/v${version}/SHASUMS256.txt`;
  const response = await fetch(sums).catch((cause: unknown) => {
    throw new Error(`${sums} cannot be reached`, { cause });
  });
  if (!response.ok) throw new Error(`${sums} answered ${response.status}`);
  const lines = (await response.text()).split("\n");
  return Object.fromEntries(
    Object.entries(NODE_PLATFORMS).map(([platform, name]) => {
      const file = `node-v${version}-${name}.tar.xz`;
      const sha256 = lines.find((line) => line.endsWith(`  ${file}`))?.split(" ")[0];
      if (!sha256) throw new Error(`${sums} lists no ${file}`);
      return [platform, { url: `${NODE}/v${version}/${file}`, sha256, version }];
    }),
  );
}

function compare(a: Entry, b: Entry): number {
  return a.version.localeCompare(b.version, "en", { numeric: true }) || a.build_number - b.build_number;
}

if (process.argv.includes("--help") || process.argv.includes("-h")) {
  console.log(USAGE);
} else {
  try {
    const micromamba = Object.fromEntries(
      await Promise.all(
        PLATFORMS.map(async (platform) => [platform, await newestMicromamba(platform)] as const),
      ),
    );
    writeFileSync(
      new URL("../pins.json", import.meta.url),
      `${JSON.stringify({ micromamba, node: await pinnedNode() }, null, 2)}\n`,
    );
    console.log("pins.json is written; review it and commit it.");
  } catch (error) {
    console.error(`Nothing was written: ${error instanceof Error ? error.message : String(error)}`);
    process.exit(1);
  }
}
