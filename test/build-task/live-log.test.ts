/**
 * The log of real builds, read through the API while they run.
 */
import { beforeAll, describe, expect, it } from "vitest";
import { openLog } from "#adapters/log.ts";
import { openQueue } from "#adapters/sqs/queue.ts";
import type { WakeUp } from "#core/build/messages.ts";
import { giveUp } from "#functions/finish/give-up.ts";
import { type Api, bearer, openApi } from "#test/kit/api.ts";
import { useWorkshop } from "#test/kit/build-task.ts";
import { POLICY } from "#test/kit/builds.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { scripted, useStrangerChannel } from "#test/kit/stranger-channel.ts";

const TICKS = 8;

const aws = useMiniStack();
const demo = useDemoChannel();
const strangers = useStrangerChannel(demo.python, [
  scripted("stranger-ticks", `for n in $(seq ${TICKS}); do echo "tick $n"; sleep 1; done`),
  scripted("stranger-waits", "echo before the end", "sleep 600"),
]);
const workshop = useWorkshop({ aws, python: demo.python, channel: strangers.url });
let api: Api;
let headers: Record<string, string>;
beforeAll(async () => {
  api = openApi(aws);
  headers = bearer(await api.token({ "*/*": ["viewer"] }));
});

interface Line {
  readonly at: string;
  readonly step: string;
  readonly text: string;
}
/** A line with the time of its arrival here. */
type Read = Line & { readonly readMs: number };

/** Asks as a page does: each answer's cursor is the next question's, and the server waits for lines. */
async function* follow(id: number): AsyncGenerator<Read> {
  for (let after = ""; ; ) {
    const path = `/api/v1/build/${id}/logs/?${new URLSearchParams({ after, wait: "20" })}`;
    const response = await api.request(path, { headers });
    expect(response.status).toBe(200);
    const answer = (await response.json()) as { lines: Line[]; cursor: string; ended: boolean };
    for (const line of answer.lines) yield { ...line, readMs: Date.now() };
    if (answer.ended) return;
    after = answer.cursor;
  }
}
const textOf = async (id: number): Promise<string> => {
  const response = await api.request(`/api/v1/build/${id}/logs/`, { headers });
  const location = response.headers.get("location");
  return location === null ? await response.text() : await (await fetch(location)).text();
};
const yaml = (name: string, ...dependencies: string[]): string => JSON.stringify({ name, dependencies });

describe("who follows a build", () => {
  it("reads each line once, soon after it was said, with its step and time; the text has the same in the end", async () => {
    const id = await workshop.order(yaml("ticks", "stranger-ticks"));
    const building = workshop.build(id).then((ended) => workshop.settle(ended));
    const lines: Read[] = [];
    for await (const line of follow(id)) lines.push(line);
    await building;

    const ticks = lines.filter(({ text }) => /^tick \d$/.test(text));
    expect(ticks.map(({ text }) => text)).toEqual(Array.from({ length: TICKS }, (_, i) => `tick ${i + 1}`));
    expect(new Set(ticks.map(({ step }) => step))).toEqual(new Set(["link scripts"]));
    // Long before the script has ended: each has been read when the fourth behind it, four seconds later, was said.
    for (const [i, tick] of ticks.entries()) {
      const later = ticks[i + 4];
      if (later) expect(tick.readMs).toBeLessThan(Date.parse(later.at));
    }
    expect(await textOf(id)).toBe(
      lines.map(({ step, text }) => `${step === "" ? "" : `${step}: `}${text}\n`).join(""),
    );
  }, 120_000);

  it("reads what a task had said that is killed, and then why the build has ended", async () => {
    const id = await workshop.order(yaml("killed", "stranger-waits"));
    const { child, ended } = workshop.start(id);
    const lines: Read[] = [];
    for await (const line of follow(id)) {
      lines.push(line);
      if (line.text !== "before the end") continue;
      child.kill("SIGKILL");
      await ended;
      const { db, bucket } = workshop;
      const wakeUps = openQueue<WakeUp>(aws.wakeUpQueue);
      const log = openLog({ write: () => {} });
      const context = { ...POLICY, db, bucket, wakeUps, clock: () => new Date(), log };
      expect((await giveUp(context, "finish", id, 1, "The task was killed.")).won).toBe(true);
    }

    expect(lines.map(({ text }) => text).slice(-2)).toEqual([
      "before the end",
      "FAILED: The task was killed.",
    ]);
    const text = await textOf(id);
    expect(text).toMatch(/^starting build of conda environment /);
    expect(text).toMatch(/^link scripts: before the end\nFAILED: The task was killed\.\n$/m);
  }, 120_000);
});
