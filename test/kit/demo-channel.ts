/**
 * The demo channel for tests: made once into `.local/`, served to one test file at a time.
 * @module
 */
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll } from "vitest";
import { type DemoChannel, makeDemoChannel, serveDemoChannel } from "#local/demo-channel.ts";
import { ensurePythonTools } from "#local/python.ts";
import type { StaticFiles } from "#local/static-files.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface DemoChannelInTest {
  /** An interpreter that has py-rattler. */
  python(): string;
  channel(): DemoChannel;
  /** The served channel's URL. */
  url(): string;
}

/** Makes the channel before the file's tests, and serves it until their end. */
export function useDemoChannel(): DemoChannelInTest {
  let made: { python: string; channel: DemoChannel; server: StaticFiles } | undefined;
  beforeAll(async () => {
    const { python } = await ensurePythonTools(ROOT, () => {});
    const channel = await makeDemoChannel({ python, into: `${ROOT}.local/demo-channel`, log: () => {} });
    const server = await serveDemoChannel(channel.directory, { host: "127.0.0.1", port: 0 });
    made = { python, channel, server };
  }, 300_000);
  afterAll(() => made?.server.close());

  function ready(): NonNullable<typeof made> {
    if (made === undefined) throw new Error("the demo channel is made in beforeAll: ask for it in a test");
    return made;
  }
  return { python: () => ready().python, channel: () => ready().channel, url: () => ready().server.url };
}
