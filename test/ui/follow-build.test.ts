import { describe, expect, it } from "vitest";
import type { BuildStatus } from "#core/build/status.ts";
import { getBuild, getBuildLogs } from "#core/contract/builds.ts";
import type { Client, Outcome, Refusal } from "#core/contract/client.ts";
import { followBuild, type LogLine, type Surroundings } from "#ui/follow-build.ts";

type Answer = Outcome<unknown> | (() => void | Promise<void>);

const build = (status: BuildStatus): Outcome<unknown> => ({ ok: true, value: { data: { status } } });
const lines = (cursor: string, ended: boolean, ...texts: string[]): Outcome<unknown> => ({
  ok: true,
  value: { cursor, ended, lines: texts.map((text) => ({ at: "", step: "", stream: "stdout", text })) },
});
const refusal = (status: number): Refusal => ({
  ok: false,
  status,
  code: "internal",
  message: "no",
  requestId: null,
});

/** A browser and a server that answer by a script, and keep what was asked, said and waited for. */
function play(script: Answer[]) {
  const heard: string[] = [];
  const pauses: number[] = [];
  const stop = new AbortController();
  let page = new AbortController();
  let wake: (() => void) | null = null;
  const client: Client = async (route, input = {}) => {
    const { query } = input as { query?: { after?: string } };
    heard.push(route === (getBuild as unknown) ? "ask build" : `ask lines after ${query?.after}`);
    if (route !== (getBuild as unknown)) expect(route).toBe(getBuildLogs);
    const answer = script.shift();
    if (answer === undefined) throw new Error("asked more often than the script has answers");
    if (typeof answer !== "function") return answer as never;
    await answer();
    if (!input.signal?.aborted) throw new Error("the request was not given up");
    throw new DOMException("gone", "AbortError");
  };
  const around: Surroundings = {
    client,
    hidden: () => page.signal,
    untilVisible: () =>
      page.signal.aborted ? new Promise((resolve) => (wake = resolve)) : Promise.resolve(),
    pause: async (milliseconds) => void pauses.push(milliseconds),
    random: () => 1,
  };
  const listener = {
    onBuild: ({ status }: { status: BuildStatus }) => void heard.push(status),
    onLines: (texts: readonly LogLine[]) => void heard.push(texts.map(({ text }) => text).join(",")),
    onTrouble: (trouble: boolean) => void heard.push(trouble ? "trouble" : "no trouble"),
    onRefusal: ({ status }: Refusal) => void heard.push(`refused ${status}`),
  };
  return {
    heard,
    pauses,
    stop: () => stop.abort(),
    hide: () => page.abort(),
    show: () => {
      page = new AbortController();
      wake?.();
    },
    run: () => followBuild(7, listener as never, around, stop.signal),
  };
}

describe("followBuild", () => {
  it("tells states and lines in their order, and ends with the build", async () => {
    const played = play([
      build("QUEUED"),
      lines("1.0", false),
      build("BUILDING"),
      lines("1.2", false, "a", "b"),
      build("BUILDING"),
      lines("1.3", true, "c"),
      build("COMPLETED"),
    ]);

    await played.run();

    expect(played.heard).toEqual([
      ..."ask build|QUEUED|ask lines after |ask build|BUILDING|ask lines after 1.0|a,b".split("|"),
      ..."ask build|BUILDING|ask lines after 1.2|c|ask build|COMPLETED".split("|"),
    ]);
    expect(played.pauses).toEqual([1_000, 1_000]);
  });

  it("waits longer and longer in trouble, at most half a minute, and forgets it when it is over", async () => {
    const played = play([
      ...Array.from({ length: 7 }, (_, index) => refusal([0, 500, 429][index % 3] ?? 0)),
      build("BUILDING"),
      refusal(503),
      build("BUILDING"),
      lines("1.1", true),
      build("FAILED"),
    ]);

    await played.run();

    expect(played.pauses).toEqual([2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000, 2_000]);
    expect(played.heard.filter((word) => word.includes("trouble"))).toEqual([
      ...Array(7).fill("trouble"),
      "no trouble",
      "trouble",
      "no trouble",
    ]);
    expect(played.heard.at(-1)).toBe("FAILED");
  });

  it("ends at a refusal that asking again does not cure", async () => {
    const played = play([build("BUILDING"), refusal(403)]);

    await played.run();

    expect(played.heard.at(-1)).toBe("refused 403");
    expect(played.pauses).toEqual([]);
  });

  it("gives up its question when the page is hidden, asks nothing, and goes on at its cursor", async () => {
    const played = play([
      build("BUILDING"),
      lines("1.4", false, "a"),
      build("BUILDING"),
      () => played.hide(),
      build("BUILDING"),
      lines("1.5", true, "b"),
      build("COMPLETED"),
    ]);

    const ended = played.run();
    await expect.poll(() => played.heard.at(-1)).toBe("ask lines after 1.4");
    played.show();
    await ended;

    expect(played.heard.slice(6)).toEqual([
      ..."ask lines after 1.4|ask build|BUILDING|ask lines after 1.4|b|ask build|COMPLETED".split("|"),
    ]);
    expect(played.heard).not.toContain("trouble");
  });

  it("stops when it is left", async () => {
    const played = play([build("BUILDING"), () => played.stop()]);

    await played.run();

    expect(played.heard).toEqual(["ask build", "BUILDING", "ask lines after "]);
  });
});
