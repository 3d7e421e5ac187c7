/**
 * conda's name for the platform that this task builds for: its own.
 * @module
 */
const PLATFORMS: Readonly<Record<string, string>> = {
  "linux x64": "linux-64",
  "linux arm64": "linux-aarch64",
  "darwin x64": "osx-64",
  "darwin arm64": "osx-arm64",
};

/** @throws Error on a machine that conda has no platform for */
export function nativePlatform(system: string = process.platform, processor: string = process.arch): string {
  const platform = PLATFORMS[`${system} ${processor}`];
  if (platform === undefined) throw new Error(`conda has no platform for ${system} on ${processor}`);
  return platform;
}
