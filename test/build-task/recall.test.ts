import { readdirSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { useStrangerChannel } from "#test/kit/stranger-channel.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const channel = useStrangerChannel(demo.python, [
  { name: "plain", members: [{ path: "share/plain.txt", text: "plain\n" }] },
]);
const workshop = useWorkshop({ aws, python: demo.python, channel: channel.url });

async function build(): Promise<Ended> {
  const ended = await workshop.build(await workshop.order("name: recalled\ndependencies: [plain]\n"));
  await workshop.settle(ended);
  if (ended.result?.outcome !== "completed") throw new Error(`${ended.output}\n${ended.log}`);
  return ended;
}
/** As if the channel had been indexed again. */
function touchIndex(): void {
  const subdir = join(channel.folder, "noarch");
  const later = new Date(Date.now() + 60_000);
  for (const name of readdirSync(subdir)) {
    if (name.startsWith("repodata")) utimesSync(join(subdir, name), later, later);
  }
}
const SOLVED = /^solve: done/m;
const LENT = /what it made is lent/;

beforeAll(async () => {
  expect((await build()).log).toMatch(SOLVED);
}, 90_000);

describe("a request that was solved before", () => {
  it("is not solved again while the channels have not changed", async () => {
    const { log } = await build();
    expect(log).toMatch(/asked for the same, and the channels have not changed: its lock holds/);
    expect(log).not.toMatch(SOLVED);
    expect(log).toMatch(LENT);
  }, 90_000);

  it("is solved again when an index has changed, and from then on is known again", async () => {
    touchIndex();
    const changed = await build();
    const known = await build();
    expect(changed.log).toMatch(/the channels have changed since build \d+ asked for the same/);
    expect(changed.log).toMatch(SOLVED);
    expect(changed.log).toMatch(LENT);
    expect(known.log).not.toMatch(SOLVED);
  }, 90_000);

  it("is solved and made again when what was made of it has gone", async () => {
    rmSync(join(workshop.disk, "team"), { recursive: true });
    const { log } = await build();
    expect(log).toMatch(SOLVED);
    expect(log).toMatch(/^install: done/m);
    // Looked for once, for the recalled lock: the solved one is the same.
    expect(log.match(/not everything of it is left/g)).toHaveLength(1);
  }, 90_000);
});
